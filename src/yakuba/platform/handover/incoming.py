"""Taking a file in: opened only when protected, looked at by content, kept sealed until a room took it in or it was refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import sealing

from . import contents, envelope, media, opener, store
from .envelope import Sealer
from .media import SETTINGS
from .models import Act, Inbound, InboundEnd, Medium, Way
from .outgoing import correspondent

_TEXT = 500


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came: from whom, on what (`medium`: serial), what for. `name` is the sender's, shown and never used."""

    name: str
    correspondent: str
    purpose: str
    way: Way = Way.NETWORK
    medium: str = ""


def receive(desk: Desk, arrival: Arrival, source: Path, unwrap: opener.Unwrap) -> Inbound:
    """Open a protected file, inspect its content, keep it sealed, book it. The file at `source` stays where it is.

    Raises Refused with every finding (unprotected, untrue, too large, of another format, a medium that may not be used),
    AccessDenied. What was refused leaves only its trace in the log.
    """
    medium = _check(desk, arrival)
    plain = store.folder() / f"{store.new_name()}.inspecting"
    name, key = store.new_name(), os.urandom(32)
    path = store.path_of(name)
    try:
        try:
            with source.open("rb") as file:
                opener.open_to(file, plain, unwrap)
        except opener.NotOpened as error:
            _refuse(
                desk,
                arrival,
                [Finding("HND-E-060", "file", str(error), "暗号化された受渡しファイルで受け取ってください。")],
            )
        limit: int = SETTINGS.value("inbound_max_mb", int, on=desk.today) * 1_000_000
        kind, findings = contents.inspect(plain, SETTINGS.value("inbound_formats", list, on=desk.today), limit)
        if findings.errors:
            _refuse(desk, arrival, findings.items)
        with store.writing(path) as target, plain.open("rb") as content:
            sealer = Sealer(target, key, [envelope.KEPT], hash_sealed=False)
            while block := content.read(opener.CHUNK_BYTES):
                sealer.write(block)
            sealer.finish()
        return _enter(desk, arrival, medium, name, key, kind, sealer.size, sealer.plain.hexdigest())
    except BaseException:
        store.erase(path)
        raise
    finally:
        store.erase(plain, overwrite=True)


@use_case(Operation.HAND_OVER)
def _check(desk: Desk, arrival: Arrival) -> Medium | None:
    desk.require(Duty.HANDOVER)
    findings, medium = Findings(), None
    sender = correspondent(arrival.correspondent)
    if sender is None or not sender.is_active:
        findings.error(
            "HND-E-031", "correspondent", "登録されていない相手方です。", "情報システム部門に登録を依頼してください。"
        )
    if not arrival.purpose.strip():
        findings.error("HND-E-030", "purpose", "目的がありません。", "授受簿に記録する内容を入力してください。")
    if arrival.way == Way.MEDIUM:
        if SETTINGS.value("media_inbound_allowed", bool, on=desk.today):
            medium, wrong = media.find(desk, arrival.medium)
            findings.extend(wrong)
        else:
            findings.error(
                "HND-E-061", "way", "媒体からの取込みは認められていません。", "ネットワークで受け取ってください。"
            )
    findings.raise_if_blocking()
    return medium


@use_case(Operation.HAND_OVER)
def _refuse(desk: Desk, arrival: Arrival, findings: list[Finding]) -> None:
    """Log what was not let in, and raise it."""
    desk.require(Duty.HANDOVER)
    raise Refused(findings)


@use_case(Operation.HAND_OVER)
def _enter(
    desk: Desk, arrival: Arrival, medium: Medium | None, name: str, key: bytes, kind: str, size: int, digest: str
) -> Inbound:
    desk.require(Duty.HANDOVER)
    row: Inbound = Inbound.objects.create(
        file=name,
        key_sealed=sealing.seal(f"handover:inbound:{name}", key),
        name=Path(arrival.name.replace("\\", "/")).name[:120],
        correspondent=arrival.correspondent,
        way=arrival.way,
        medium=medium,
        purpose=arrival.purpose.strip()[:_TEXT],
        format=kind,
        bytes=size,
        sha256=digest,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        at=desk.now,
    )
    if medium is not None:
        media.note(desk, medium, Act.READ, text=f"受領{row.pk}")
    desk.log(
        Operation.HAND_OVER, target=f"inbound:{row.pk}", act="received", sender=arrival.correspondent, bytes=size,
        sha256=digest, format=kind, way=arrival.way,
    )  # fmt: skip
    return row


def _open(desk: Desk, inbound_id: int) -> Inbound:
    row: Inbound | None = (
        Inbound.objects.select_for_update(of=("self",)).filter(pk=inbound_id, office=desk.office).first()
    )
    if row is None or row.key_sealed is None:
        raise Refused(
            [
                Finding(
                    "HND-E-062", "inbound", "取込みを待っているファイルではありません。", "一覧から選び直してください。"
                )
            ]
        )
    return row


def _chunks(row: Inbound) -> Iterator[bytes]:
    key = sealing.unseal(f"handover:inbound:{row.file}", bytes(row.key_sealed))
    with store.path_of(row.file).open("rb") as source:
        yield from opener.plain_chunks(source, opener.with_file_key(key))


@use_case(Operation.HAND_OVER)
def take_in(desk: Desk, inbound_id: int, consume: Callable[[Iterator[bytes]], str]) -> None:
    """Hand the content to a room, which says in words what became of it; both commit together, then the copy is erased.

    Raises Refused, AccessDenied, and whatever the room raises: the file then stays.
    """
    desk.require(Duty.HANDOVER)
    row = _open(desk, inbound_id)
    _end(desk, row, was_taken_in=True, reason=consume(_chunks(row)))


@use_case(Operation.HAND_OVER)
def refuse(desk: Desk, inbound_id: int, reason: str) -> None:
    """Refuse a received file; its copy is erased. Raises Refused, AccessDenied."""
    desk.require(Duty.HANDOVER)
    row = _open(desk, inbound_id)
    if not reason.strip():
        raise Refused(
            [Finding("HND-E-063", "reason", "受け取らない理由がありません。", "送付元に伝える理由を入力してください。")]
        )
    _end(desk, row, was_taken_in=False, reason=reason.strip())


def _end(desk: Desk, row: Inbound, *, was_taken_in: bool, reason: str) -> None:
    InboundEnd.objects.create(
        inbound=row, was_taken_in=was_taken_in, reason=reason[:_TEXT], account=desk.account, at=desk.now
    )
    row.key_sealed = None
    row.save(update_fields=["key_sealed"])
    path = store.path_of(row.file)
    transaction.on_commit(lambda: store.erase(path) and None)
    act = "taken_in" if was_taken_in else "refused"
    desk.log(Operation.HAND_OVER, target=f"inbound:{row.pk}", act=act, sender=row.correspondent, sha256=row.sha256)


@use_case(Operation.VIEW)
def book(desk: Desk, *, only_open: bool = False) -> list[Inbound]:
    """授受簿（受け取った側）: what waits first, then the newest; at most 500. Own office's with Duty.HANDOVER, else all with
    INFORMATION_MANAGEMENT, SECURITY or AUDIT.
    """
    others = (Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.AUDIT)
    duty = next((duty for duty in others if desk.may(duty)), Duty.HANDOVER)
    desk.require(duty)
    rows = Inbound.objects.select_related("ended", "medium").defer("key_sealed").order_by("-pk")
    if duty is Duty.HANDOVER:
        rows = rows.filter(office=desk.office)
    if only_open:
        rows = rows.filter(ended=None)
    return sorted(rows[:500], key=lambda row: hasattr(row, "ended"))
