"""個人番号の変更の請求 (番号法7条2項): received, decided by somebody else, carried out by the register."""

from __future__ import annotations

import copy
from enum import StrEnum
from typing import Any

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.core.numbers import holds_individual_number
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds as approvals
from yakuba.platform.approvals import services as approval_services
from yakuba.platform.approvals.models import Application
from yakuba.platform.approvals.models import State as ApprovalState
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import Passed, Verdict, passing
from yakuba.platform.transactions import use_case

from . import rules, sources
from .looking import MASKED
from .models import NumberChange, NumberChangeStep

ARTICLE = "行政手続における特定の個人を識別するための番号の利用等に関する法律 第7条第2項"


class State(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    REFUSED = "refused"
    EXECUTED = "executed"

    @property
    def label(self) -> str:
        return {"applied": "決裁中", "approved": "変更を認めた", "refused": "認めない", "executed": "変更済み"}[self]


def _number_id(desk: Desk, subject: int) -> int | None:
    for source in sources.sources():
        if source.number_id is not None and (found := source.number_id(desk, subject)) is not None:
            return found
    return None


@use_case(Operation.DISCLOSE)
def apply(
    desk: Desk, subject: int, name: str, reason: str, shown: tuple[rules.Shown, ...],
    requester: rules.Requester = rules.Requester.PERSON, *, is_ex_officio: bool = False,
) -> NumberChange:  # fmt: skip
    """Receive a request, or begin a change ex officio, and apply for its decision. Raises Refused with every finding."""
    desk.require(Duty.DISCLOSURE)
    findings = Findings()
    if not reason.strip():
        findings.error(
            "DSC-E-080", "reason", "番号が漏えいして不正に用いられるおそれがあると認める事情がありません。", "事情を入力してください。",
            article=ARTICLE,
        )  # fmt: skip
    if holds_individual_number(reason) or holds_individual_number(name):
        findings.error("DSC-E-002", "reason", "個人番号が書かれています。", "番号を消してください。")
    if not is_ex_officio:
        if not name.strip():
            findings.error("DSC-E-001", "name", "請求者の氏名がありません。", "請求書を確かめてください。")
        findings.extend(rules.evidence_findings(requester, rules.Channel.COUNTER, shown, desk.today))
    number_id = _number_id(desk, subject)
    if number_id is None:
        findings.error("DSC-E-081", "subject", "個人番号の記載がない方です。", "宛名番号を確かめてください。")
    elif NumberChange.objects.filter(number_id=number_id, state__in=[State.APPLIED, State.APPROVED]).exists():
        findings.error("DSC-E-082", "subject", "この方の変更の請求を処理中です。", "一覧から確かめてください。")
    findings.raise_if_blocking()
    payload = {"is_ex_officio": is_ex_officio, "applied_on": desk.today.isoformat()}
    application = approval_services.apply(desk, CHANGE, str(number_id), payload)
    change = NumberChange.objects.create(
        subject=subject, is_ex_officio=is_ex_officio, applied_on=desk.today, requester=requester,
        requester_name=name.strip(), reason=reason.strip(),
        shown=[[item.document.value, item.issued_on.isoformat() if item.issued_on else None] for item in shown],
        number_id=number_id, account=desk.account, office=desk.office, at=desk.now, state=State.APPLIED,
        application=application,
    )  # fmt: skip
    _write(desk, change, State.APPLIED)
    return change


def _write(desk: Desk, change: NumberChange, state: State, text: str = "") -> None:
    NumberChangeStep.objects.create(change=change, state=state, text=text.strip(), account=desk.account, at=desk.now)
    if change.state != state:
        change.state = state
        change.save(update_fields=["state"])
    desk.log(
        Operation.DISCLOSE, subjects=(change.subject,), target=f"number_change:{change.pk}",
        case=f"number_change:{change.pk}", state=state.value,
    )  # fmt: skip


def _describe(payload: dict[str, Any]) -> approvals.Lines:
    """The circumstances stand in the case, which who decides may open: an application carries no personal content."""
    return (
        ("端緒", "職権" if payload["is_ex_officio"] else "本人の請求"),
        ("受付日", payload["applied_on"]),
        ("事情", "「開示請求等」の「個人番号の変更」で確かめてください。"),
    )


def _approved(desk: Desk, application: Application) -> None:
    _write(desk, NumberChange.objects.select_for_update().get(application=application), State.APPROVED)


CHANGE = approvals.register(
    approvals.Kind(
        name="number_change",
        title="個人番号の変更",
        applicant=(Duty.DISCLOSURE,),
        steps=(approvals.Step(Duty.APPROVAL, "変更の決裁"),),
        describe=_describe,
        on_approved=_approved,
    )
)


def _locked(change_id: int, state: State) -> NumberChange:
    change = NumberChange.objects.select_for_update().filter(pk=change_id).first()
    if change is None or change.state != state:
        raise Refused(
            [Finding("DSC-E-083", "change", f"「{state.label}」の請求ではありません。", "一覧を開き直してください。")]
        )
    return change


@use_case(Operation.DISCLOSE)
def close_refused(desk: Desk, change_id: int, reason: str) -> NumberChange:
    """After the decision went against it: the reason that the requester is told is kept with the case."""
    desk.require(Duty.DISCLOSURE)
    change = _locked(change_id, State.APPLIED)
    findings = Findings()
    if change.application.state not in {ApprovalState.REFUSED, ApprovalState.WITHDRAWN}:
        findings.error("DSC-E-084", "change", "決裁中です。", "決裁の結果を待ってください。")
    if not reason.strip():
        findings.error("DSC-E-085", "reason", "認めない理由がありません。", "請求者に伝える理由を入力してください。")
    findings.raise_if_blocking()
    _write(desk, change, State.REFUSED, reason)
    return change


@use_case(Operation.DISCLOSE)
def record_executed(desk: Desk, change_id: int, reference: str) -> NumberChange:
    """The register has the new number: `reference` is its filing. Raises Refused while the old one still stands there."""
    desk.require(Duty.DISCLOSURE)
    change = _locked(change_id, State.APPROVED)
    findings, done = Findings(), None
    for source in sources.sources():
        if source.carried is not None:
            done = done or source.carried(desk, change.subject, reference, change.applied_on)
    if done is None:
        findings.error(
            "DSC-E-068",
            "reference",
            f"「{reference}」は、この方について請求の後に本登録された異動ではありません。",
            "異動番号を確かめてください。",
        )
    if _number_id(desk, change.subject) in {None, change.number_id}:
        findings.error(
            "DSC-E-086",
            "change",
            "台帳の個人番号は、まだ請求のときのままです。",
            "新しい番号が記載されてから記録してください。",
        )
    findings.raise_if_blocking()
    _write(desk, change, State.EXECUTED, done or "")
    return change


@use_case(Operation.VIEW)
def look(desk: Desk, through: Exit) -> Passed[NumberChange]:
    """All requests, those under way first. What was told of somebody under protection isn't shown."""
    desk.require(Duty.DISCLOSURE if desk.may(Duty.DISCLOSURE) else Duty.APPROVAL)
    rows = list(NumberChange.objects.select_related("application").prefetch_related("steps").order_by("-pk")[:200])
    rows.sort(key=lambda row: (row.state not in {State.APPLIED, State.APPROVED}, -row.pk))
    gate = passing(desk, through, [row.subject for row in rows])
    shown = gate.filter(rows, lambda row: (row.subject,), _concealed)
    desk.log(Operation.VIEW, subjects=tuple(row.subject for row in shown), target="number_changes")
    return shown


def _concealed(row: NumberChange, verdict: Verdict) -> NumberChange:
    if not verdict.hidden:
        return row
    shown = copy.copy(row)
    shown.reason = MASKED
    return shown
