"""開示する文書: what is held about a person, drawn for that person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import IssueNumber, Rendered, Template, render

from . import rules
from .models import Case, Decision
from .sources import NUMBER, Collected


@dataclass(frozen=True, slots=True)
class Table:
    """`source` where a new source begins; `header`, `widths` and each line have the same length."""

    source: str
    title: str = field(metadata={"label": "表題"})
    header: tuple[str, ...] = field(metadata={"label": "見出し"})
    widths: tuple[int, ...]
    lines: tuple[tuple[str, ...], ...] = field(metadata={"label": "記録"})


@dataclass(frozen=True, slots=True)
class Disclosed:
    organ: str = field(metadata={"label": "実施機関"})
    case: str = field(metadata={"label": "請求の番号"})
    received_on: str
    decided_on: str
    outcome: str = field(metadata={"label": "決定"})
    as_of: str
    requester: str = field(metadata={"label": "請求者"})
    person: str = field(metadata={"label": "本人"})
    notes: tuple[str, ...] = field(metadata={"label": "注"})
    tables: tuple[Table, ...]


TEMPLATE = Template("platform/disclosure/templates/disclosed.typ", Disclosed, "保有個人情報の開示")


@dataclass(frozen=True, slots=True)
class House:
    """Who hands out: the organ that stands on the paper (門真市長), the municipality's name, whether it is a sandbox."""

    organ: str
    name: str
    is_sandbox: bool


_houses: list[Callable[[], House]] = []


def declare_house(read: Callable[[], House]) -> None:
    """The room that knows whose house this is says so, once."""
    if not _houses:
        _houses.append(read)


def house() -> House:
    """Who hands out. Raises LookupError where no room says."""
    if not _houses:
        raise LookupError("no room says whose house this is")
    return _houses[0]()


def in_words(day: date) -> str:
    return UncertainDate.exact(day).display_wareki()


def compose(house: House, case: Case, decision: Decision, decided_on: date, collected: Collected) -> Disclosed:
    """The content of the paper, the 個人番号 not yet in it."""
    notes = ["この文書は、「記録の時点」までに記録された内容です。"]
    if decision.outcome == rules.Outcome.PARTIAL:
        notes.append("次の理由により開示しない部分があります。")
        notes += [f"・{article}　{text}" for article, text in decision.ground_texts]
    notes.append(
        "「（本人以外の情報）」とある箇所は、本人以外の個人に関する情報のため載せていません（第78条第1項第2号）。"
    )
    notes.append("内容に誤りがあると思うときは、この文書を受け取った日から90日以内に訂正を請求できます（第90条）。")
    tables = [
        Table(source.title if first else "", section.title, section.header, section.widths, section.lines)
        for source, part in collected.parts
        for first, section in zip([True] + [False] * len(part), part, strict=False)
    ]
    return Disclosed(
        organ=house.organ,
        case=case.number,
        received_on=in_words(case.received_on),
        decided_on=in_words(decided_on),
        outcome=decision.outcome_label,
        as_of=f"{in_words(decision.as_of.astimezone(JAPAN).date())} {decision.as_of.astimezone(JAPAN):%H:%M}",
        requester=f"{case.requester_name}（{case.requester_label}）",
        person=case.subject_name or case.requester_name,
        notes=tuple(notes),
        tables=tuple(tables),
    )


def with_number(content: Disclosed, digits: str) -> Disclosed:
    """The same with the 個人番号 where the record has one."""
    shown = f"{digits[:4]} {digits[4:8]} {digits[8:]}"
    return replace(
        content,
        tables=tuple(
            replace(
                table,
                lines=tuple(tuple(shown if text == NUMBER else text for text in line) for line in table.lines),
            )
            for table in content.tables
        ),
    )


def asks_number(content: Disclosed) -> bool:
    return any(text == NUMBER for table in content.tables for line in table.lines for text in line)


def draw(
    house: House, case: Case, content: Disclosed, *, at: datetime, terminal: str, printer: str, specimen: bool
) -> Rendered:
    """The paper. `specimen` prints 見本 across it, as everything of a sandbox."""
    issue = IssueNumber(at.astimezone(JAPAN).date(), house.name, terminal or "-", printer or "-", case.pk)
    return render(
        TEMPLATE, content, issue=issue, created_at=at.astimezone(UTC), specimen=specimen or house.is_sandbox
    )  # fmt: skip
