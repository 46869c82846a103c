"""How long a full count of the register takes: `python -m bench.statistics --residents 1000000`.

People by town, age, sex and nationality, households, a month's changes, all checked against each other; then one page of it.
The target is 30 s for 1,000,000 residents. The peak is the memory of this process alone, PostgreSQL apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from datetime import timedelta

from bench.house import conditions, house
from yakuba.console import Console
from yakuba.nodes.paths import DataFolder
from yakuba.nodes.supervisor import database_available

HARD_SECONDS = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.statistics", description=__doc__)
    parser.add_argument("--residents", type=int, default=100_000)
    args = parser.parse_args()
    with house(args.residents) as running:
        data = DataFolder(running["data"])
        with database_available(data, Console(sys.stderr)):
            result = _run(args.residents)
    print(json.dumps(result, ensure_ascii=False, indent=1))
    return int(result["seconds"] > HARD_SECONDS)


def _run(residents: int) -> dict[str, object]:
    from yakuba.nodes import town

    town.connect_as_application()
    from yakuba.platform.access.desk import system_desk
    from yakuba.platform.access.duties import Duty
    from yakuba.platform.clock import FixedClock, SystemClock, today
    from yakuba.platform.jobs import runner
    from yakuba.systems.residents.statistics import services

    now = SystemClock()
    last = today(now)
    tomorrow = FixedClock(now.now() + timedelta(days=1))
    desk = system_desk("bench", {Duty.STATISTICS}, tomorrow)
    job = services.request(desk, last.replace(day=1), last)
    begun = time.perf_counter()
    done = runner.execute(job.pk, tomorrow)
    seconds = time.perf_counter() - begun
    (made,) = services.made(desk, newest=1)
    begun = time.perf_counter()
    report = services.read(desk, made.pk)
    return {
        "figure": "statistics",
        "conditions": conditions(residents=residents),
        "counted": done.result,
        "seconds": round(seconds, 2),
        "page_ms": round(1000 * (time.perf_counter() - begun), 1),
        "rows": sum(len(table.rows) for table in report.tables),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    sys.exit(main())
