"""The log: what an entry costs its request, how fast batches write, how long sealing and verifying take.

`python -m bench.audit --entries 1000000`. Targets on 2 cores: a request gains under 1 ms at p95, batches write at least 5,000 entries
a second durably, a million entries are verified in at most 30 s. Commits are durable (fsync on); each clerk commits each entry.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.house import conditions, percentiles
from yakuba.console import Console
from yakuba.nodes import supervisor
from yakuba.nodes.paths import DataFolder

CLERKS = 8
EACH = 400
BATCH = 1_000
MOST_APPEND_P95_MS = 1.0
LEAST_BATCH_PER_S = 5_000
MOST_VERIFY_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.audit", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yakuba-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        os.environ.pop("YAKUBA_DATABASE_URL", None)
        os.environ["YAKUBA_DATA"] = str(folder / "var")
        with supervisor.database_available(DataFolder(folder / "var"), Console(sys.stderr)):
            result = {
                "figure": "audit",
                "conditions": conditions(entries=args.entries, clerks=CLERKS),
                **_run(args.entries),
            }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(
        result["append_ms"]["p95"] > MOST_APPEND_P95_MS
        or result["batch"]["entries_per_s"] < LEAST_BATCH_PER_S
        or result["verify"]["seconds"] * 1_000_000 > MOST_VERIFY_S * max(args.entries, 1_000_000)
    )


def _run(entries: int) -> dict[str, Any]:
    from yakuba.nodes.town import make_ready

    make_ready(lambda *_: None)
    from django.db import connection

    from yakuba.nodes.town import point_django_at
    from yakuba.platform.audit import bundles, checkpoints, verification
    from yakuba.platform.clock import SystemClock

    clock = SystemClock()
    figures: dict[str, Any] = {"append_ms": _alone(), "commit_ms": _at_once()}
    begun = time.perf_counter()
    _fill(BATCH * 20)
    figures["batch"] = {"entries": BATCH * 20, "entries_per_s": round(BATCH * 20 / (time.perf_counter() - begun))}
    figures["seal"] = _timed(lambda: checkpoints.seal(clock))
    standing = BATCH * 20 + 2_000 + CLERKS * EACH
    while standing < entries:
        # Heads in between, as a house has them.
        count = min(entries - standing, max(BATCH, entries // 500))
        _fill(count)
        checkpoints.seal(clock)
        standing += count
    # Whoever writes the log can't read it: that is the owner's, as in `./yakuba audit`.
    point_django_at(os.environ["YAKUBA_DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('audit_entry'), pg_total_relation_size('audit_leaf'), count(*) FROM audit_checkpoint"
        )
        size, leaves, heads = cursor.fetchone()
    figures["bytes_per_entry"] = {"entry": round(size / entries), "leaf": round(leaves / entries)}
    seconds = _timed(lambda: verification.verify())
    report = verification.verify()
    assert report.is_whole, report.breaches[:5]
    figures["verify"] = {**seconds, "entries": report.entries, "checkpoints": heads}
    now = clock.now()
    question = bundles.Question(first=now - timedelta(days=1), last=now, subject=777)
    begun = time.perf_counter()
    count = sum(1 for _ in bundles.entries(question))
    figures["export_a_person"] = {"entries": count, "seconds": round(time.perf_counter() - begun, 2)}
    return figures


def _timed(work: Callable[[], Any]) -> dict[str, float]:
    begun = time.perf_counter()
    work()
    return {"seconds": round(time.perf_counter() - begun, 2)}


def _act(number: int) -> Any:
    from yakuba.platform.audit.log import Act, Operation, Result
    from yakuba.platform.clock import SystemClock

    return Act(
        at=SystemClock().now(),
        account=f"clerk{number % 40}",
        terminal=f"T{number % 20:02d}",
        office="100",
        purpose="certificate",
        operation=Operation.SEARCH,
        result=Result.DONE,
        subjects=tuple(range(number % 90_000, number % 90_000 + 12)),
        target="residents",
        detail={"name": "見本　太郎", "address": "見本町１番"},
    )


def _alone() -> dict[str, float]:
    """One entry after another within an open transaction: what the act's own transaction gains, without its commit."""
    from django.db import transaction

    from yakuba.platform.audit import log

    samples = []
    with transaction.atomic():
        for number in range(2_000):
            begun = time.perf_counter()
            log.append(_act(number))
            samples.append((time.perf_counter() - begun) * 1000)
    return _fine(samples[100:])


def _at_once() -> dict[str, float]:
    """Clerks who commit each entry on its own, all at once."""
    from django.db import connection

    from yakuba.platform.audit import log

    samples: list[float] = []
    lock = threading.Lock()

    def work(clerk: int) -> None:
        mine = []
        for number in range(EACH):
            begun = time.perf_counter()
            log.append(_act(clerk * EACH + number))
            mine.append((time.perf_counter() - begun) * 1000)
        connection.close()
        with lock:
            samples.extend(mine[20:])

    threads = [threading.Thread(target=work, args=(clerk,)) for clerk in range(CLERKS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    assert len(samples) == CLERKS * (EACH - 20), "a clerk failed"
    return {**_fine(samples), "entries_per_s": round(CLERKS * EACH / seconds)}


def _fine(samples: list[float]) -> dict[str, float]:
    """Percentiles of milliseconds, to the microsecond."""
    return {
        name: round(value / 1000, 3) if name != "n" else value
        for name, value in percentiles(sorted(s * 1000 for s in samples)).items()
    }


def _fill(count: int) -> None:
    """`count` entries in batches, each durable when it returns."""
    from yakuba.platform.audit import log

    def batches() -> Iterator[list[Any]]:
        for first in range(0, count, BATCH):
            yield [_act(number) for number in range(first, min(first + BATCH, count))]

    for batch in batches():
        log.append_many(batch)


if __name__ == "__main__":
    raise SystemExit(main())
