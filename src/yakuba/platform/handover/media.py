"""媒体管理簿: which media may be used at all, what was done with each, and which still hold data.

A medium that no approved application brought in does not exist: nothing is written to it and nothing read from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from yakuba.core.findings import Finding, Findings
from yakuba.platform import profiles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, Terminal
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.kinds import Kind, Lines, Step, register
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from .models import Act, Medium, MediumAct

SETTINGS = profiles.declare("handover", Path(__file__).with_name("settings.yaml"))


@dataclass(frozen=True, slots=True)
class NewMedium:
    """What the application says. `serial`: the device's own number; `accounts`, `terminals`: the designated ones."""

    label: str
    serial: str
    kind: str
    has_security: bool
    accounts: tuple[str, ...]
    terminals: tuple[str, ...]
    start: date
    end: date
    purpose: str


def apply_for(desk: Desk, medium: NewMedium) -> Application:
    """媒体の使用の申請. Raises Refused with every finding, AccessDenied without Duty.HANDOVER."""
    _check_new(desk, medium)
    return approvals.apply(
        desk, USE_OF_MEDIUM, f"medium:{medium.serial.strip()}",
        {
            "label": medium.label.strip(), "serial": medium.serial.strip(), "kind": medium.kind.strip(),
            "has_security": medium.has_security, "accounts": sorted(set(medium.accounts)),
            "terminals": sorted(set(medium.terminals)), "start": medium.start.isoformat(),
            "end": medium.end.isoformat(), "purpose": medium.purpose.strip(), "office": desk.office,
        },
    )  # fmt: skip


@use_case(Operation.APPLY)
def _check_new(desk: Desk, medium: NewMedium) -> None:
    desk.require(Duty.HANDOVER)
    findings = Findings()
    for name, label, text in (
        ("label", "媒体の番号", medium.label), ("serial", "機器の固有番号", medium.serial),
        ("kind", "媒体の種類", medium.kind), ("purpose", "使用の目的", medium.purpose),
    ):  # fmt: skip
        if not text.strip():
            findings.error("HND-E-001", name, f"{label}がありません。", "媒体に表示された番号などを入力してください。")
    if Medium.objects.filter(serial=medium.serial.strip()).exists():
        findings.error("HND-E-002", "serial", "この媒体は登録済みです。", "媒体管理簿を確かめてください。")
    if Medium.objects.filter(label=medium.label.strip()).exists():
        findings.error("HND-E-003", "label", "この番号の媒体は登録済みです。", "別の番号を付けてください。")
    if not medium.has_security:
        findings.error(
            "HND-E-004",
            "has_security",
            "暗号化などの保護機能がない媒体は使えません。",
            "保護機能のある媒体を使ってください。",
        )
    known = set(Account.objects.filter(login__in=medium.accounts, is_active=True).values_list("login", flat=True))
    if not medium.accounts or set(medium.accounts) - known:
        findings.error(
            "HND-E-005",
            "accounts",
            "取扱者が指定されていないか、在職していない人がいます。",
            "利用者IDを確かめてください。",
        )
    places = set(Terminal.objects.filter(code__in=medium.terminals, active=True).values_list("code", flat=True))
    if not medium.terminals or set(medium.terminals) - places:
        findings.error(
            "HND-E-006",
            "terminals",
            "端末が指定されていないか、登録されていない端末があります。",
            "端末番号を確かめてください。",
        )
    if medium.end < medium.start or medium.end < desk.today:
        findings.error("HND-E-007", "end", "使用期間が正しくありません。", "これからの期間を入力してください。")
    findings.raise_if_blocking()


def _describe(payload: dict[str, Any]) -> Lines:
    return (
        ("媒体", f"{payload['label']}（{payload['kind']}、固有番号 {payload['serial']}）"),
        ("保護機能", "あり" if payload["has_security"] else "なし"),
        ("取扱者", "、".join(payload["accounts"])),
        ("端末", "、".join(payload["terminals"])),
        ("期間", f"{payload['start']} から {payload['end']} まで"),
        ("目的", payload["purpose"]),
    )


def _add(_desk: Desk, application: Application) -> None:
    payload = application.payload
    Medium.objects.create(
        label=payload["label"],
        serial=payload["serial"],
        kind=payload["kind"],
        has_security=payload["has_security"],
        office=payload["office"],
        accounts=payload["accounts"],
        terminals=payload["terminals"],
        start=date.fromisoformat(payload["start"]),
        end=date.fromisoformat(payload["end"]),
        application=application,
    )


USE_OF_MEDIUM = register(
    Kind(
        name="handover_medium",
        title="外部記録媒体の使用",
        applicant=(Duty.HANDOVER,),
        steps=(Step(Duty.INFORMATION_MANAGEMENT, "情報管理責任者の承認"),),
        describe=_describe,
        on_approved=_add,
    )
)

DISPOSAL = register(
    Kind(
        name="handover_disposal",
        title="媒体・機器の廃棄、移管、返却",
        applicant=(Duty.HANDOVER,),
        steps=(Step(Duty.SECURITY, "セキュリティ責任者の承認"),),
        describe=lambda payload: (("対象", payload["what"]), ("方法", payload["method"]), ("理由", payload["reason"])),
        valid_for=timedelta(days=30),
        uses=1,
    )
)


# -- asking and doing --------------------------------------------------------------------------------------------------


def find(desk: Desk, serial: str) -> tuple[Medium | None, list[Finding]]:
    """The medium with this device number, and everything that keeps this desk from using it now."""
    medium = Medium.objects.filter(serial=serial.strip()).first()
    if medium is None:
        return None, [
            Finding(
                "HND-E-010",
                "medium",
                "登録されていない媒体です。",
                "媒体の使用を申請し、承認された媒体を使ってください。",
            )
        ]
    findings = Findings()
    if medium.application.state != "approved" or not medium.start <= desk.today <= medium.end:
        findings.error(
            "HND-E-011",
            "medium",
            "媒体の使用の承認が取り消されたか、期間の外です。",
            "あらためて使用を申請してください。",
        )
    if medium.office != desk.office:
        findings.error("HND-E-012", "medium", "ほかの部署の媒体です。", "自分の部署で承認された媒体を使ってください。")
    if desk.account not in medium.accounts:
        findings.error(
            "HND-E-013", "medium", "この媒体の取扱者に指定されていません。", "指定された取扱者に依頼してください。"
        )
    if desk.terminal not in medium.terminals:
        findings.error("HND-E-014", "medium", "この端末では媒体を使えません。", "指定された端末で行ってください。")
    if is_disposed(medium):
        findings.error("HND-E-015", "medium", "廃棄した媒体です。", "媒体管理簿を確かめてください。")
    return medium, findings.items


def note(
    desk: Desk, medium: Medium, act: Act, *, method: str = "", text: str = "", by: Application | None = None
) -> None:
    """Write one act into the book and the log, in the caller's transaction."""
    MediumAct.objects.create(
        medium=medium, act=act, method=method.strip()[:200], note=text.strip()[:500], account=desk.account,
        terminal=desk.terminal, at=desk.now, application=by,
    )  # fmt: skip
    desk.log(Operation.HAND_OVER, target=f"medium:{medium.pk}", act=act.value, label=medium.label, method=method)


def is_disposed(medium: Medium) -> bool:
    return bool(MediumAct.objects.filter(medium=medium, act=Act.DISPOSED).exists())


def holds_data_since(medium: Medium) -> date | None:
    """The day of the first writing or reading after its last erasure; None for a medium that is empty."""
    since = None
    for done in MediumAct.objects.filter(medium=medium).order_by("pk"):
        if done.act in {Act.ERASED, Act.DISPOSED}:
            since = None
        elif since is None:
            since = done.at.astimezone(JAPAN).date()
    return since


@use_case(Operation.HAND_OVER)
def confirm_erasure(desk: Desk, medium_id: int, method: str) -> None:
    """A designated person confirms that the medium was emptied, and how. Raises AccessDenied, Refused."""
    desk.require(Duty.HANDOVER)
    findings = Findings()
    medium = Medium.objects.filter(pk=medium_id).first()
    if medium is None:
        findings.error("HND-E-016", "medium", "媒体が見つかりません。", "媒体管理簿から選んでください。")
    else:
        if desk.account not in medium.accounts:
            findings.error(
                "HND-E-013", "medium", "この媒体の取扱者に指定されていません。", "指定された取扱者に依頼してください。"
            )
        if holds_data_since(medium) is None:
            findings.error(
                "HND-E-017", "medium", "データの残っている媒体ではありません。", "一覧を開き直してください。"
            )
    if not method.strip():
        findings.error("HND-E-018", "method", "消去の方法がありません。", "どの方法で消去したかを入力してください。")
    findings.raise_if_blocking()
    assert medium is not None
    note(desk, medium, Act.ERASED, method=method)


def apply_for_disposal(desk: Desk, medium_id: int, method: str, reason: str) -> Application:
    """廃棄・移管・返却の申請. Raises AccessDenied, Refused."""
    payload = _disposal_payload(desk, medium_id, method, reason)
    return approvals.apply(desk, DISPOSAL, f"medium:{medium_id}", payload)


@use_case(Operation.APPLY)
def _disposal_payload(desk: Desk, medium_id: int, method: str, reason: str) -> dict[str, str]:
    desk.require(Duty.HANDOVER)
    medium, findings = Medium.objects.filter(pk=medium_id).first(), Findings()
    if medium is None or is_disposed(medium):
        findings.error("HND-E-016", "medium", "媒体が見つかりません。", "媒体管理簿から選んでください。")
    if not method.strip() or not reason.strip():
        findings.error("HND-E-019", "method", "方法か理由がありません。", "消去・破壊の方法と理由を入力してください。")
    findings.raise_if_blocking()
    assert medium is not None
    return {"what": f"{medium.label}（{medium.kind}）", "method": method.strip()[:200], "reason": reason.strip()[:500]}


@use_case(Operation.HAND_OVER)
def dispose(desk: Desk, medium_id: int, method: str, text: str = "") -> None:
    """Record the destruction, transfer or return that was approved; the medium is used no more. Raises Refused."""
    desk.require(Duty.HANDOVER)
    medium, findings = Medium.objects.filter(pk=medium_id).first(), Findings()
    if medium is None or is_disposed(medium):
        findings.error("HND-E-016", "medium", "媒体が見つかりません。", "媒体管理簿から選んでください。")
    if not method.strip():
        findings.error("HND-E-018", "method", "消去の方法がありません。", "どの方法で消去したかを入力してください。")
    findings.raise_if_blocking()
    assert medium is not None
    application = approvals.use(desk, DISPOSAL, f"medium:{medium_id}")
    note(desk, medium, Act.DISPOSED, method=method, text=text, by=application)


@dataclass(frozen=True, slots=True)
class MediumLine:
    """A medium as the book shows it. `erase_by`: until when its data must be gone; None: it is empty."""

    medium: Medium
    state: str
    erase_by: date | None
    is_overdue: bool
    acts: tuple[MediumAct, ...]


@use_case(Operation.VIEW)
def book(desk: Desk) -> list[MediumLine]:
    """Every medium; overdue ones first. Needs Duty.HANDOVER (or INFORMATION_MANAGEMENT, SECURITY, AUDIT)."""
    others = (Duty.HANDOVER, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.AUDIT)
    desk.require(next((duty for duty in others if desk.may(duty)), Duty.HANDOVER))
    days: int = SETTINGS.value("erasure_days", int, on=desk.today)
    lines = []
    for medium in Medium.objects.select_related("application").prefetch_related("acts").order_by("label"):
        since = holds_data_since(medium)
        by = since + timedelta(days=days) if since else None
        if is_disposed(medium):
            state = "廃棄済み"
        elif medium.application.state != "approved":
            state = "承認の取消し"
        elif desk.today > medium.end:
            state = "期間満了"
        else:
            state = "使用できます"
        lines.append(MediumLine(medium, state, by, by is not None and by < desk.today, tuple(medium.acts.all())))
    return sorted(lines, key=lambda line: not line.is_overdue)
