"""Runs `yakuba.nodes.town` for the supervisor, in a process of its own.

`python -m yakuba.nodes.preparation town|accounts` writes JSON lines to standard output, see `supervisor.Plan`; whatever
else is printed goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="yakuba.nodes.preparation")
    actions = parser.add_subparsers(dest="action", required=True)
    town_parser = actions.add_parser("town")
    town_parser.add_argument("--residents", type=int, required=True)
    town_parser.add_argument("--code", required=True)
    town_parser.add_argument("--seed", type=int)
    actions.add_parser("accounts")
    options = vars(parser.parse_args(arguments))

    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)  # a library that prints must not break the protocol

        def tell(message: dict[str, Any]) -> None:
            told.write(json.dumps(message, ensure_ascii=False) + "\n")
            told.flush()

        def report(stage: str, done: int, total: int | None, detail: str = "") -> None:
            tell({"stage": stage, "done": done, "total": total, "detail": detail})

        from yakuba.nodes import town

        if options.pop("action") == "accounts":
            tell({"result": town.accounts()})
        else:
            chosen = {name: value for name, value in options.items() if value is not None}
            tell({"result": town.prepare(report, **chosen)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
