"""Handing a file out: made sealed, allowed by others where it must be, sealed anew to its recipient, booked, and receipted.

The content is never on a disk in clear. What is made (`prepare`) is sealed under a key that the vault keeps; handing it out
(`release`) opens it chunk by chunk into a file that only the recipient opens, and erases key and draft.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.kinds import Kind, Lines, Step, register
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import sealing

from . import envelope, media, opener, store
from .envelope import Sealer, Writable
from .media import SETTINGS
from .models import Act, Correspondent, Draft, DraftEnd, Medium, Outcome, Receipt, Release, Way

MIN_PASSPHRASE = 12
_TEXT = 500
_MAY_SEE_BOOK = (Duty.HANDOVER, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.AUDIT, Duty.DISCLOSURE)


@dataclass(frozen=True, slots=True)
class Order:
    """What shall leave. `source`: name of the extraction; `name`: what the recipient's file is called; `medium`: serial."""

    source: str
    name: str
    correspondent: str
    purpose: str
    law: str
    way: Way = Way.NETWORK
    medium: str = ""
    with_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written: rows of the file, and of how many persons."""

    rows: int
    persons: int


# -- who is at the other end -------------------------------------------------------------------------------------------


def correspondent(code: str) -> Correspondent | None:
    """The recipient of that code as it is now."""
    found: Correspondent | None = Correspondent.objects.filter(code=code).order_by("-pk").first()
    return found


def correspondents() -> list[Correspondent]:
    latest: dict[str, Correspondent] = {}
    for row in Correspondent.objects.order_by("pk"):
        latest[row.code] = row
    return [row for _, row in sorted(latest.items()) if row.is_active]


@use_case(Operation.SETTINGS)
def name_correspondent(
    desk: Desk, code: str, name: str, certificate: str = "", *, is_active: bool = True
) -> Correspondent:
    """Register or change a recipient; its certificate decides who can open. Raises Refused, AccessDenied."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    findings, fingerprint = Findings(), ""
    if not (code.isascii() and code.replace("-", "").isalnum() and len(code) <= 20):
        findings.error("HND-E-020", "code", "相手方の符号が正しくありません。", "英数字20字までで入力してください。")
    if not name.strip():
        findings.error("HND-E-021", "name", "相手方の名称がありません。", "団体名と部署を入力してください。")
    if certificate.strip():
        try:
            read = envelope.certificate(certificate.encode())
            fingerprint = read.fingerprint
            if read.not_after is not None and not read.not_before <= desk.now <= read.not_after:
                findings.error(
                    "HND-E-022", "certificate", "証明書の有効期間の外です。", "有効な証明書を受け取ってください。"
                )
        except envelope.UnusableKey as error:
            findings.error("HND-E-023", "certificate", str(error), "相手方に確かめてください。")
    findings.raise_if_blocking()
    row: Correspondent = Correspondent.objects.create(
        code=code, name=name.strip()[:_TEXT], certificate=certificate.strip(), fingerprint=fingerprint,
        is_active=is_active, account=desk.account, at=desk.now,
    )  # fmt: skip
    desk.log(Operation.SETTINGS, target=f"correspondent:{code}", fingerprint=fingerprint, active=is_active)
    return row


# -- making ------------------------------------------------------------------------------------------------------------


def prepare(desk: Desk, order: Order, write: Callable[[Writable], Counts]) -> Draft:
    """Make a file, sealed, by `write`, which the room gives. Applies for the approval where one is needed.

    Raises Refused with everything that stands against the order before anything is made, AccessDenied.
    """
    check_order(desk, order)
    name, key = store.new_name(), os.urandom(32)
    path = store.path_of(name)
    try:
        with store.writing(path) as file:
            sealer = Sealer(file, key, [envelope.KEPT], hash_sealed=False)
            counts = write(sealer)
            sealer.finish()
        draft = _enter(desk, order, name, key, counts, sealer)
    except BaseException:
        store.erase(path)
        raise
    if draft.needs_approval:
        apply_for_release(desk, draft.pk)
    return draft


def prepare_file(desk: Desk, order: Order, plain: Path, counts: Counts) -> Draft:
    """`prepare` of a file that lies there in clear; it is overwritten and gone afterwards, looked after. Raises NotErased."""

    def write(target: Writable) -> Counts:
        with plain.open("rb") as source:
            while block := source.read(opener.CHUNK_BYTES):
                target.write(block)
        return counts

    draft = prepare(desk, order, write)
    store.erase(plain, overwrite=True)
    return draft


@use_case(Operation.HAND_OVER)
def check_order(desk: Desk, order: Order) -> None:
    """What `prepare` asks first. Raises Refused with everything that stands against the order, AccessDenied."""
    desk.require(Duty.HANDOVER)
    findings = Findings()
    for field, label, text in (
        ("purpose", "目的", order.purpose), ("law", "根拠", order.law), ("source", "データの名称", order.source),
        ("name", "ファイルの名称", order.name),
    ):  # fmt: skip
        if not text.strip():
            findings.error("HND-E-030", field, f"{label}がありません。", "授受簿に記録する内容を入力してください。")
    findings.extend(_wrong_recipient(desk, order.correspondent))
    _, wrong = _medium(desk, order.way, order.medium)
    findings.extend(wrong)
    findings.raise_if_blocking()


def _wrong_recipient(desk: Desk, code: str) -> Iterator[Finding]:
    row = correspondent(code)
    if row is None or not row.is_active:
        yield Finding(
            "HND-E-031",
            "correspondent",
            "登録されていない相手方です。",
            "情報システム部門に相手方の登録を依頼してください。",
        )
    elif row.certificate:
        read = envelope.certificate(row.certificate.encode())
        if read.not_after is not None and not read.not_before <= desk.now <= read.not_after:
            yield Finding(
                "HND-E-032",
                "correspondent",
                "相手方の証明書の有効期間が切れています。",
                "新しい証明書を登録してください。",
            )


def _medium(desk: Desk, way: Way, serial: str) -> tuple[Medium | None, list[Finding]]:
    if way != Way.MEDIUM:
        if serial.strip():
            return None, [
                Finding(
                    "HND-E-033",
                    "medium",
                    "媒体を使わない方法です。",
                    "方法を「電子記録媒体」にするか、媒体を空けてください。",
                )
            ]
        return None, []
    if not SETTINGS.value("media_allowed", bool, on=desk.today):
        return None, [
            Finding("HND-E-034", "way", "媒体への書出しは認められていません。", "ネットワークで渡してください。")
        ]
    return media.find(desk, serial)


@use_case(Operation.HAND_OVER)
def _enter(desk: Desk, order: Order, name: str, key: bytes, counts: Counts, sealer: Sealer) -> Draft:
    desk.require(Duty.HANDOVER)
    medium, _ = _medium(desk, order.way, order.medium)
    limit: int = SETTINGS.value("approval_from_persons", int, on=desk.today)
    draft: Draft = Draft.objects.create(
        file=name,
        key_sealed=sealing.seal(f"handover:draft:{name}", key),
        source=order.source.strip(),
        name=Path(order.name.strip()).name[:120],
        correspondent=order.correspondent,
        way=order.way,
        medium=medium,
        purpose=order.purpose.strip()[:_TEXT],
        law=order.law.strip()[:_TEXT],
        persons=counts.persons,
        rows=counts.rows,
        bytes=sealer.size,
        sha256=sealer.plain.hexdigest(),
        with_numbers=order.with_numbers,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        at=desk.now,
        needs_approval=counts.persons >= limit or order.way == Way.MEDIUM,
    )
    desk.log(
        Operation.EXPORT, target=order.source, state="prepared", draft=draft.pk, rows=counts.rows,
        persons=counts.persons, sha256=draft.sha256, individual_numbers=order.with_numbers,
    )  # fmt: skip
    return draft


# -- allowing ----------------------------------------------------------------------------------------------------------


def _describe(payload: dict[str, Any]) -> Lines:
    return (
        ("データ", payload["source"]),
        ("ファイル", payload["name"]),
        ("人数と行数", f"{payload['persons']:,}人、{payload['rows']:,}行"),
        ("個人番号", "含む" if payload["with_numbers"] else "含まない"),
        ("渡す相手", payload["to"]),
        ("方法", payload["way"]),
        ("媒体と端末", payload["medium"]),
        ("目的", payload["purpose"]),
        ("根拠", payload["law"]),
        ("内容のSHA-256", payload["sha256"]),
    )


RELEASE = register(
    Kind(
        name="handover_release",
        title="大量のデータの出力・媒体への書出し",
        applicant=(Duty.HANDOVER,),
        steps=(Step(Duty.APPROVAL, "管理責任者の承認"),),
        describe=_describe,
        valid_for=timedelta(days=7),
        uses=1,
    )
)


def apply_for_release(desk: Desk, draft_id: int) -> Application:
    """Apply for the approval of a draft, bound to its content. Raises Refused, AccessDenied."""
    payload = _release_payload(desk, draft_id)
    return approvals.apply(desk, RELEASE, f"draft:{draft_id}", payload, bytes.fromhex(payload["sha256"]))


@use_case(Operation.APPLY)
def _release_payload(desk: Desk, draft_id: int) -> dict[str, Any]:
    desk.require(Duty.HANDOVER)
    draft = _open_draft(desk, draft_id)
    to = correspondent(draft.correspondent)
    return {
        "source": draft.source, "name": draft.name, "persons": draft.persons, "rows": draft.rows,
        "with_numbers": draft.with_numbers, "to": to.name if to else draft.correspondent,
        "way": Way(draft.way).label, "purpose": draft.purpose, "law": draft.law, "sha256": draft.sha256,
        "medium": f"{draft.medium.label}・端末 {draft.terminal}" if draft.medium else "なし",
    }  # fmt: skip


def _open_draft(desk: Desk, draft_id: int) -> Draft:
    """A draft of the desk's office that still waits. Raises Refused."""
    draft: Draft | None = Draft.objects.select_for_update(of=("self",)).filter(pk=draft_id, office=desk.office).first()
    if draft is None:
        raise Refused(
            [
                Finding(
                    "HND-E-040", "draft", "あなたの部署が準備したファイルではありません。", "一覧から選んでください。"
                )
            ]
        )
    if draft.key_sealed is None or DraftEnd.objects.filter(draft=draft).exists():
        raise Refused(
            [Finding("HND-E-041", "draft", "渡し終えたか、取りやめたファイルです。", "授受簿を確かめてください。")]
        )
    return draft


# -- handing out -------------------------------------------------------------------------------------------------------


def release(
    desk: Desk, draft_id: int, *, target: Path | None = None, passphrase: str = "", witness: str = ""
) -> Release:
    """Seal a draft to its recipient, book it, and erase the draft. The file lies in `target` (a file that is not there yet),
    or in the house until its receipt (`fetch`).

    Raises Refused with everything that stands against it, AccessDenied. Nothing is left behind by a failure.
    """
    path = target or store.path_of(store.new_name())
    if path.exists():
        raise Refused(
            [Finding("HND-E-042", "target", "同じ名前のファイルがあります。", "別の名前を指定してください。")]
        )
    try:
        return _release(desk, draft_id, path, passphrase, witness, is_kept=target is None)
    except BaseException:
        store.erase(path)
        raise


@use_case(Operation.HAND_OVER)
def _release(desk: Desk, draft_id: int, path: Path, passphrase: str, witness: str, *, is_kept: bool) -> Release:
    desk.require(Duty.HANDOVER)
    draft = _open_draft(desk, draft_id)
    findings = Findings()
    findings.extend(_wrong_recipient(desk, draft.correspondent))
    to = correspondent(draft.correspondent)
    if to is not None and to.is_active and not to.certificate and len(passphrase) < MIN_PASSPHRASE:
        findings.error(
            "HND-E-043", "passphrase", f"相手方の証明書がないときは、{MIN_PASSPHRASE}字以上のパスフレーズが要ります。",
            "ファイルとは別の方法で相手方に伝えるパスフレーズを入力してください。",
        )  # fmt: skip
    _check_medium(findings, desk, draft, witness.strip())
    days: int = SETTINGS.value("draft_days", int, on=desk.today)
    if draft.at + timedelta(days=days) < desk.now:
        findings.error("HND-E-044", "draft", f"準備から{days}日を過ぎています。", "取りやめて、準備し直してください。")
    findings.raise_if_blocking()
    assert to is not None
    application = None
    if draft.needs_approval:
        application = approvals.use(desk, RELEASE, f"draft:{draft.pk}", bytes.fromhex(draft.sha256))
    digest, size, sealed_to = _seal_to(draft, to, passphrase, path)
    receipt_days: int = SETTINGS.value("receipt_days", int, on=desk.today)
    row: Release = Release.objects.create(
        draft=draft,
        application=application,
        sealed_to=sealed_to,
        sealed_sha256=digest,
        sealed_bytes=size,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        witness=witness.strip(),
        at=desk.now,
        due=desk.today + timedelta(days=receipt_days),
        file=path.name if is_kept else "",
    )
    if draft.medium is not None:
        media.note(desk, draft.medium, Act.WRITTEN, text=f"授受簿{row.pk}", by=application)
    _end(desk, draft, was_released=True)
    desk.log(
        Operation.HAND_OVER, target=f"release:{row.pk}", source=draft.source, to=draft.correspondent,
        persons=draft.persons, rows=draft.rows, sha256=draft.sha256, sealed_sha256=digest, way=draft.way,
        medium=draft.medium.label if draft.medium else "", law=draft.law, witness=row.witness,
        individual_numbers=draft.with_numbers,
    )  # fmt: skip
    return row


def _check_medium(findings: Findings, desk: Desk, draft: Draft, witness: str) -> None:
    if draft.way != Way.MEDIUM:
        return
    _, wrong = _medium(desk, Way.MEDIUM, draft.medium.serial if draft.medium else "")
    findings.extend(wrong)
    if desk.terminal != draft.terminal:
        findings.error("HND-E-045", "terminal", "申請した端末と違います。", "申請した端末で行ってください。")
    if SETTINGS.value("witness_needed", bool, on=desk.today):
        seen = Account.objects.filter(login=witness, is_active=True).exists()
        if not seen or witness == desk.account:
            findings.error(
                "HND-E-046",
                "witness",
                "立会いの職員がいないか、操作する人と同じです。",
                "別の職員の利用者IDを入力してください。",
            )


def _draft_chunks(draft: Draft) -> Iterator[bytes]:
    key = sealing.unseal(f"handover:draft:{draft.file}", bytes(draft.key_sealed))
    with store.path_of(draft.file).open("rb", buffering=0) as source:
        yield from opener.plain_chunks(source, opener.with_file_key(key))


def _seal_to(draft: Draft, to: Correspondent, passphrase: str, path: Path) -> tuple[str, int, str]:
    """Write the recipient's file: its SHA-256, its size, and to what it was sealed."""
    key = os.urandom(32)
    if to.certificate:
        read = envelope.certificate(to.certificate.encode())
        wrapped, sealed_to = envelope.to_certificate(key, read), read.fingerprint
    else:
        wrapped, sealed_to = envelope.to_passphrase(key, passphrase), "passphrase"
    with store.writing(path) as file:
        sealer = Sealer(file, key, [wrapped], hash_plain=False)
        for chunk in _draft_chunks(draft):
            sealer.write(chunk)
        sealer.finish()
    if sealer.size != draft.bytes:
        raise RuntimeError("the draft is not what was prepared")
    return sealer.sealed.hexdigest(), path.stat().st_size, sealed_to


def _end(desk: Desk, draft: Draft, *, was_released: bool, reason: str = "") -> None:
    """The draft's key goes with this transaction, its file after the commit."""
    DraftEnd.objects.create(
        draft=draft, was_released=was_released, reason=reason[:_TEXT], account=desk.account, at=desk.now
    )
    draft.key_sealed = None
    draft.save(update_fields=["key_sealed"])
    path = store.path_of(draft.file)
    transaction.on_commit(lambda: store.erase(path) and None)


@use_case(Operation.HAND_OVER)
def discard(desk: Desk, draft_id: int, reason: str) -> None:
    """Throw a draft away. Raises Refused, AccessDenied."""
    desk.require(Duty.HANDOVER)
    draft = _open_draft(desk, draft_id)
    if not reason.strip():
        raise Refused([Finding("HND-E-047", "reason", "取りやめる理由がありません。", "理由を入力してください。")])
    _end(desk, draft, was_released=False, reason=reason.strip())
    desk.log(Operation.HAND_OVER, target=f"draft:{draft.pk}", act="discarded", source=draft.source)


@use_case(Operation.HAND_OVER)
def fetch(desk: Desk, release_id: int) -> Path:
    """The file of a release that the house still keeps, sealed to its recipient. Raises Refused, AccessDenied."""
    desk.require(Duty.HANDOVER)
    row = Release.objects.filter(pk=release_id, office=desk.office).first()
    if row is None or not row.file or Receipt.objects.filter(release=row).exists():
        raise Refused(
            [
                Finding(
                    "HND-E-048", "release", "この役場に保管している受渡しファイルではありません。",
                    "受領が確認されたファイルは消去されています。授受簿を確かめてください。",
                )
            ]
        )  # fmt: skip
    desk.log(Operation.HAND_OVER, target=f"release:{row.pk}", act="fetched")
    return store.path_of(row.file)


# -- the recipient's word ----------------------------------------------------------------------------------------------


@use_case(Operation.HAND_OVER)
def confirm(desk: Desk, release_id: int, outcome: Outcome, person: str, *, sha256: str = "", note: str = "") -> Receipt:
    """Close a release by what the recipient said. 受領 wants the SHA-256 of the file that arrived. Raises Refused."""
    desk.require(Duty.HANDOVER)
    row = Release.objects.select_related("draft").filter(pk=release_id, office=desk.office).first()
    findings = Findings()
    if row is None or Receipt.objects.filter(release=row).exists():
        findings.error("HND-E-050", "release", "受領を待っている授受ではありません。", "授受簿を確かめてください。")
    if not person.strip():
        findings.error(
            "HND-E-051", "person", "相手方の確認者がありません。", "受け取った人の所属と氏名を入力してください。"
        )
    stated = sha256.strip().lower()
    if outcome is Outcome.RECEIVED and row is not None and stated != row.sealed_sha256:
        findings.error(
            "HND-E-052", "sha256", "相手方が示した SHA-256 が、渡したファイルと違います。",
            "相手方に確かめ、別のファイルが届いていれば「未着・紛失」として記録してください。",
        )  # fmt: skip
    if outcome is not Outcome.RECEIVED and not note.strip():
        findings.error("HND-E-053", "note", "経過がありません。", "何が起きたかを入力してください。")
    findings.raise_if_blocking()
    assert row is not None
    receipt: Receipt = Receipt.objects.create(
        release=row, outcome=outcome, person=person.strip()[:200], sha256=stated[:64], note=note.strip()[:_TEXT],
        account=desk.account, at=desk.now,
    )  # fmt: skip
    if row.file:
        path = store.path_of(row.file)
        transaction.on_commit(lambda: store.erase(path) and None)
    desk.log(Operation.HAND_OVER, target=f"release:{row.pk}", act=f"receipt:{outcome}", person=person.strip())
    return receipt


# -- the book ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookLine:
    """A release as 授受簿 shows it."""

    release: Release
    draft: Draft
    to: str
    receipt: Receipt | None
    outcome: str
    is_overdue: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft that waits: for its approval, or for somebody to hand it out."""

    draft: Draft
    to: str
    state: str
    is_overdue: bool


@use_case(Operation.VIEW)
def book(desk: Desk, *, first: date | None = None, last: date | None = None, only_open: bool = False) -> list[BookLine]:
    """授受簿: releases of a span of days (both included), open ones that are overdue first, then the newest; at most 500.

    One's own office's with Duty.HANDOVER; all with INFORMATION_MANAGEMENT, SECURITY, AUDIT or DISCLOSURE.
    """
    duty = next((duty for duty in reversed(_MAY_SEE_BOOK) if desk.may(duty)), Duty.HANDOVER)
    desk.require(duty)
    rows = Release.objects.select_related("draft", "receipt").defer("draft__key_sealed").order_by("-pk")
    if duty is Duty.HANDOVER:
        rows = rows.filter(office=desk.office)
    if first is not None:
        rows = rows.filter(at__date__gte=first)
    if last is not None:
        rows = rows.filter(at__date__lte=last)
    if only_open:
        rows = rows.filter(receipt=None)
    lines = []
    for row in rows[:500]:
        receipt, to = getattr(row, "receipt", None), correspondent(row.draft.correspondent)
        lines.append(
            BookLine(
                release=row,
                draft=row.draft,
                to=to.name if to else row.draft.correspondent,
                receipt=receipt,
                outcome=Outcome(receipt.outcome).label if receipt else "受領の確認待ち",
                is_overdue=receipt is None and row.due < desk.today,
                is_here=bool(row.file) and receipt is None,
            )
        )
    desk.log(Operation.VIEW, target="handover:book", count=len(lines))
    return sorted(lines, key=lambda line: not line.is_overdue)


@use_case(Operation.VIEW)
def waiting(desk: Desk) -> list[DraftLine]:
    """Drafts of one's office that are neither handed out nor thrown away, oldest first."""
    desk.require(Duty.HANDOVER)
    days: int = SETTINGS.value("draft_days", int, on=desk.today)
    lines = []
    for draft in Draft.objects.filter(office=desk.office, ended=None).select_related("medium").order_by("pk"):
        to, state = correspondent(draft.correspondent), "渡せます"
        if draft.needs_approval:
            last = Application.objects.filter(kind=RELEASE.name, about=f"draft:{draft.pk}").order_by("-pk").first()
            state = last.get_state_display() if last else "承認の申請前"
            if last is not None and last.state == "approved" and last.expires_at <= desk.now:
                state = "承認の期限切れ"
        lines.append(
            DraftLine(
                draft, to.name if to else draft.correspondent, state,
                (draft.at + timedelta(days=days)).astimezone(JAPAN).date() < desk.today,
            )
        )  # fmt: skip
    return lines
