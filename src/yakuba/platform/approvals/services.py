"""Applying, deciding, using. Every function is one act with its audit entry; refusals name what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .kinds import Kind, Lines, Step, kind_of, kinds
from .models import Act, Application, Decision, State

_REASON_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application as the one who may decide it sees it."""

    application: Application
    kind: Kind
    step: Step
    lines: Lines


def _refuse(code: str, field: str, message: str, remedy: str) -> Refused:
    return Refused([Finding(code, field, message, remedy)])


def _require_one_of(desk: Desk, kind: Kind) -> None:
    """The first of the kind's applicant duties that the desk has; without any, the denial names the first."""
    desk.require(next((duty for duty in kind.applicant if desk.may(duty)), kind.applicant[0]))


@use_case(Operation.APPLY)
def apply(desk: Desk, kind: Kind, about: str, payload: dict[str, Any], content_hash: bytes = b"") -> Application:
    """申請. `payload` is JSON that `kind.describe` puts into words. Raises AccessDenied, Refused (the same twice)."""
    _require_one_of(desk, kind)
    twin = Application.objects.filter(kind=kind.name, about=about, account=desk.account, state=State.PENDING)
    if twin.exists():
        raise _refuse(
            "APR-E-001", "about", "同じ内容の申請が決裁中です。", "決裁を待つか、前の申請を取り下げてください。"
        )
    application = Application.objects.create(
        kind=kind.name,
        about=about,
        payload=payload,
        content_hash=content_hash,
        account=desk.account,
        office=desk.office,
        applied_at=desk.now,
    )
    desk.log(Operation.APPLY, target=f"{kind.name}:{application.pk}", about=about)
    return application


def _locked(application_id: int) -> Application:
    application = Application.objects.select_for_update().filter(pk=application_id).first()
    if application is None:
        raise _refuse("APR-E-002", "application", "申請が見つかりません。", "申請番号を確かめてください。")
    return application


def _record(desk: Desk, application: Application, act: Act, reason: str) -> None:
    Decision.objects.create(
        application=application,
        step=application.step,
        act=act,
        account=desk.account,
        office=desk.office,
        at=desk.now,
        reason=reason[:_REASON_LENGTH],
    )
    desk.log(Operation.DECIDE, target=f"{application.kind}:{application.pk}", act=act.value, step=application.step)


def _require_other_person(desk: Desk, application: Application, step: Step) -> None:
    """Nobody decides his own act (職務の分離): neither the applicant nor who granted another step."""
    if application.account == desk.account:
        why = "自分の申請は自分で決裁できません。"
    elif application.decisions.filter(act=Act.GRANT, account=desk.account).exists():
        why = "この申請の別の段階を既に決裁しています。"
    elif step.other_office and application.office == desk.office:
        why = "申請した部署と別の部署が決裁する段階です。"
    elif step.office_in and application.payload[step.office_in] != desk.office:
        why = "この段階は、決められた部署が決裁します。"
    else:
        return
    remedy = "ほかの職員に決裁を依頼してください。"
    raise AccessDenied(Finding("APR-E-003", "application", why, remedy), f"{application.kind}:{application.pk}")


@use_case(Operation.DECIDE)
def decide(desk: Desk, application_id: int, *, grant: bool, reason: str = "") -> Application:
    """決裁 of the step that waits. A refusal needs a reason. Raises AccessDenied, Refused."""
    application = _locked(application_id)
    kind = kind_of(application.kind)
    if application.state != State.PENDING:
        raise _refuse(
            "APR-E-004",
            "application",
            f"この申請は既に「{State(application.state).label}」です。",
            "一覧を開き直してください。",
        )
    step = kind.steps[application.step]
    desk.require(step.duty)
    _require_other_person(desk, application, step)
    if not grant and not reason.strip():
        raise _refuse("APR-E-005", "reason", "不承認の理由がありません。", "申請者に伝える理由を入力してください。")
    _record(desk, application, Act.GRANT if grant else Act.REFUSE, reason)
    if not grant:
        application.state = State.REFUSED
    elif application.step + 1 < len(kind.steps):
        application.step += 1
    else:
        application.state = State.APPROVED
        application.expires_at = desk.now + kind.valid_for if kind.valid_for else None
    application.save(update_fields=["state", "step", "expires_at"])
    if application.state == State.APPROVED:
        kind.on_approved(desk, application)
    return application


@use_case(Operation.APPLY)
def withdraw(desk: Desk, application_id: int, reason: str = "") -> Application:
    """取下げ of one's own application, while it waits. Raises AccessDenied, Refused."""
    application = _locked(application_id)
    _require_one_of(desk, kind_of(application.kind))
    if application.account != desk.account or application.state != State.PENDING:
        raise _refuse(
            "APR-E-006", "application", "取り下げられるのは、決裁中の自分の申請だけです。", "一覧を開き直してください。"
        )
    _record(desk, application, Act.WITHDRAW, reason)
    application.state = State.WITHDRAWN
    application.save(update_fields=["state"])
    return application


@use_case(Operation.DECIDE)
def revoke(desk: Desk, application_id: int, reason: str) -> Application:
    """Take an approval back, at once, by whoever may decide one of its steps. Raises AccessDenied, Refused."""
    application = _locked(application_id)
    steps = kind_of(application.kind).steps
    desk.require(next((step.duty for step in steps if desk.may(step.duty)), steps[0].duty))
    if application.state != State.APPROVED:
        raise _refuse("APR-E-007", "application", "承認された申請ではありません。", "承認済みの申請を選んでください。")
    if not reason.strip():
        raise _refuse("APR-E-008", "reason", "取消しの理由がありません。", "理由を入力してください。")
    _record(desk, application, Act.REVOKE, reason)
    application.state = State.REVOKED
    application.save(update_fields=["state"])
    return application


def use(desk: Desk, kind: Kind, about: str, content_hash: bytes = b"") -> Application:
    """Go through an approval: the desk's own, or one of its office; for this content only when it was bound to one.

    Inside the caller's transaction: what it allows and its use are one. Raises Refused when there is none that holds.
    """
    candidates = (
        Application.objects.select_for_update()
        .filter(kind=kind.name, about=about, state=State.APPROVED, office=desk.office)
        .filter(Q(expires_at=None) | Q(expires_at__gt=desk.now))
        .order_by("-pk")
    )
    for application in candidates:
        if bytes(application.content_hash) != content_hash or (kind.uses is not None and application.used >= kind.uses):
            continue
        application.used += 1
        application.save(update_fields=["used"])
        _record(desk, application, Act.USE, "")
        return application
    raise _refuse(
        "APR-E-009",
        "approval",
        f"「{kind.title}」の承認がないか、期限が切れたか、承認された内容と違います。",
        "承認を申請し、決裁の後にもう一度行ってください。",
    )


@use_case(Operation.VIEW)
def waiting_for(desk: Desk) -> list[Waiting]:
    """What this desk may decide now, oldest first: its duty's step, not its own act, not its office where it must not."""
    found = []
    for kind in kinds():
        for number, step in enumerate(kind.steps):
            if not desk.may(step.duty):
                continue
            desk.require(step.duty)
            rows = Application.objects.filter(kind=kind.name, state=State.PENDING, step=number)
            rows = rows.exclude(account=desk.account).exclude(
                pk__in=Decision.objects.filter(act=Act.GRANT, account=desk.account).values("application")
            )
            if step.other_office:
                rows = rows.exclude(office=desk.office)
            if step.office_in:
                rows = rows.filter(**{f"payload__{step.office_in}": desk.office})
            found += [Waiting(row, kind, step, kind.describe(row.payload)) for row in rows]
    return sorted(found, key=lambda waiting: waiting.application.pk)


@use_case(Operation.VIEW)
def applied_by(desk: Desk) -> list[Application]:
    """One's own applications with their decisions, newest first."""
    may_apply = [kind for kind in kinds() if any(desk.may(duty) for duty in kind.applicant)]
    if not may_apply:
        return []
    _require_one_of(desk, may_apply[0])
    return list(Application.objects.filter(account=desk.account).order_by("-pk").prefetch_related("decisions")[:100])


@use_case(Operation.VIEW)
def revocable_by(desk: Desk) -> list[Application]:
    """Approvals that still hold and of which this desk may decide a step, newest first."""
    found: list[Application] = []
    for kind in kinds():
        duty = next((step.duty for step in kind.steps if desk.may(step.duty)), None)
        if duty is not None:
            desk.require(duty)
            rows = Application.objects.filter(kind=kind.name, state=State.APPROVED)
            found += rows.filter(Q(expires_at=None) | Q(expires_at__gt=desk.now))
    return sorted(found, key=lambda application: -application.pk)
