"""Notices in writing to the requester: of the decision (82条, 93条, 101条), of a longer period (83条2項 …), of an amendment.

A letter names the requester and no address: it goes into the hand or an envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from enum import StrEnum

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import IssueNumber, Rendered, Template, render
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import passing
from yakuba.platform.transactions import use_case

from . import document, rules, services
from .models import Case, Step
from .rules import Action, Kind, Outcome


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    title: str
    number: str
    date: str
    addressee: str
    sender: str
    opening: str
    items: tuple[Item, ...]
    notes: tuple[str, ...]


TEMPLATE = Template("platform/disclosure/templates/letter.typ", Letter, "通知書")


class Notice(StrEnum):
    DECISION = "decision"
    EXTENSION = "extension"
    AMENDMENT = "amendment"


_REMEDY = "この決定に不服があるときは、この決定があったことを知った日の翌日から三月以内に、{organ}に審査請求をすることができます（行政不服審査法第18条第1項）。"
_LAWSUIT = "決定の取消しの訴えは、この決定があったことを知った日の翌日から六月以内に提起することができます（行政事件訴訟法第14条第1項）。"


def _missing() -> Refused:
    return Refused(
        [Finding("DSC-E-100", "letter", "この通知書を作る手続がまだありません。", "経過を確かめてください。")]
    )


@use_case(Operation.DISCLOSE)
def draw(desk: Desk, case_id: int, notice: Notice, through: Exit) -> Rendered:
    """The notice as PDF, as often as it is wanted: it says what the last such step says. Raises Refused where there is none."""
    desk.require(Duty.DISCLOSURE)
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise Refused([Finding("DSC-E-033", "case", "請求が見つかりません。", "番号を確かめてください。")])
    # Reasons are free text: they may say where somebody lives.
    passing(desk, through, [case.subject], reference=services.reference(case)).require_open("case")
    step, letter = _LETTERS[notice](case, document.house())
    issue = IssueNumber(
        step.at.astimezone(JAPAN).date(), document.house().name, desk.terminal or "-", desk.printer or "-", case.pk
    )
    desk.log(
        Operation.DISCLOSE, subjects=(case.subject,), target=services.reference(case), case=services.reference(case),
        letter=notice.value,
    )  # fmt: skip
    return render(
        TEMPLATE, letter, issue=issue, created_at=step.at.astimezone(UTC), specimen=document.house().is_sandbox
    )  # fmt: skip


def _step(case: Case, *actions: Action) -> Step:
    step = Step.objects.filter(case=case, action__in=actions).order_by("-pk").first()
    if step is None:
        raise _missing()
    return step  # type: ignore[no-any-return]


def _letter(
    case: Case, house: document.House, step: Step, title: str, opening: str, items: list[Item], *notes: str
) -> Letter:
    subject = f"{document.in_words(case.received_on)}付けの請求（{case.number}）"
    return Letter(
        title=title,
        number=case.number,
        date=document.in_words(step.on),
        addressee=f"{case.requester_name}　様",
        sender=house.organ,
        opening=f"{subject}について、{opening}",
        items=(Item("請求の対象", case.matter), *items),
        notes=notes,
    )


def _decision(case: Case, house: document.House) -> tuple[Step, Letter]:
    decision = services.decision_of(case)
    if decision is None:
        raise _missing()
    step, kind = _step(case, Action.APPROVE), case.kind_of
    items = [Item("決定の内容", decision.outcome_label)]
    if decision.ground_texts:
        items.append(
            Item("認めない部分の根拠", "\n".join(f"{article}　{text}" for article, text in decision.ground_texts))
        )
        items.append(Item("その理由", decision.reason))
    if kind is Kind.DISCLOSURE and decision.outcome != Outcome.NONE:
        days = (
            f"この通知があった日から{rules.ORDER_DAYS}日以内に、閲覧又は写しの交付の希望を申し出てください（第87条）。"
        )
        items.append(Item("開示の実施", days))
    opening = f"{rules.ACT}第{kind.articles.notice}条の規定により、次のとおり決定しましたので通知します。"
    title = f"保有個人情報{kind.label.removesuffix('請求')}決定通知書"
    return step, _letter(case, house, step, title, opening, items, _REMEDY.format(organ=house.organ), _LAWSUIT)


def _extension(case: Case, house: document.House) -> tuple[Step, Letter]:
    step, kind = _step(case, Action.EXTEND, Action.EXTEND_SPECIALLY), case.kind_of
    is_special = step.action == Action.EXTEND_SPECIALLY
    article = f"第{kind.articles.special}条" if is_special else f"第{kind.articles.period}条第2項"
    items = [Item("延長後の期限", document.in_words(services.decision_due(case))), Item("延長の理由", step.text)]
    if is_special:
        items.insert(1, Item("残りの部分の期限", document.in_words(date.fromisoformat(step.detail["by"]))))
    opening = f"{rules.ACT}{article}の規定により、決定の期限を次のとおり延長しましたので通知します。"
    return step, _letter(case, house, step, "決定期限の延長通知書", opening, items)


def _amendment(case: Case, house: document.House) -> tuple[Step, Letter]:
    step = _step(case, Action.ASK_AMENDMENT)
    items = [
        Item("補正を求める内容", step.text),
        Item("補正の期限", document.in_words(date.fromisoformat(step.detail["by"]))),
    ]
    opening = f"{rules.ACT}第{case.kind_of.articles.request}条第3項の規定により、次のとおり補正を求めます。"
    note = "期限までに補正されないときは、請求を認めない決定をすることがあります。"
    return step, _letter(case, house, step, "補正の求め", opening, items, note)


_LETTERS = {Notice.DECISION: _decision, Notice.EXTENSION: _extension, Notice.AMENDMENT: _amendment}
assert set(_LETTERS) == set(Notice)
