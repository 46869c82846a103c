"""How soon a house stands: `python -m bench.start --residents 20000`.

First `up` (dependencies there, empty data folder, a synthetic town and its first day), then `up` on existing data until the
first page. Targets on 2 cores: 60 s and 10 s.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import urllib.request

from bench.house import conditions, house

HARD_FIRST_S, HARD_AGAIN_S = 300, 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.start", description=__doc__)
    parser.add_argument("--residents", type=int, default=20_000)
    args = parser.parse_args()
    with house(args.residents, first_day=True) as running:
        command, environment = running["command"], running["environment"]
        again = []
        for _ in range(3):
            subprocess.run([*command, "down"], env=environment, check=True, stdout=sys.stderr)
            begun = time.perf_counter()
            subprocess.run([*command, "up", "--detach"], env=environment, check=True, stdout=sys.stderr)
            status = subprocess.run([*command, "status", "--json"], env=environment, check=True, capture_output=True)
            with urllib.request.urlopen(json.loads(status.stdout)["url"]) as page:  # noqa: S310 -- loopback
                assert page.status == 200
            again.append(round(time.perf_counter() - begun, 2))
        first = round(running["opened_s"], 1)
    result = {
        "figure": "start",
        "conditions": conditions(residents=args.residents),
        "first_up_s": first,
        "up_to_first_page_s": sorted(again),
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(first > HARD_FIRST_S or max(again) > HARD_AGAIN_S)


if __name__ == "__main__":
    raise SystemExit(main())
