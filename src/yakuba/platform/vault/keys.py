"""The keys as a running process knows them: read once, read again as soon as the database names one that it has not.

The file says what the keys are, the database which of them writes. Nobody polls: whoever finds or writes a number learns
the primary key from the same statement (`sql.py`), whoever opens one sees by its head which key it wants.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from yakuba.platform.clock import Clock, SystemClock

from . import columns, keyset
from .keyset import FIRST_HOUSES, Key, Keyset, VaultShut
from .sql import LOCK_SPACE, MARK

_lock = threading.Lock()
_loaded: Keyset | None = None
_primary: int | None = None


def load() -> Keyset:
    """The keys of this process. Raises VaultShut with what to do: without its keys the vault stays shut."""
    return _loaded or _reload()


def _reload() -> Keyset:
    """Read the file again. A key that this process had stays with it: a snapshot may still show what it sealed."""
    global _loaded
    with _lock:
        before = _loaded
        _loaded = before.with_keys(keyset.read().ordered()) if before else keyset.read()
        return _loaded


def forget() -> None:
    """Know nothing: another database, or another data folder."""
    global _loaded, _primary
    with _lock:
        _loaded = _primary = None


def get(id_: int) -> Key:
    """A key by its id. Raises VaultShut when the file has not got it either."""
    found = load().keys.get(id_) or _reload().keys.get(id_)
    if found is None:
        raise VaultShut(
            "VLT-E-006",
            f"鍵{id_}が、鍵のファイル（{keyset.path()}）にありません。",
            "その鍵を含むファイルに入れ替えてください。鍵がない間、その鍵で封印されたものは開きません。",
        )
    return found


def known(id_: int | None, fingerprint: bytes) -> Key:
    """The key that the database names. Raises VaultShut for another one under the same id, and for a house without keys."""
    global _primary
    if id_ is None:
        raise VaultShut(
            "VLT-E-007", "個人番号の鍵がまだ登録されていません。", "./yakuba up で役場の準備を済ませてください。"
        )
    key = get(id_)
    if key.fingerprint != bytes(fingerprint):
        key = _reload().keys[id_]
        if key.fingerprint != bytes(fingerprint):
            raise _another(id_)
    _primary = id_
    return key


def _another(id_: int) -> VaultShut:
    return VaultShut(
        "VLT-E-008",
        f"鍵{id_}が、このデータベースを封印した鍵と違います（{keyset.path()}）。",
        "このデータベースの鍵のファイルに入れ替えてください。違う鍵では何も書き込みません。",
    )


def primary() -> Key:
    """The key that new values take, as this process last heard of it; asks the database when it never did."""
    return get(_primary) if _primary is not None else ask()


def ask() -> Key:
    """The key that new values take, as the database says now. Raises VaultShut."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, fingerprint FROM vault_primary()")
        row = cursor.fetchone()
    return known(*(row or (None, b"")))


def enter(count: int = 0) -> tuple[Key, list[int]]:
    """The primary key, which stays so until the transaction ends, and `count` fresh ids. Needs an open transaction."""
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, fingerprint, ids FROM vault_enter(%s)", [count])
        row = cursor.fetchone()
    return known(*(row[:2] if row else (None, b""))), row[2] if row else []


def candidates(sealed: bytes) -> Iterator[Key]:
    """Which keys may open a value: the one that its head names, then that of the first houses, whose values have no head."""
    if len(sealed) > 5 and sealed[0] == MARK:
        named = int.from_bytes(sealed[1:5], "big")
        if named in load().keys or FIRST_HOUSES not in load().keys:
            yield get(named)
    if FIRST_HOUSES in load().keys:
        yield load().keys[FIRST_HOUSES]


def open_sealed(key: Key, sealed: bytes, associated: bytes) -> bytes:
    """Raises cryptography's InvalidTag."""
    start = len(key.head)
    return AESGCM(key.sealing).decrypt(sealed[start : start + 12], sealed[start + 12 :], associated)


def refuse_opening(sealed: bytes) -> VaultShut:
    """Why a value did not open: another key of the same id, or a value that somebody changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, fingerprint FROM vault_keys()")
        marks = {id_: bytes(mark) for id_, mark in cursor.fetchall()}
    for key in candidates(sealed):
        if marks.get(key.id) not in {None, key.fingerprint}:
            return _another(key.id)
    return VaultShut(
        "VLT-E-009",
        "封印された値が書き換えられています。",
        "システム担当者に連絡し、操作履歴とデータベースのバックアップを確かめてください。",
    )


# -- set-up -----------------------------------------------------------------------------------------------------------


def create_if_missing(clock: Clock | None = None) -> None:
    """Set-up, as the owner of the database: make or take over the keys, make them known to the database, guard the columns.

    Raises VaultShut when something is sealed under keys that are lost or others.
    """
    forget()
    at = (clock or SystemClock()).now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 1)", [LOCK_SPACE])
        columns.install(cursor)
        cursor.execute("SELECT id, state, fingerprint FROM vault_keys()")
        rows = cursor.fetchall()
        marks = {id_: bytes(mark) for id_, state, mark in rows if state != "retired"}
        retired = [id_ for id_, state, _ in rows if state == "retired"]
        if not keyset.exists():
            cursor.execute("SELECT EXISTS (SELECT FROM vault_counts())")
            if marks or cursor.fetchone()[0]:
                raise keyset.missing()
            keyset.write(Keyset({1: keyset.new_key(1)}))
        keys = _take_over(retired)
        if not marks:
            marks = _register(cursor, keys, at)
        for id_, mark in marks.items():
            if id_ not in keys.keys:
                raise keyset.missing()
            if keys.keys[id_].fingerprint != mark:
                raise _another(id_)


def create() -> None:
    """Keys for a data folder that has none. Whatever was sealed under others stays shut."""
    forget()
    keyset.write(Keyset({1: keyset.new_key(1)}))


def _take_over(retired: Sequence[int]) -> Keyset:
    """What lives in one file, wrapped if it can be; the first houses' file goes when the new one is on the disk."""
    read = keyset.read()
    keys = read.without(retired)
    if (
        len(keys.keys) < len(read.keys)
        or keyset.first_path().exists()
        or (not keyset.is_wrapped() and keyset.key_encryption_key() is not None)
    ):
        keyset.write(keys)
        keyset.forget_first()
    return keys


def _register(cursor: CursorWrapper, keys: Keyset, at: datetime) -> dict[int, bytes]:
    """Tell a database that knows no key yet. One that holds something is of the first houses, and their key must open it."""
    from . import sealing, store

    key = keys.ordered()[-1]
    cursor.execute("SELECT id, sealed FROM vault_number ORDER BY id LIMIT 1")
    number = cursor.fetchone()
    secret = columns.any_secret(cursor)
    if number or secret:
        if FIRST_HOUSES not in keys.keys:
            raise keyset.missing()
        key = keys.keys[FIRST_HOUSES]
    cursor.execute("SELECT vault_promote(%s, %s, %s)", [key.id, key.fingerprint, at])
    try:
        if number:
            store.open_number(number[0], bytes(number[1]))
        if secret:
            sealing.unseal(secret[0], bytes(secret[1]))
    except VaultShut:
        raise _another(key.id) from None
    return {key.id: key.fingerprint}


@contextmanager
def changing() -> Iterator[None]:
    """A transaction in which nobody else changes keys. Raises VaultShut when somebody does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 1)", [LOCK_SPACE])
            if not cursor.fetchone()[0]:
                raise VaultShut(
                    "VLT-E-010", "別の人が鍵を操作しています。", "しばらく待ってから、もう一度実行してください。"
                )
        yield
