"""Random histories of the register: every kind of filing, right and wrong, and what must hold after each act.

`python -m bench.histories --histories 10000`. Rules only, in memory: how a history is written by the database is the business
of the tests and of the sandbox's working day. Hard bounds: nothing broken, and every kind was registered.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yakuba.nodes.settings")

from bench.house import conditions
from yakuba.sandbox import histories
from yakuba.systems.residents.filings import KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.histories", description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--acts", type=int, default=15, help="acts of each history")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    tally, broken, begun = histories.Tally(), [], time.perf_counter()
    for seed in range(args.seed, args.seed + args.histories):
        broken += histories.play(seed, args.acts, tally)
    seconds = time.perf_counter() - begun
    registered, refused = tally.registered.total(), tally.refused.total()
    never = [kind for kind in KINDS if not tally.registered[kind]]
    result = {
        "figure": "histories",
        "conditions": conditions(histories=args.histories, acts=args.acts, seed=args.seed),
        "seconds": round(seconds, 1),
        "registered": registered,
        "refused": refused,
        "acts_per_second": round((registered + refused) / seconds),
        "broken": broken[:20],
        "never_registered": never,
        "by_kind": {kind: [tally.registered[kind], tally.refused[kind]] for kind in KINDS},
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(bool(broken or never))


if __name__ == "__main__":
    raise SystemExit(main())
