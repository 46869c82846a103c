"""Making the tree grow and signing its heads; keeping the heads where the database's owner can't reach them.

`seal` takes every committed entry into the tree and signs the new head. Whoever serves people never waits for it: entries are
chained in their lanes at once and sealed a moment later. The worker seals after `seal_every_s` and when many entries came.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from yakuba.platform.clock import Clock

from . import signing, sql
from .merkle import TILE, root_of_range, subtree
from .models import Checkpoint
from .verifier import Checkpoint as Head
from .verifier import node_hash, notes_of

SEAL_EVERY_S = 60.0
LEAVES_AT_ONCE = 50_000
FILE = "checkpoints.jsonl"

_log = logging.getLogger(__name__)


# -- reading the tree -------------------------------------------------------------------------------------------------


class StoredTree:
    """The hashes of complete subtrees (`merkle.Node`), from the leaves and the kept levels. Remembers what it read."""

    def __init__(self) -> None:
        self._tile = lru_cache(maxsize=512)(self._levels)

    def __call__(self, level: int, index: int) -> bytes:
        kept = level // TILE * TILE
        above = TILE - (level - kept)
        return self._tile(kept, index >> above)[level - kept][index & ((1 << above) - 1)]

    def _levels(self, level: int, tile: int) -> list[list[bytes]]:
        """A tile's row and what its complete pairs hash to, up to one below the next kept level."""
        rows = [self.read_row(level, tile)]
        for _ in range(TILE - 1):
            below = rows[-1]
            rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
        return rows

    @staticmethod
    def read_row(level: int, tile: int) -> list[bytes]:
        first = tile << TILE
        if level == 0:
            statement, values = (
                "SELECT leaf FROM audit_leaf WHERE position >= %s AND position < %s ORDER BY position",
                [],
            )
        else:
            statement = "SELECT hash FROM audit_node WHERE level = %s AND index >= %s AND index < %s ORDER BY index"
            values = [level]
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, first, first + (1 << TILE)])
            return [bytes(value) for (value,) in cursor.fetchall()]


def add_nodes(first: int, size: int) -> None:
    """Keep the roots of the subtrees that leaves [first, size) complete; each level is read from the one below it."""
    level = 0
    while complete := size >> (level + TILE):
        indexes = range(first >> (level + TILE), complete)
        hashes = [subtree(StoredTree.read_row(level, index)) for index in indexes]
        if hashes:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT audit_add_nodes(%s::smallint[], %s::bigint[], %s::bytea[])",
                    [[level + TILE] * len(hashes), list(indexes), hashes],
                )
        level += TILE


# -- sealing ----------------------------------------------------------------------------------------------------------


def seal(clock: Clock) -> int:
    """Take all committed entries into the tree, sign its head and keep it outside. How many leaves came in.

    In one transaction per `LEAVES_AT_ONCE`; several may call at once. Raises NoSigningKey before anything is written.
    """
    key = signing.load()
    taken = 0
    while True:
        with transaction.atomic():
            first, size = _take_leaves()
            if size > first:
                _sign(key, size, clock.now())
        taken += size - first
        if size - first < LEAVES_AT_ONCE:
            break
    publish()
    return taken


def _take_leaves() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT first, size FROM audit_take_leaves(%s)", [LEAVES_AT_ONCE])
        first, size = cursor.fetchone()
    add_nodes(first, size)
    return first, size


def _sign(key: signing.SigningKey, size: int, at: datetime) -> None:
    root = root_of_range(0, size, StoredTree())
    head = Head(key.origin, size, root, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_add_checkpoint(%s, %s, %s, %s)", [size, root, at, key.note(head)])


def keep_sealed(clock: Clock, stop: threading.Event) -> None:
    """Seal until `stop`: when many entries came (NOTIFY), else every `SEAL_EVERY_S`. For a thread of the worker."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {sql.CHANNEL}")
    while not stop.is_set():
        try:
            seal(clock)
        except signing.NoSigningKey as missing:
            _log.error(
                "%s", missing
            )  # entries stay chained in their lanes; the house goes on, and says so every minute
        for _ in connection.connection.notifies(timeout=SEAL_EVERY_S, stop_after=1):
            pass


# -- outside the database ---------------------------------------------------------------------------------------------


def places() -> list[Path]:
    """Where checkpoints are kept besides the database: the data folder, and the folders that AUDIT_OUTSIDE names."""
    outside = str(getattr(settings, "AUDIT_OUTSIDE", ""))
    return [Path(settings.DATA) / "audit" / FILE, *(Path(name) / FILE for name in outside.split(os.pathsep) if name)]


def publish() -> list[Path]:
    """Append what each place lacks; the places that could not be written (told in the program's log as well)."""
    failed = []
    for place in places():
        try:
            _publish_to(place)
        except OSError as error:
            _log.error("操作履歴のチェックポイントを保管できません: %s (%s)", place, error.strerror)
            failed.append(place)
    return failed


def _publish_to(place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        rows = _missing_from(_last_line(file.fileno()), lambda: kept_notes(place))
        if rows:
            file.write(
                "".join(
                    json.dumps({"number": number, "size": size, "note": note}, ensure_ascii=False) + "\n"
                    for number, size, note in rows
                )
            )
            file.flush()
            os.fsync(file.fileno())


def _missing_from(last: str, all_of: Callable[[], list[str]]) -> Sequence[tuple[int, int, str]]:
    stored = Checkpoint.objects.order_by("number").values_list("number", "size", "note")
    if not last:
        return list(stored)
    said = json.loads(last)
    number, note = int(said["number"]), str(said["note"])
    if Checkpoint.objects.filter(number=number, note=note).exists():
        return list(stored.filter(number__gt=number))
    known = set(all_of())
    return [row for row in stored if row[2] not in known]


def _last_line(descriptor: int) -> str:
    """The last whole line; what a crash left of another one is cut off."""
    end = os.fstat(descriptor).st_size
    first = max(0, end - 4096)
    tail = os.pread(descriptor, 4096, first)
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        os.ftruncate(descriptor, first + len(whole))
    return whole.decode().rstrip("\n").rpartition("\n")[2]


def kept_notes(place: Path) -> list[str]:
    """The notes that a place keeps, in whole lines. Raises OSError where it can't be read, ValueError naming a line that is
    none."""
    notes = []
    for number, line in enumerate(place.read_text(encoding="utf-8").split("\n")[:-1], 1):
        if line.strip():
            try:
                notes += notes_of(line)
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{place.name} の{number}行目が読めません") from None
    return notes
