"""一時解除: opening one person's record to one clerk, in one way, for a moment. Every step is logged; it ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform import profiles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.approvals import kinds, services
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .exits import Way
from .models import Release, ReleaseEnd

SETTINGS = profiles.declare("protection", Path(__file__).with_name("settings.yaml"))
_TEXT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """`account`: login of the clerk to whom it is released. `minutes`, `uses` None: what the settings say."""

    subject: int
    way: str
    account: str
    reason: str
    case: str = ""
    minutes: int | None = None
    uses: int | None = None


@use_case(Operation.RELEASE)
def release(desk: Desk, wanted: ReleaseRequest) -> Release:
    """一時解除 by the one who may. Raises AccessDenied, also for oneself, and Refused with every finding."""
    desk.require(Duty.PROTECTION_RELEASE)
    return _open(desk, wanted)


def _open(desk: Desk, wanted: ReleaseRequest) -> Release:
    if wanted.account == desk.account:
        raise AccessDenied(
            Finding(
                "PRO-E-020", "account", "自分のために一時解除することはできません。", "ほかの権限者に依頼してください。"
            ),
            f"release:{wanted.subject:015d}",
        )
    findings = Findings()
    longest = SETTINGS.value("release_minutes", int, on=desk.today)
    minutes = longest if wanted.minutes is None else wanted.minutes
    if not 1 <= minutes <= longest:
        findings.error(
            "PRO-E-021", "minutes", f"解除の時間は1分から{longest}分までです。", f"{longest}分以内で指定してください。"
        )
    if wanted.way not in set(Way):
        findings.error("PRO-E-022", "way", "解除する操作が選ばれていません。", "一覧から選んでください。")
    if not Account.objects.filter(login=wanted.account, is_active=True).exists():
        findings.error(
            "PRO-E-023", "account", "その利用者はいません。", "解除を受ける職員の利用者IDを確かめてください。"
        )
    if not wanted.reason.strip():
        findings.error("PRO-E-024", "reason", "解除の理由が入力されていません。", "理由を入力してください。")
    if wanted.uses is not None and not 1 <= wanted.uses <= 100:
        findings.error("PRO-E-025", "uses", "回数は1回から100回までです。", "回数を確かめてください。")
    findings.raise_if_blocking()
    uses = wanted.uses
    if uses is None and wanted.way == Way.ISSUE:
        uses = SETTINGS.value("release_uses", int, on=desk.today)
    opened: Release = Release.objects.create(
        subject=wanted.subject,
        way=wanted.way,
        account=wanted.account,
        starts_at=desk.now,
        until=desk.now + timedelta(minutes=minutes),
        uses=uses,
        released_by=desk.account,
        office=desk.office,
        reason=wanted.reason.strip()[:_TEXT],
        case=wanted.case.strip()[:_TEXT],
    )
    desk.log(
        Operation.RELEASE,
        subjects=(opened.subject,),
        target=f"release:{opened.pk}",
        act="released",
        way=opened.way,
        to=opened.account,
        until=opened.until,
        uses=opened.uses,
        reason=opened.reason,
        case=opened.case,
    )
    return opened


@use_case(Operation.RELEASE)
def take_back(desk: Desk, release_id: int, reason: str) -> None:
    """End a release before its time, at once. Raises AccessDenied, Refused."""
    desk.require(Duty.PROTECTION_RELEASE)
    opened = Release.objects.filter(pk=release_id, until__gt=desk.now, end=None).first()
    findings = Findings()
    if opened is None:
        findings.error("PRO-E-026", "release", "続いている一時解除ではありません。", "一覧を開き直してください。")
    if not reason.strip():
        findings.error("PRO-E-024", "reason", "取消しの理由が入力されていません。", "理由を入力してください。")
    findings.raise_if_blocking()
    assert opened is not None
    ReleaseEnd.objects.create(release=opened, at=desk.now, account=desk.account, reason=reason.strip()[:_TEXT])
    desk.log(
        Operation.RELEASE, subjects=(opened.subject,), target=f"release:{opened.pk}", act="taken_back",
        reason=reason.strip()[:_TEXT],
    )  # fmt: skip


@use_case(Operation.VIEW)
def open_releases(desk: Desk) -> list[Release]:
    """Those that hold now, with how often they were used (`used_count`)."""
    desk.require(Duty.PROTECTION_RELEASE)
    rows = Release.objects.filter(until__gt=desk.now, end=None).annotate(used_count=Count("used")).order_by("until")
    desk.log(Operation.VIEW, subjects=tuple(sorted({row.subject for row in rows})), target="releases")
    return list(rows)


# -- asked for by the clerk who needs it ------------------------------------------------------------------------------


def _describe(payload: dict[str, Any]) -> kinds.Lines:
    return (
        ("宛名番号", f"{int(payload['subject']):015d}"),
        ("解除する操作", Way(payload["way"]).label),
        ("解除を受ける職員", str(payload["account"])),
        ("理由", str(payload["reason"])),
        ("受付・事件番号", str(payload["case"])),
    )


def _approved(desk: Desk, application: Application) -> None:
    payload = application.payload
    _open(
        desk,
        ReleaseRequest(
            subject=payload["subject"],
            way=payload["way"],
            account=application.account,
            reason=payload["reason"],
            case=payload["case"],
        ),
    )


RELEASE = kinds.register(
    kinds.Kind(
        name="protection.release",
        title="支援措置等の一時解除",
        applicant=(Duty.CERTIFICATE, Duty.REGISTRATION, Duty.REVIEW, Duty.INQUIRY, Duty.BULK),
        steps=(kinds.Step(Duty.PROTECTION_RELEASE, "支援措置等の権限者"),),
        describe=_describe,
        valid_for=timedelta(microseconds=1),
        uses=0,  # what it opens is the release itself, at once
        on_approved=_approved,
    )
)


def apply(desk: Desk, subject: int, way: Way, reason: str, case: str = "") -> Application:
    """Ask for a release for oneself. Raises AccessDenied, Refused (no reason; the same asked already)."""
    if not reason.strip():
        raise Refused(
            [Finding("PRO-E-024", "reason", "解除を申請する理由が入力されていません。", "理由を入力してください。")]
        )
    payload = {
        "subject": subject,
        "way": way.value,
        "account": desk.account,
        "reason": reason.strip()[:_TEXT],
        "case": case.strip()[:_TEXT],
    }
    return services.apply(desk, RELEASE, f"{way.value}:{subject:015d}", payload)
