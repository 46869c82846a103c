"""データ利用申請: the using office applies, the owning office decides, information management confirms; only then a grant exists.

What is applied for is held against law's list, the connection matrix and the owner's view, at application and again at the
last decision: an approval can't open what has become unlawful meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.kinds import Kind, Lines, Step, register
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.log import Operation
from yakuba.platform.profiles import house_profile
from yakuba.platform.transactions import use_case

from . import provisions, views
from .connections import SETTINGS, connections
from .models import Affair, Assignment, Grant, GrantEnd, Role
from .provisions import Flow, Method, Provision, Scheme

_AFFAIR = "affair:"
_TEXT = 500


@dataclass(frozen=True, slots=True)
class Use:
    """What an office wants to read. `provision`: key of a Provision; `system`: its own one; `end`: the last day."""

    view: str
    items: tuple[str, ...]
    provision: str
    system: str
    purpose: str
    method: Method
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class OwnAffair:
    """独自利用事務 (番号法9条2項): what the ordinance lets this office use, and which items at most."""

    dataset: str
    ordinance: str
    affair: str
    items: tuple[str, ...]
    method: Method
    start: date
    end: date | None = None


# -- law's list and the house's own ------------------------------------------------------------------------------------


def provision_of(key: str) -> Provision | None:
    """A row of this house's list: of the package for its profile, or of a registered affair of its own."""
    if key.startswith(_AFFAIR):
        number = key.removeprefix(_AFFAIR)
        row = Affair.objects.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None
        return _as_provision(row) if row else None
    return provisions.of_profile(house_profile()).get(key)


def provisions_for(office: str, on: date) -> list[Provision]:
    """Rows of which the office is the recipient on a day, and that can be read in the house."""
    held = [provision_of(key) for key in _keys(Role.RECIPIENT, office, on)]
    own = [_as_provision(row) for row in Affair.objects.filter(office=office).order_by("pk")]
    rows = [row for row in (*held, *own) if row and row.holds_on(on) and row.method in provisions.INSIDE]
    return sorted(rows, key=lambda row: (row.dataset, row.key))


def _as_provision(row: Affair) -> Provision:
    return Provision(
        key=f"{_AFFAIR}{row.pk}",
        profile=house_profile(),
        dataset=row.dataset,
        flow=Flow.TRANSFER,
        recipient=row.office,
        office=row.office,
        law=row.ordinance,
        scheme=Scheme.ORDINANCE,
        item="",
        affair=row.affair,
        with_number=False,
        method=Method(row.method),
        start=row.start,
        end=row.end,
        basis="own",
    )


# -- owners and recipients ---------------------------------------------------------------------------------------------


def holds(role: Role, key: str, office: str, on: date) -> bool:
    """Whether an office is owner or recipient on a day. An own affair's recipient is its office."""
    if role is Role.RECIPIENT and key.startswith(_AFFAIR):
        row = provision_of(key)
        return row is not None and row.office == office
    last = Assignment.objects.filter(role=role, key=key, office=office, start__lte=on).order_by("-start", "-pk").first()
    return last is not None and last.holds


def owner_office(view: str, on: date) -> str | None:
    """The office that decides on a view; of several the one that was named last."""
    for office in Assignment.objects.filter(role=Role.OWNER, key=view, start__lte=on).order_by("-start", "-pk"):
        if office.holds and holds(Role.OWNER, view, office.office, on):
            return str(office.office)
    return None


def _keys(role: Role, office: str, on: date) -> list[str]:
    named = Assignment.objects.filter(role=role, office=office, start__lte=on).values_list("key", flat=True).distinct()
    return sorted(key for key in named if holds(role, key, office, on))


@use_case(Operation.SETTINGS)
def assign(
    desk: Desk, role: Role, key: str, office: str, start: date, *, holding: bool = True, confirmed: Collection[str] = ()
) -> Assignment:
    """From `start` an office is (or no longer is) owner of a view or recipient of a provision. Raises Refused, AccessDenied."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    findings = Findings()
    name = Office.objects.filter(pk=office).values_list("name", flat=True).first()
    if name is None:
        findings.error("LNK-E-020", "office", "部署が登録されていません。", "部署の一覧から選んでください。")
    if role is Role.OWNER and views.view_of(key) is None:
        findings.error("LNK-E-021", "key", "この連携データはありません。", "一覧から選んでください。")
    if role is Role.RECIPIENT:
        _check_recipient(findings, key, name or "", start, holding=holding)
    findings.raise_if_blocking(confirmed)
    row: Assignment = Assignment.objects.create(
        role=role, key=key, office=office, holds=holding, start=start, account=desk.account, at=desk.now
    )
    desk.log(Operation.SETTINGS, target=f"linkage:{role}:{key}", to_office=office, holds=holding, start=start)
    return row


def _check_recipient(findings: Findings, key: str, office_name: str, start: date, *, holding: bool) -> None:
    row = provision_of(key)
    if row is None:
        findings.error(
            "LNK-E-022", "key", "法令・条例の一覧にない組合せです。",
            "番号法と番号利用条例が認める事務だけを登録できます。独自利用事務は、先に条例の根拠を登録してください。",
            article="番号法第9条、第19条",
        )  # fmt: skip
        return
    if holding and not row.holds_on(start):
        findings.error(
            "LNK-E-023", "start", "その日には、この根拠の規定が効力を持ちません。", "現行の表の項を選んでください。",
            article=row.citation,
        )  # fmt: skip
    if row.office and office_name and not row.office.endswith(office_name):
        findings.warn(
            "LNK-W-024", "office", f"評価書の部署名（{row.office}）と違います。",
            "組織の変更などで担当が変わったときだけ、確認して登録してください。",
        )  # fmt: skip


# -- applying ----------------------------------------------------------------------------------------------------------


def check(use: Use, office: str, today: date) -> Findings:
    """Everything that stands against a use by an office, all at once. Nothing: it may be applied for."""
    findings = Findings()
    view = views.view_of(use.view)
    if view is None:
        findings.error("LNK-E-001", "view", "この連携データはありません。", "一覧から選んでください。")
    elif owner_office(use.view, today) is None:
        findings.error(
            "LNK-E-002", "view", "このデータの所管課が登録されていません。",
            "情報システム部門に所管課の登録を依頼してください。",
        )  # fmt: skip
    _check_items(findings, use, view)
    row = provision_of(use.provision)
    _check_basis(findings, use, row, view, office)
    if view is not None:
        matrix = connections(today)
        if not matrix.permitted(use.system, view.system):
            findings.error(
                "LNK-E-010", "system",
                f"「{matrix.label(use.system)}」と「{matrix.label(view.system)}」の接続は認められていません。",
                "接続できるシステムは、システム間接続の表で確かめてください。",
                article="特定個人情報保護評価書 I-2 ③",
            )  # fmt: skip
    if not use.purpose.strip():
        findings.error(
            "LNK-E-011", "purpose", "利用目的がありません。", "どの事務の、何のために使うかを入力してください。"
        )
    elif len(use.purpose) > _TEXT:
        findings.error("LNK-E-012", "purpose", f"利用目的が長すぎます（{_TEXT}字まで）。", "要点にまとめてください。")
    _check_period(findings, use, row, today)
    return findings


def _check_items(findings: Findings, use: Use, view: views.LinkView | None) -> None:
    if not use.items:
        findings.error("LNK-E-003", "items", "項目が選ばれていません。", "事務に必要な項目だけを選んでください。")
    unknown = [item for item in use.items if view is not None and item not in view.items]
    if unknown:
        findings.error(
            "LNK-E-004", "items", f"このデータにない項目です（{'、'.join(unknown)}）。", "一覧から選んでください。"
        )


def _check_basis(findings: Findings, use: Use, row: Provision | None, view: views.LinkView | None, office: str) -> None:
    if row is None:
        findings.error(
            "LNK-E-005", "provision", "根拠となる法令・条例の項が一覧にありません。",
            "番号法の別表か番号利用条例の項を選んでください。", article="番号法第9条、第19条",
        )  # fmt: skip
        return
    if view is not None and row.dataset != view.dataset:
        findings.error(
            "LNK-E-006", "provision", "この項で認められる情報と、利用するデータが違います。", "データか根拠を選び直してください。",
            article=row.citation,
        )  # fmt: skip
    if not holds(Role.RECIPIENT, row.key, office, use.start):
        findings.error(
            "LNK-E-007", "provision", "あなたの部署は、この事務の担当として登録されていません。",
            "担当課から申請するか、情報システム部門に担当の登録を依頼してください。", article=row.citation,
        )  # fmt: skip
    if use.method != row.method or use.method not in provisions.INSIDE:
        findings.error(
            "LNK-E-008", "method",
            f"取り決めた方法（{row.method.label}）と違うか、庁内連携では扱えない方法です（{use.method.label}）。",
            "取り決めた方法で申請してください。", article=row.citation,
        )  # fmt: skip
    allowed = _items_of_affair(row)
    if allowed is not None and (outside := [item for item in use.items if item not in allowed]):
        findings.error(
            "LNK-E-009", "items", f"条例の登録にない項目です（{'、'.join(outside)}）。", "登録した項目の中から選んでください。",
            article=row.citation,
        )  # fmt: skip


def _items_of_affair(row: Provision) -> frozenset[str] | None:
    if not row.key.startswith(_AFFAIR):
        return None
    return frozenset(Affair.objects.get(pk=int(row.key.removeprefix(_AFFAIR))).items)


def _check_period(findings: Findings, use: Use, row: Provision | None, today: date) -> None:
    if use.end < use.start:
        findings.error("LNK-E-013", "end", "期間の終わりが始まりより前です。", "日付を確かめてください。")
        return
    if use.end < today:
        findings.error("LNK-E-014", "end", "期間が既に過ぎています。", "これからの期間を入力してください。")
    months: int = SETTINGS.value("longest_grant_months", int, on=today)
    if use.end >= _months_later(max(use.start, today), months):
        findings.error(
            "LNK-E-015",
            "end",
            f"期間が長すぎます（{months}か月まで）。",
            "短い期間で申請し、必要なら更新してください。",
        )
    if row is not None and not (row.holds_on(use.start) and row.holds_on(use.end)):
        findings.error(
            "LNK-E-016", "provision", "期間の一部で、この根拠の規定が効力を持ちません。",
            "現行の表の項を選ぶか、期間を改めてください。", article=row.citation,
        )  # fmt: skip


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    # The 31st plus a month ends where the next month begins.
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def apply_for(desk: Desk, use: Use) -> Application:
    """Apply for a use. Raises Refused with every finding, AccessDenied without Duty.LINKAGE."""
    payload = _lawful_payload(desk, use)
    return approvals.apply(desk, USE, f"{use.view}|{use.provision}|{desk.office}", payload)


@use_case(Operation.APPLY)
def _lawful_payload(desk: Desk, use: Use) -> dict[str, Any]:
    desk.require(Duty.LINKAGE)
    check(use, desk.office, desk.today).raise_if_blocking()
    return {
        "office": desk.office,
        "owner_office": owner_office(use.view, desk.today),
        "view": use.view,
        "items": list(use.items),
        "provision": use.provision,
        "system": use.system,
        "purpose": use.purpose.strip(),
        "method": use.method.value,
        "start": use.start.isoformat(),
        "end": use.end.isoformat(),
    }


def _use_of(payload: dict[str, Any]) -> Use:
    return Use(
        view=payload["view"],
        items=tuple(payload["items"]),
        provision=payload["provision"],
        system=payload["system"],
        purpose=payload["purpose"],
        method=Method(payload["method"]),
        start=date.fromisoformat(payload["start"]),
        end=date.fromisoformat(payload["end"]),
    )


def _describe_use(payload: dict[str, Any]) -> Lines:
    use, view, row = _use_of(payload), views.view_of(payload["view"]), provision_of(payload["provision"])
    labels = view.items if view else {}
    return (
        ("利用する部署", _office_name(payload["office"])),
        ("所管する部署", _office_name(payload["owner_office"])),
        ("データ", view.title if view else use.view),
        ("項目", "、".join(labels.get(item, item) for item in use.items)),
        ("根拠", row.citation if row else use.provision),
        ("区分", row.flow.label if row else ""),
        ("事務", row.affair if row else ""),
        ("利用目的", use.purpose),
        ("方法", use.method.label),
        ("期間", f"{use.start.isoformat()} から {use.end.isoformat()} まで"),
    )


def _office_name(code: str) -> str:
    return str(Office.objects.filter(pk=code).values_list("name", flat=True).first() or code)


def _open(desk: Desk, application: Application) -> None:
    """The last decision opens the grant, if what was applied for is still lawful. Raises Refused."""
    use, office = _use_of(application.payload), application.payload["office"]
    check(use, office, desk.today).raise_if_blocking()
    Grant.objects.create(
        application=application,
        office=office,
        view=use.view,
        system=use.system,
        provision=use.provision,
        items=list(use.items),
        purpose=use.purpose,
        method=use.method,
        start=use.start,
        end=use.end,
    )


USE = register(
    Kind(
        name="linkage_use",
        title="庁内連携による利用",
        applicant=(Duty.LINKAGE,),
        steps=(
            Step(Duty.APPROVAL, "所管課の承認", office_in="owner_office"),
            Step(Duty.INFORMATION_MANAGEMENT, "情報システム部門の確認"),
        ),
        describe=_describe_use,
        on_approved=_open,
    )
)


# -- affairs of the ordinance ------------------------------------------------------------------------------------------


def apply_for_affair(desk: Desk, affair: OwnAffair) -> Application:
    """Have an own affair put on the list. Raises Refused with every finding, AccessDenied without Duty.LINKAGE."""
    _refuse_incomplete(desk, affair)
    payload = {
        "office": desk.office,
        "dataset": affair.dataset,
        "ordinance": affair.ordinance.strip(),
        "affair": affair.affair.strip(),
        "items": list(affair.items),
        "method": affair.method.value,
        "start": affair.start.isoformat(),
        "end": affair.end.isoformat() if affair.end else None,
    }
    return approvals.apply(desk, AFFAIR, f"{affair.dataset}|{affair.ordinance.strip()}|{desk.office}", payload)


@use_case(Operation.APPLY)
def _refuse_incomplete(desk: Desk, affair: OwnAffair) -> None:
    desk.require(Duty.LINKAGE)
    findings = Findings()
    offered = {item for view in views.views() if view.dataset == affair.dataset for item in view.items}
    if not offered:
        findings.error("LNK-E-030", "dataset", "この連携データはありません。", "一覧から選んでください。")
    if not affair.ordinance.strip():
        findings.error(
            "LNK-E-031", "ordinance", "根拠となる条例の条項がありません。", "番号利用条例の条と別表の項を入力してください。",
            article="番号法第9条第2項",
        )  # fmt: skip
    if not affair.affair.strip():
        findings.error("LNK-E-032", "affair", "事務の名称と目的がありません。", "条例に定める事務を入力してください。")
    if not affair.items or (offered and not set(affair.items) <= offered):
        findings.error("LNK-E-033", "items", "項目がないか、提供できない項目があります。", "一覧から選んでください。")
    if affair.method not in provisions.INSIDE:
        findings.error("LNK-E-034", "method", "庁内連携では扱えない方法です。", "庁内連携システムを選んでください。")
    if affair.end is not None and affair.end <= affair.start:
        findings.error("LNK-E-035", "end", "期間の終わりが始まりより前です。", "日付を確かめてください。")
    findings.raise_if_blocking()


def _describe_affair(payload: dict[str, Any]) -> Lines:
    labels = {item: label for view in views.views() for item, label in view.items.items()}
    return (
        ("部署", _office_name(payload["office"])),
        ("条例", payload["ordinance"]),
        ("事務", payload["affair"]),
        ("項目", "、".join(labels.get(item, item) for item in payload["items"])),
        ("方法", Method(payload["method"]).label),
        ("効力の始まり", payload["start"]),
        ("効力の終わり", payload["end"] or "定めなし"),
    )


def _add_affair(_desk: Desk, application: Application) -> None:
    payload = application.payload
    Affair.objects.create(
        office=payload["office"],
        dataset=payload["dataset"],
        ordinance=payload["ordinance"],
        affair=payload["affair"],
        items=payload["items"],
        method=payload["method"],
        start=date.fromisoformat(payload["start"]),
        end=date.fromisoformat(payload["end"]) if payload["end"] else None,
        application=application,
    )


AFFAIR = register(
    Kind(
        name="linkage_affair",
        title="独自利用事務の登録",
        applicant=(Duty.LINKAGE,),
        steps=(
            Step(Duty.APPROVAL, "所属長の承認"),
            Step(Duty.INFORMATION_MANAGEMENT, "情報システム部門の確認", other_office=True),
        ),
        describe=_describe_affair,
        on_approved=_add_affair,
    )
)


# -- grants ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant as a screen shows it. `state`: 利用できます, or why not."""

    grant: Grant
    title: str
    labels: tuple[str, ...]
    citation: str
    state: str
    is_live: bool
    days_left: int


def state_of(grant: Grant, today: date) -> str:
    """Empty while a grant lives, else why it doesn't, in words."""
    if grant.application.state != State.APPROVED:
        return State(grant.application.state).label
    if GrantEnd.objects.filter(grant=grant).exists():
        return "利用終了"
    if today < grant.start:
        return "期間の前"
    if today > grant.end:
        return "期間満了"
    return ""


@use_case(Operation.VIEW)
def grants(desk: Desk, *, including_ended: bool = False) -> list[GrantLine]:
    """What this desk may know of: its office's grants (LINKAGE), those on views that its office owns (APPROVAL), or all
    (INFORMATION_MANAGEMENT, AUDIT). The next to end first.
    """
    everything = next((duty for duty in (Duty.INFORMATION_MANAGEMENT, Duty.AUDIT) if desk.may(duty)), None)
    rows: Sequence[Grant]
    if everything is not None:
        desk.require(everything)
        rows = list(Grant.objects.select_related("application").order_by("end", "pk"))
    elif desk.may(Duty.APPROVAL):
        desk.require(Duty.APPROVAL)
        rows = [
            row
            for row in Grant.objects.select_related("application").order_by("end", "pk")
            if row.office == desk.office or row.application.payload["owner_office"] == desk.office
        ]
    else:
        desk.require(Duty.LINKAGE)
        rows = list(Grant.objects.filter(office=desk.office).select_related("application").order_by("end", "pk"))
    lines = [line_of(row, desk.today) for row in rows]
    return [line for line in lines if including_ended or line.state in {"", "期間の前"}]


def line_of(grant: Grant, today: date) -> GrantLine:
    view, row, state = views.view_of(grant.view), provision_of(grant.provision), state_of(grant, today)
    labels = view.items if view else {}
    return GrantLine(
        grant=grant,
        title=view.title if view else grant.view,
        labels=tuple(labels.get(item, item) for item in grant.items),
        citation=row.citation if row else grant.provision,
        state=state,
        is_live=not state,
        days_left=(grant.end - today).days,
    )


@use_case(Operation.SETTINGS)
def give_up(desk: Desk, grant_id: int, reason: str) -> None:
    """End a grant of one's own office before its time, for good. Raises AccessDenied, Refused."""
    desk.require(Duty.LINKAGE)
    grant = Grant.objects.filter(pk=grant_id, office=desk.office).select_related("application").first()
    findings = Findings()
    if grant is None:
        findings.error("LNK-E-040", "grant", "あなたの部署の利用承認ではありません。", "一覧から選んでください。")
    elif state_of(grant, desk.today) not in {"", "期間の前"}:
        findings.error("LNK-E-041", "grant", "この利用は既に終わっています。", "一覧を開き直してください。")
    if not reason.strip():
        findings.error("LNK-E-042", "reason", "理由がありません。", "利用を終える理由を入力してください。")
    findings.raise_if_blocking()
    GrantEnd.objects.create(grant_id=grant_id, account=desk.account, reason=reason.strip()[:_TEXT], at=desk.now)
    desk.log(Operation.SETTINGS, target=f"linkage:grant:{grant_id}", act="give_up")


def revoke(desk: Desk, grant_id: int, reason: str) -> None:
    """Take a grant back at once: the owning office, or information management. Raises AccessDenied, Refused."""
    approvals.revoke(desk, _application_to_revoke(desk, grant_id), reason)


@use_case(Operation.DECIDE)
def _application_to_revoke(desk: Desk, grant_id: int) -> int:
    all_offices = desk.may(Duty.INFORMATION_MANAGEMENT)
    desk.require(Duty.INFORMATION_MANAGEMENT if all_offices else Duty.APPROVAL)
    grant = Grant.objects.filter(pk=grant_id).select_related("application").first()
    if grant is None or not (all_offices or grant.application.payload["owner_office"] == desk.office):
        raise Refused(
            [
                Finding(
                    "LNK-E-043", "grant", "あなたの部署が所管する利用承認ではありません。",
                    "所管課か情報システム部門に依頼してください。",
                )
            ]
        )  # fmt: skip
    return int(grant.application_id)
