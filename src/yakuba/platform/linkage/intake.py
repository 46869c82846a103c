"""What another body or room sends us: kept are the agreed items of the persons that were asked for, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from yakuba.core.findings import Findings, Position


@dataclass(frozen=True, slots=True)
class Interface:
    """An agreed specification: the item that names the person, every item that may come, and those that must."""

    name: str
    subject: str
    items: frozenset[str]
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Intake:
    """Rows to be kept, and what was left out or refused of the rest, with its place."""

    rows: tuple[Mapping[str, str], ...]
    findings: Findings


def take_in(
    interface: Interface, header: Sequence[str], rows: Sequence[Sequence[str]], asked: Collection[str] | None
) -> Intake:
    """Match a table against its specification. `asked`: the only persons that are wanted; None: everybody who comes.

    Unlisted items and unasked persons are dropped and reported (warnings), a row that is short, long or without a required
    item is refused (error) and not among the rows; a header without a required item refuses all.
    """
    findings = Findings()
    kept = {}
    for column, name in enumerate(header, 1):
        if name in kept:
            findings.error(
                "LNK-E-101", name, f"項目「{name}」が二度あります。", "送付元に様式を確かめてください。",
                position=Position(row=1, column=column),
            )  # fmt: skip
        elif name == interface.subject or name in interface.items:
            kept[name] = column - 1
        else:
            findings.warn(
                "LNK-W-102", name, "取り決めにない項目なので取り込みませんでした。", "送付元に、送らないよう伝えてください。",
                position=Position(row=1, column=column),
            )  # fmt: skip
    for name in sorted((interface.required | {interface.subject}) - set(kept)):
        findings.error("LNK-E-103", name, f"項目「{name}」がありません。", "取り決めた様式で受け取り直してください。")
    if findings.errors:
        return Intake((), findings)
    taken = []
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            findings.error(
                "LNK-E-104", "row", f"項目の数が見出しと違います（{len(row)}、見出しは{len(header)}）。",
                "取り決めた様式で受け取り直してください。", position=Position(row=number),
            )  # fmt: skip
            continue
        record = {name: row[place] for name, place in kept.items()}
        empty = sorted(name for name in interface.required | {interface.subject} if not record[name].strip())
        if empty:
            findings.error(
                "LNK-E-105", empty[0], f"必須の項目が空です（{'、'.join(empty)}）。", "送付元に確かめてください。",
                position=Position(row=number),
            )  # fmt: skip
        elif asked is not None and record[interface.subject] not in asked:
            findings.warn(
                "LNK-W-106", interface.subject, "照会していない人の情報なので取り込みませんでした。",
                "送付元に、送らないよう伝えてください。", position=Position(row=number),
            )  # fmt: skip
        else:
            taken.append(record)
    return Intake(tuple(taken), findings)
