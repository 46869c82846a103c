"""Asking for leave to print a screen, printing, disposing of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from yakuba.core.findings import Finding, Refused
from yakuba.platform import profiles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.kinds import Kind, Lines
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from .models import Print, Step, StepKind

SETTINGS = profiles.declare("printing", Path(__file__).with_name("settings.yaml"))
_LISTED = 200
_MAY_PRINT = tuple(duty for duty in Duty if duty is not Duty.SECURITY)


def _describe(payload: dict[str, Any]) -> Lines:
    return (("画面", payload["screen"]), ("理由", payload["reason"]), ("利用目的", payload["purpose"]))


DECISION = kinds.register(
    Kind(
        "print",
        "画面の印刷",
        _MAY_PRINT,
        (kinds.Step(Duty.SECURITY, "セキュリティ責任者の決裁"),),
        _describe,
        valid_for=timedelta(days=1),
        uses=1,
    )
)


@dataclass(frozen=True, slots=True)
class Leave:
    """`number`: of the print, 0 while the decision is waited for; `stamp`: what every page bears."""

    number: int
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A print in a list. `is_late`: past the days after which it ought to be disposed of."""

    print: Print
    steps: tuple[Step, ...]
    is_late: bool

    @property
    def is_open(self) -> bool:
        kinds_done = {step.kind for step in self.steps}
        return StepKind.PRINTED in kinds_done and StepKind.DISPOSED not in kinds_done


def _require_printing(desk: Desk, screen: str) -> None:
    """One of the duties that may print. Raises AccessDenied; without a purpose of use too."""
    allowed = [Duty(name) for name in SETTINGS.value("print_duties", list, on=desk.today)]
    held = next((duty for duty in allowed if desk.may(duty)), None)
    if held is None:
        raise AccessDenied(
            Finding(
                "PRT-E-001",
                "screen",
                "画面を印刷する権限がありません。",
                "印刷が要るときは、権限のある職員に依頼してください。",
            ),
            f"print:{screen}",
        )
    desk.require(held)


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused(
            [Finding("PRT-E-002", "reason", "印刷の理由がありません。", "業務に必要な理由を入力してください。")]
        )
    return text.strip()[:200]


@use_case(Operation.PRINT)
def ask(desk: Desk, screen: str, subjects: tuple[int, ...], reason: str) -> Leave:
    """Ask for leave to print one screen once. Where a decision is needed and none is there, it is applied for.

    Raises AccessDenied (no duty that prints, no purpose), Refused (no reason; the same was applied for already).
    """
    _require_printing(desk, screen)
    why, application = _reason(reason), None
    if SETTINGS.value("decision_needed", bool, on=desk.today):
        about = f"print:{screen}"
        if not _is_decided(desk, about):
            payload = {"screen": screen, "reason": why, "purpose": desk.purpose}
            waiting = approvals.apply(desk, DECISION, about, payload)
            desk.log(Operation.PRINT, subjects=subjects, target=screen, step="applied", application=waiting.pk)
            return Leave(0)
        application = approvals.use(desk, DECISION, about).pk
    made = Print.objects.create(
        at=desk.now,
        account=desk.account,
        name=desk.name,
        office=desk.office,
        terminal=desk.terminal,
        purpose=desk.purpose,
        screen=screen,
        subjects=list(subjects),
        reason=why,
        application=application,
    )
    desk.log(Operation.PRINT, subjects=subjects, target=screen, step="leave", number=made.pk, reason=why)
    return Leave(made.pk, stamp(made))


def _is_decided(desk: Desk, about: str) -> bool:
    """Whether an approval of the desk's office for this screen waits to be used."""
    rows = Application.objects.filter(kind=DECISION.name, about=about, state=State.APPROVED, office=desk.office)
    return rows.filter(used=0, expires_at__gt=desk.now).exists()


def stamp(made: Print) -> str:
    """「印刷番号12　見本　太郎（madoguchi1）　2026/11/20 12:00　端末T01」."""
    moment = made.at.astimezone(JAPAN).strftime("%Y/%m/%d %H:%M")
    return f"印刷番号{made.pk}　{made.name}（{made.account}）　{moment}　端末{made.terminal}"


@use_case(Operation.PRINT)
def printed(desk: Desk, number: int) -> None:
    """The browser prints, by this leave. Raises AccessDenied, Refused (no leave of one's own, or used already)."""
    _require_printing(desk, "printed")
    made = Print.objects.filter(pk=number, account=desk.account).first()
    if made is None or made.steps.filter(kind=StepKind.PRINTED).exists():
        raise Refused([_no_leave()])
    Step.objects.create(print=made, kind=StepKind.PRINTED, at=desk.now, account=desk.account)
    desk.log(Operation.PRINT, subjects=tuple(made.subjects), target=made.screen, step="printed", number=made.pk)


def _no_leave() -> Finding:
    return Finding("PRT-E-003", "print", "この印刷の許可がありません。", "画面の「印刷」から、もう一度始めてください。")


def attempted(desk: Desk, screen: str, subjects: tuple[int, ...]) -> None:
    """The browser printed without leave: the notice came out. Only the log knows."""
    desk.log(Operation.PRINT, result=Result.REFUSED, subjects=subjects, target=screen, step="without_leave")


@use_case(Operation.PRINT)
def papers(desk: Desk, *, only_open: bool = True) -> list[Paper]:
    """One's own papers; for the security officer everybody's. Newest first. Raises AccessDenied."""
    sees_all = desk.may(Duty.SECURITY)
    if sees_all:
        desk.require(Duty.SECURITY)
    else:
        _require_printing(desk, "list")
    rows = Print.objects.prefetch_related("steps").order_by("-id")
    if not sees_all:
        rows = rows.filter(account=desk.account)
    if only_open:
        rows = rows.filter(steps__kind=StepKind.PRINTED).exclude(steps__kind=StepKind.DISPOSED)
    latest = desk.now - timedelta(days=SETTINGS.value("disposal_days", int, on=desk.today))
    found = [Paper(row, tuple(row.steps.all()), row.at < latest) for row in rows[:_LISTED]]
    if sees_all:
        desk.log(Operation.VIEW, target="prints", count=len(found))
    return found


@use_case(Operation.PRINT)
def dispose(desk: Desk, number: int, how: str) -> None:
    """廃棄 of a paper of one's own, or by the security officer. Raises AccessDenied, Refused."""
    if desk.may(Duty.SECURITY):
        desk.require(Duty.SECURITY)
        made = Print.objects.filter(pk=number).first()
    else:
        _require_printing(desk, "disposed")
        made = Print.objects.filter(pk=number, account=desk.account).first()
    if not how.strip():
        raise Refused(
            [Finding("PRT-E-004", "how", "廃棄の方法がありません。", "シュレッダーなど、方法を入力してください。")]
        )
    if made is None or not made.steps.filter(kind=StepKind.PRINTED).exists():
        raise Refused([Finding("PRT-E-005", "print", "その印刷の記録がありません。", "一覧を開き直してください。")])
    if made.steps.filter(kind=StepKind.DISPOSED).exists():
        raise Refused([Finding("PRT-E-006", "print", "この紙は廃棄済みです。", "一覧を開き直してください。")])
    Step.objects.create(print=made, kind=StepKind.DISPOSED, at=desk.now, account=desk.account, note=how.strip()[:200])
    desk.log(Operation.PRINT, subjects=tuple(made.subjects), target=made.screen, step="disposed", number=made.pk)
