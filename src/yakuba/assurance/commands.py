"""`./yakuba requirements`: every requirement of the catalogue, and what the last complete test run showed of it."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from yakuba.nodes.paths import data_folder
from yakuba.platform.protection.exits import hands_out_nothing

from . import catalogue, runs
from .catalogue import Requirement

_LABELS = {"met": "証明済", "unmet": "不合格", "unknown": "未証明", "beyond": "対象外"}
_SYSTEM_COLUMNS = 64


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "requirements",
        help="要件と、それを証明するテストの一覧",
        description="要件ごとに、最後の全テスト実行の結果を示す",
    )
    parser.add_argument("--json", action="store_true", help="JSON で出力する")
    parser.add_argument("--system", metavar="X", help="システム名の一部、又は要件番号の頭(RES、TAX など)で絞る")
    parser.set_defaults(handler=run)


@hands_out_nothing("requirements and tests")
def run(args: argparse.Namespace) -> int:
    """Exit code: 0; 1 if the last run's file is broken; 2 if no system matches."""
    chosen = select(catalogue.requirements(), args.system)
    if not chosen:
        systems = "\n".join(f"  {name}" for name in dict.fromkeys(e.system for e in catalogue.requirements()))
        sys.stderr.write(f"「{args.system}」に当たるシステムはありません。次から選んでください。\n{systems}\n")
        return 2
    try:
        last = runs.load(data_folder())
    except runs.RunUnreadable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if args.json:
        text = json.dumps({"requirements": report(chosen, last)}, ensure_ascii=False, indent=1)
    else:
        text = "\n".join([_origin(last), "", *_table(chosen, last), *(_details(chosen, last) if args.system else [])])
    sys.stdout.write(text + "\n")
    return 0


def select(entries: Iterable[Requirement], system: str | None) -> tuple[Requirement, ...]:
    """The requirements whose system's name contains `system`, or whose id begins with it as a whole prefix."""
    if system is None:
        return tuple(entries)
    wanted = system.casefold()
    return tuple(
        entry for entry in entries
        if wanted in entry.system.casefold() or entry.id.rpartition("-")[0].casefold() == wanted
    )  # fmt: skip


def report(entries: Iterable[Requirement], last: runs.Run | None) -> list[dict[str, Any]]:
    """What `--json` prints of each requirement: id, system, tests (node ids), passed, reason."""
    rows = []
    for entry in entries:
        outcomes = last.outcomes(entry.id) if last else {}
        rows.append(
            {
                "id": entry.id,
                "system": entry.system,
                "tests": list(outcomes),
                "passed": runs.passed(outcomes.values()),
                "reason": entry.beyond_software or None,
            }
        )
    return rows


def _state(entry: Requirement, last: runs.Run | None) -> str:
    shown = runs.passed(last.outcomes(entry.id).values()) if last else None
    if shown is None:
        return "beyond" if entry.beyond_software else "unknown"
    return "met" if shown else "unmet"


def _origin(last: runs.Run | None) -> str:
    if last is None:
        return "全テストの実行結果がまだありません。./yakuba test を実行してください。"
    counts = last.counts
    return (
        f"最後の全テスト実行: {last.finished_at}  版 {last.version}({last.commit or 'コミット不明'})  "
        f"合格 {counts.get('passed', 0)}  不合格 {counts.get('failed', 0)}  未実行 {counts.get('skipped', 0)}"
    )


def _table(entries: Sequence[Requirement], last: runs.Run | None) -> list[str]:
    by_system: dict[str, Counter[str]] = {}
    for entry in entries:
        by_system.setdefault(entry.system, Counter())[_state(entry, last)] += 1
    lines = [_line("システム", ["要件", *_LABELS.values()])]
    for system, counts in by_system.items():
        lines.append(_line(system, [counts.total(), *(counts[state] for state in _LABELS)]))
    total = sum(by_system.values(), Counter[str]())
    lines.append(_line("計", [total.total(), *(total[state] for state in _LABELS)]))
    return lines


def _details(entries: Iterable[Requirement], last: runs.Run | None) -> list[str]:
    lines = [""]
    for entry in entries:
        lines.append(f"{entry.id} [{_LABELS[_state(entry, last)]}] {entry.requirement}")
        if entry.beyond_software:
            lines.append(f"    {entry.beyond_software}")
        for node, outcome in (last.outcomes(entry.id) if last else {}).items():
            lines.append(f"    {outcome}: {node}")
    return lines


def _line(system: str, cells: Sequence[object]) -> str:
    return _cut(system, _SYSTEM_COLUMNS) + "".join(_pad(str(cell), 8) for cell in cells)


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _pad(text: str, width: int) -> str:
    return " " * (width - _columns(text)) + text


def _cut(text: str, width: int) -> str:
    """`text` in exactly `width` columns of a terminal."""
    if _columns(text) > width:
        while _columns(text) > width - 2:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _columns(text))
