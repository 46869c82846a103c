"""問合せ: a slip for each, its answer, and what a serious one sets going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from yakuba.core.calendar import add_business_days
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.core.numbers import holds_individual_number
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .models import Inquiry, InquiryStep
from .services import SETTINGS


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return {"open": "対応中", "answered": "回答済み", "closed": "終了"}[self]


class Action(StrEnum):
    RECEIVE = "receive"
    NOTE = "note"
    SERIOUS = "serious"
    TAKEN = "taken"
    FACTS = "facts"
    RESPOND = "respond"
    CLOSE = "close"

    @property
    def label(self) -> str:
        return {
            "receive": "受付", "note": "経過", "serious": "重大な事案としての通報", "taken": "担当部署の受理", "facts": "事実確認の結果",
            "respond": "回答", "close": "終了",
        }[self]  # fmt: skip


class Channel(StrEnum):
    COUNTER = "counter"
    TELEPHONE = "telephone"
    POST = "post"
    MAIL = "mail"

    @property
    def label(self) -> str:
        return {"counter": "窓口", "telephone": "電話", "post": "郵送", "mail": "電子メール"}[self]


# Rows: where an inquiry stands; columns: what may be done, and where it stands then.
WAY: dict[State, dict[Action, State]] = {
    State.OPEN: {
        Action.NOTE: State.OPEN,
        Action.SERIOUS: State.OPEN,
        Action.TAKEN: State.OPEN,
        Action.FACTS: State.OPEN,
        Action.RESPOND: State.ANSWERED,
    },
    State.ANSWERED: {
        Action.NOTE: State.ANSWERED,
        Action.SERIOUS: State.OPEN,
        Action.TAKEN: State.ANSWERED,
        Action.FACTS: State.ANSWERED,
        Action.RESPOND: State.ANSWERED,
        Action.CLOSE: State.CLOSED,
    },
    State.CLOSED: {},
}
assert set(WAY) == set(State)


@dataclass(frozen=True, slots=True)
class Line:
    """An inquiry as the list shows it. `elapsed`: from its receipt to its end, or to now."""

    inquiry: Inquiry
    steps: tuple[InquiryStep, ...]
    elapsed: timedelta
    is_serious: bool
    is_overdue: bool
    waits_for_section: bool

    @property
    def state_label(self) -> str:
        return State(self.inquiry.state).label

    @property
    def actions(self) -> list[tuple[str, str]]:
        """What the one who answers inquiries may do next."""
        return [(action.value, action.label) for action in WAY[State(self.inquiry.state)] if action is not Action.TAKEN]

    @property
    def history(self) -> list[tuple[InquiryStep, str]]:
        return [(step, Action(step.action).label) for step in self.steps]


def _check(findings: Findings, **texts: str) -> None:
    for name, text in texts.items():
        if holds_individual_number(text):
            findings.error("DSC-E-002", name, "個人番号が書かれています。", "番号を消してください。")


@use_case(Operation.DISCLOSE)
def receive(desk: Desk, text: str, channel: Channel, *, inquirer: str = "", contact: str = "") -> Inquiry:
    """受付票の起票. Its number is that of the slip."""
    desk.require(Duty.DISCLOSURE)
    findings = Findings()
    if not text.strip():
        findings.error("DSC-E-070", "text", "問合せの内容がありません。", "内容を入力してください。")
    _check(findings, text=text, inquirer=inquirer, contact=contact)
    findings.raise_if_blocking()
    inquiry = Inquiry.objects.create(
        received_at=desk.now, channel=channel, inquirer=inquirer.strip(), contact=contact.strip(), text=text.strip(),
        account=desk.account, office=desk.office, state=State.OPEN,
    )  # fmt: skip
    _write(desk, inquiry, Action.RECEIVE, State.OPEN)
    return inquiry


def _write(desk: Desk, inquiry: Inquiry, action: Action, state: State, text: str = "", to: str = "") -> None:
    InquiryStep.objects.create(
        inquiry=inquiry, action=action, text=text.strip(), to=to, account=desk.account, at=desk.now
    )  # fmt: skip
    if inquiry.state != state:
        inquiry.state = state
    if state is State.CLOSED:
        inquiry.due = None
    inquiry.save(update_fields=["state", "due"])
    desk.log(Operation.DISCLOSE, target=f"inquiry:{inquiry.pk}", case=f"inquiry:{inquiry.pk}", act=action.value)


@use_case(Operation.DISCLOSE)
def act(desk: Desk, inquiry_id: int, action: Action, text: str = "") -> Inquiry:
    """One step. A serious one (漏えい等) is told to the section in charge at once, with the time, and has its days for the
    facts; it ends only after that section took it and the facts are found. Nothing ends without an answer.
    """
    desk.require(Duty.SECURITY if action is Action.TAKEN else Duty.DISCLOSURE)
    inquiry = Inquiry.objects.select_for_update().filter(pk=inquiry_id).first()
    if inquiry is None:
        raise Refused([Finding("DSC-E-071", "inquiry", "受付票が見つかりません。", "番号を確かめてください。")])
    findings, state = Findings(), WAY[State(inquiry.state)].get(action)
    done = set(InquiryStep.objects.filter(inquiry=inquiry).values_list("action", flat=True))
    if state is None:
        findings.error(
            "DSC-E-072",
            "action",
            f"「{State(inquiry.state).label}」の問合せに「{action.label}」はできません。",
            "回答の記録がないうちは終了できません。" if action is Action.CLOSE else "受付票の経過を確かめてください。",
        )
    if action not in {Action.CLOSE, Action.TAKEN} and not text.strip():
        findings.error("DSC-E-073", "text", f"「{action.label}」の内容がありません。", "内容を入力してください。")
    if action is Action.SERIOUS and Action.SERIOUS in done:
        findings.error("DSC-E-074", "action", "既に通報しています。", "経過を記録してください。")
    if action is Action.TAKEN and (Action.SERIOUS not in done or Action.TAKEN in done):
        findings.error("DSC-E-075", "action", "受理を待っている通報ではありません。", "受付票を確かめてください。")
    if action is Action.CLOSE and Action.SERIOUS in done and not {Action.TAKEN, Action.FACTS} <= done:
        findings.error(
            "DSC-E-076",
            "action",
            "重大な事案の受理又は事実確認が済んでいません。",
            "担当部署の受理と、事実確認の結果を記録してから終了してください。",
        )
    _check(findings, text=text)
    findings.raise_if_blocking()
    assert state is not None, "else a finding"
    to = ""
    if action is Action.SERIOUS:
        to = SETTINGS.value("serious_section", str, on=desk.today)
        inquiry.due = add_business_days(desk.today, SETTINGS.value("serious_days", int, on=desk.today))
    elif action is Action.FACTS:
        inquiry.due = None
    _write(desk, inquiry, action, state, text, to)
    return inquiry


@use_case(Operation.VIEW)
def look(desk: Desk, *, only_open: bool = True) -> list[Line]:
    """Slips: serious ones first, then the oldest. Who is in charge of security sees the serious ones only."""
    desk.require(Duty.DISCLOSURE if desk.may(Duty.DISCLOSURE) else Duty.SECURITY)
    rows = Inquiry.objects.order_by("pk").prefetch_related("steps")
    if only_open:
        rows = rows.exclude(state=State.CLOSED)
    lines = [_line(desk, row) for row in rows]
    if not desk.may(Duty.DISCLOSURE):
        lines = [line for line in lines if line.is_serious]
    desk.log(Operation.VIEW, target="inquiries", count=len(lines))
    return sorted(lines, key=lambda line: (not line.is_overdue, not line.is_serious, line.inquiry.pk))


def _line(desk: Desk, row: Inquiry) -> Line:
    steps = tuple(sorted(row.steps.all(), key=lambda step: step.pk))
    done = {step.action for step in steps}
    end = steps[-1].at if row.state == State.CLOSED else desk.now
    return Line(
        row, steps, end - row.received_at, Action.SERIOUS in done, is_overdue(row, desk.today),
        Action.SERIOUS in done and Action.TAKEN not in done,
    )  # fmt: skip


def is_overdue(row: Inquiry, today: date) -> bool:
    """Whether the days for the facts of a serious one are over."""
    return row.due is not None and row.due < today
