"""Books of what has a place and an end: forms (帳票), material at a contractor's, disks and equipment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .media import DISPOSAL
from .models import Item, ItemStep, Ledger, Step

_TEXT = 500
_MAY_SEE = (Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.AUDIT, Duty.RETENTION)


@dataclass(frozen=True, slots=True)
class NewItem:
    """`number`: form id, contract and delivery, or serial number; `keep_until`: last day, None while it is lent out."""

    ledger: Ledger
    number: str
    title: str
    count: int
    holder: str
    place: str
    keep_until: date | None = None


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item with where it is now. `is_overdue`: its period is over and it is still here."""

    item: Item
    steps: tuple[ItemStep, ...]
    holder: str
    place: str
    state: str
    is_open: bool
    is_overdue: bool


@use_case(Operation.HAND_OVER)
def enter(desk: Desk, new: NewItem) -> Item:
    """Put something into its book. Raises Refused with every finding, AccessDenied without Duty.HANDOVER."""
    desk.require(Duty.HANDOVER)
    findings = Findings()
    for name, label, text in (
        ("number", "番号", new.number), ("title", "名称", new.title), ("holder", "保管者", new.holder),
        ("place", "保管場所", new.place),
    ):  # fmt: skip
        if not text.strip():
            findings.error("HND-E-090", name, f"{label}がありません。", "管理簿に記録する内容を入力してください。")
    if new.count < 1:
        findings.error("HND-E-091", "count", "数量が正しくありません。", "1以上の数を入力してください。")
    if new.ledger is Ledger.FORMS and new.keep_until is None:
        findings.error(
            "HND-E-092", "keep_until", "保存期間の終わりがありません。", "文書の保存年限から入力してください。"
        )
    if Item.objects.filter(ledger=new.ledger, number=new.number.strip()).exists():
        findings.error("HND-E-093", "number", "この番号は管理簿にあります。", "番号を確かめてください。")
    findings.raise_if_blocking()
    item: Item = Item.objects.create(
        ledger=new.ledger, number=new.number.strip()[:60], title=new.title.strip()[:_TEXT], count=new.count,
        holder=new.holder.strip()[:200], place=new.place.strip()[:200], keep_until=new.keep_until,
        account=desk.account, office=desk.office, at=desk.now,
    )  # fmt: skip
    desk.log(Operation.HAND_OVER, target=f"ledger:{new.ledger}:{item.pk}", act="entered", number=item.number)
    return item


def apply_for_disposal(desk: Desk, item_id: int, method: str, reason: str) -> Application:
    """Apply for the disposal or return of equipment in the book of disks. Raises Refused, AccessDenied."""
    payload = _disposal_payload(desk, item_id, method, reason)
    return approvals.apply(desk, DISPOSAL, f"item:{item_id}", payload)


@use_case(Operation.APPLY)
def _disposal_payload(desk: Desk, item_id: int, method: str, reason: str) -> dict[str, str]:
    desk.require(Duty.HANDOVER)
    item = _item(desk, item_id)
    if not method.strip() or not reason.strip():
        raise Refused(
            [Finding("HND-E-019", "method", "方法か理由がありません。", "消去・破壊の方法と理由を入力してください。")]
        )
    return {"what": f"{item.title}（{item.number}）", "method": method.strip()[:200], "reason": reason.strip()[:_TEXT]}


def _item(desk: Desk, item_id: int) -> Item:
    item: Item | None = Item.objects.filter(pk=item_id, office=desk.office).first()
    if item is None:
        raise Refused([Finding("HND-E-094", "item", "あなたの部署の管理簿にありません。", "一覧から選んでください。")])
    return item


@use_case(Operation.HAND_OVER)
def record(
    desk: Desk,
    item_id: int,
    step: Step,
    count: int,
    *,
    holder: str = "",
    place: str = "",
    method: str = "",
    note: str = "",
) -> ItemStep:
    """One step of an item. What ends it wants: forms, their period over and a method; a contractor's, the verification
    (VERIFIED, the same count) before; disks, the approval of the security officer and a method. Raises Refused.
    """
    desk.require(Duty.HANDOVER)
    item = _item(desk, item_id)
    steps = list(ItemStep.objects.filter(item=item).order_by("pk"))
    findings = Findings()
    if any(Step(done.step).is_end for done in steps):
        findings.error("HND-E-095", "item", "既に返却・廃棄が記録されています。", "管理簿を確かめてください。")
    if count != item.count and step is not Step.CHECKED:
        findings.error(
            "HND-E-096",
            "count",
            f"管理簿の数量（{item.count}）と違います。",
            "数え直し、違うときは「点検」で記録してください。",
        )
    if step is Step.CHECKED and count != item.count and not note.strip():
        findings.error("HND-E-097", "note", "数量が違う理由がありません。", "経過を入力してください。")
    if step is Step.MOVED and not (holder.strip() and place.strip()):
        findings.error("HND-E-098", "place", "移動先がありません。", "保管者と保管場所を入力してください。")
    if step is Step.DISPOSED and not method.strip():
        findings.error("HND-E-018", "method", "消去の方法がありません。", "どの方法で消去したかを入力してください。")
    if step.is_end:
        _check_end(findings, desk, item, steps, step)
    findings.raise_if_blocking()
    application = None
    if step.is_end and item.ledger == Ledger.DISKS:
        application = approvals.use(desk, DISPOSAL, f"item:{item.pk}")
    done: ItemStep = ItemStep.objects.create(
        item=item, step=step, count=count, holder=holder.strip()[:200], place=place.strip()[:200],
        method=method.strip()[:200], note=note.strip()[:_TEXT], account=desk.account, at=desk.now,
        application=application,
    )  # fmt: skip
    desk.log(Operation.HAND_OVER, target=f"ledger:{item.ledger}:{item.pk}", act=step.value, count=count, method=method)
    return done


def _check_end(findings: Findings, desk: Desk, item: Item, steps: list[ItemStep], step: Step) -> None:
    if item.ledger == Ledger.FORMS and step is Step.DISPOSED and item.keep_until and desk.today <= item.keep_until:
        findings.error(
            "HND-E-099",
            "item",
            "保存期間が終わっていません。",
            f"{item.keep_until.isoformat()} の後に廃棄してください。",
        )
    if item.ledger == Ledger.CONTRACTOR and not any(done.step == Step.VERIFIED for done in steps):
        findings.error(
            "HND-E-100", "item", "提供内容との一致又は消去の確認が記録されていません。", "先に確認を記録してください。"
        )


@use_case(Operation.VIEW)
def book(desk: Desk, ledger: Ledger, *, only_open: bool = True) -> list[ItemLine]:
    """A book: overdue items first, then by number. One's office's; all with INFORMATION_MANAGEMENT, SECURITY, AUDIT, RETENTION."""
    duty = next((duty for duty in _MAY_SEE if desk.may(duty)), Duty.HANDOVER)
    desk.require(duty)
    rows = Item.objects.filter(ledger=ledger).prefetch_related("steps").order_by("number")
    if duty is Duty.HANDOVER:
        rows = rows.filter(office=desk.office)
    lines = []
    for item in rows:
        steps = tuple(sorted(item.steps.all(), key=lambda step: step.pk))
        ended = next((step for step in steps if Step(step.step).is_end), None)
        moved = next((step for step in reversed(steps) if step.step == Step.MOVED), None)
        if only_open and ended:
            continue
        lines.append(
            ItemLine(
                item, steps, moved.holder if moved else item.holder, moved.place if moved else item.place,
                Step(ended.step).label if ended else "保管中", ended is None,
                ended is None and item.keep_until is not None and item.keep_until < desk.today,
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: not line.is_overdue)
