"""The register as a file: the current state of every person, in the format that the import reads."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.handover import outgoing
from yakuba.platform.handover.envelope import Writable
from yakuba.platform.handover.models import Draft
from yakuba.platform.handover.outgoing import Counts, Order
from yakuba.platform.protection.passing import withheld
from yakuba.platform.transactions import log_denial
from yakuba.platform.vault import store as vault

from ..exits import EXPORT_FILE
from ..items import BY_NAME, Kind
from .layout import COLUMNS, HEADER
from .manifest import Manifest, manifest_path, manifest_text

Progress = Callable[[str, int, int | None], None]

EXPORT = "台帳の書出し"
_CHUNK_ROWS = 50_000


def export(
    desk: Desk, path: Path, progress: Progress | None = None, *, with_individual_numbers: bool = False
) -> Manifest:
    """Write every person, ordered by 宛名番号, and the manifest beside, in clear; both whole or not at all, ours to read only.

    For the owner of the machine; what leaves the house goes by `prepare`.

    Needs Duty.BULK, and Duty.INDIVIDUAL_NUMBER for the 個人番号. All rows are of one moment. Whom protection withholds is
    left out and counted in the log, unless the desk has Duty.PROTECTION. Raises Refused when the file is there already or
    can't be written, or when somebody came under protection meanwhile.
    """
    _require(desk, with_individual_numbers=with_individual_numbers)
    tell = progress or (lambda stage, done, total: None)
    for file in (path, manifest_path(path)):
        if file.exists():
            raise Refused(
                [
                    Finding(
                        "RES-E-380", file.name, "同じ名前のファイルがあります。", "別の名前を指定するか、先に片付けてください。"
                    )
                ]
            )  # fmt: skip
    desk.log(
        Operation.EXPORT,
        target="residents",
        state="started",
        file=path.name,
        individual_numbers=with_individual_numbers,
    )
    with _draft(path) as draft:
        manifest, left_out = _write_all(draft, desk, tell, path.name, with_individual_numbers=with_individual_numbers)
        # Logged before anybody can open the file: a list that left the house without a trace doesn't exist.
        desk.log(
            Operation.EXPORT,
            target="residents",
            state="finished",
            file=path.name,
            individual_numbers=with_individual_numbers,
            withheld=left_out,
            plain=True,
            **asdict(manifest),
        )
    with _draft(manifest_path(path)) as draft:
        draft.write(manifest_text(manifest).encode())
    return manifest


def prepare(
    desk: Desk, order: Order, progress: Progress | None = None, *, with_individual_numbers: bool = False
) -> Draft:
    """The same file, never in clear on a disk: sealed in the house until `handover.outgoing.release` hands it out.

    Needs Duty.HANDOVER besides. Raises Refused, AccessDenied.
    """
    _require(desk, with_individual_numbers=with_individual_numbers)
    tell = progress or (lambda stage, done, total: None)

    def write(target: Writable) -> Counts:
        manifest, _ = _write_all(target, desk, tell, order.name, with_individual_numbers=with_individual_numbers)
        return Counts(rows=manifest.rows, persons=manifest.rows)

    wanted = replace(order, source="residents", with_numbers=with_individual_numbers)
    return outgoing.prepare(desk, wanted, write)


def _require(desk: Desk, *, with_individual_numbers: bool) -> None:
    try:
        desk.require(Duty.BULK)
        if with_individual_numbers:
            desk.require(Duty.INDIVIDUAL_NUMBER)
    except AccessDenied as denial:
        log_denial(desk, Operation.EXPORT, denial)
        raise


class _draft:  # noqa: N801 -- used as a function
    """A file (0600) that gets its name when all of it is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> BinaryIO:
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        except OSError as error:
            raise Refused(
                [
                    Finding(
                        "RES-E-381", self.path.name, f"ファイルを書けません（{error.strerror}）。",
                        "フォルダの名前と、書込みの権限を確認してください。",
                    )
                ]
            ) from error  # fmt: skip
        self.name = Path(name)
        self.file = os.fdopen(descriptor, "wb")
        return self.file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            if kind is None:
                self.name.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                self.name.unlink()


def _write_all(
    file: Writable, desk: Desk, tell: Progress, name: str, *, with_individual_numbers: bool
) -> tuple[Manifest, int]:
    """Write the register without whom protection withholds: the manifest, and how many were left out."""
    before = _withheld(desk)
    manifest = _write(file, desk, tell, before, with_individual_numbers=with_individual_numbers)
    if _withheld(desk) - before:
        raise Refused(
            [
                Finding(
                    "RES-E-382", name, "書出しの間に、支援措置等の対象の方が増えました。ファイルは作っていません。",
                    "もう一度書き出してください。",
                )
            ]
        )  # fmt: skip
    return manifest, len(before)


def _withheld(desk: Desk) -> frozenset[int]:
    with desk.acting(Duty.BULK):
        return withheld(desk, EXPORT_FILE)


def _write(
    file: Writable, desk: Desk, tell: Progress, without: frozenset[int], *, with_individual_numbers: bool
) -> Manifest:
    head = HEADER + b"\n"
    file.write(head)
    digest, size, rows = hashlib.sha256(head), len(head), 0
    # No text of the register can hold the mark: it is drawn anew for each export.
    mark = f"{secrets.token_hex(16)}:" if with_individual_numbers else ""
    vault_ids = re.compile(mark.encode() + b"([0-9]+)") if mark else None
    inside = connection.in_atomic_block
    with desk.acting(Duty.BULK), connection.cursor() as cursor:
        if not inside:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL datestyle = 'ISO'")
        cursor.execute("SELECT count(*) FROM residents_resident")
        (total,) = cursor.fetchone()
        for count, data in _chunks(cursor, _statement(mark), without):
            if data.count(b"\n") != count:
                raise RuntimeError("台帳の文字に改行があり、一人を一行に書けません。")
            if vault_ids is not None:
                data = _in_clear(data, vault_ids, desk)
            file.write(data)
            digest.update(data)
            size, rows = size + len(data), rows + count
            tell(EXPORT, rows, total)
    return Manifest(rows, size, digest.hexdigest())


def _in_clear(data: bytes, vault_ids: re.Pattern[bytes], desk: Desk) -> bytes:
    """The rows with the number in the place of each id of the vault."""
    numbers = iter(vault.unseal_many(desk, [int(found) for found in vault_ids.findall(data)]))
    return vault_ids.sub(lambda _: next(numbers).encode(), data)


def _statement(mark: str) -> str:
    columns = ", ".join(_column(name, mark) for name in COLUMNS)
    return (
        f"SELECT {columns} FROM residents_resident r"
        f" JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
    )


def _column(name: str, mark: str) -> str:
    """The item as the file writes it."""
    item = BY_NAME.get(name)
    match item.kind if item else None:
        case None:
            return "lpad(r.number::text, 15, '0')" if name == "number" else "v.valid_from"
        case Kind.HOUSEHOLD:
            return f"lpad(v.{name}::text, 15, '0')"
        case Kind.FLAG:
            return f"v.{name}::integer"
        case Kind.VAULT:
            return f"'{mark}' || v.{name}" if mark else "NULL"
        case _:
            return f"v.{name}"


def _chunks(cursor: Any, statement: str, without: frozenset[int]) -> Iterator[tuple[int, bytes]]:
    """How many persons, and their rows, in the order of 宛名番号; without those that are withheld."""
    last = 0
    others = f"<> ALL('{{{','.join(map(str, sorted(without)))}}}'::bigint[])"
    while True:
        cursor.execute(
            "SELECT max(number), count(*) FROM"
            f" (SELECT number FROM residents_resident WHERE number > %s AND number {others} ORDER BY number LIMIT %s) persons",
            [last, _CHUNK_ROWS],
        )
        top, count = cursor.fetchone()
        if not count:
            return
        between = f"WHERE r.number > {last:d} AND r.number <= {top:d} AND r.number {others} ORDER BY r.number"
        with cursor.copy(f"COPY ({statement} {between}) TO STDOUT (FORMAT csv)") as copy:
            data = b"".join(copy)
        yield count, data
        last = top
