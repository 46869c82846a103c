"""Putting 個人番号 into the vault and taking it out.

Every statement is a call of a function of `sql.py`: the roles of the application have no right on the vault's tables.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import connection, transaction

from yakuba.core.findings import Finding, Refused
from yakuba.core.numbers import IndividualNumber
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation

from . import keys
from .keyset import FIRST_HOUSES, Key

_FIRST_CONTEXT = b"yakuba:individual-number:1"
_CONTEXT = b"yakuba:individual-number:2:"


def blind_index(key: Key, digits: str) -> bytes:
    """HMAC-SHA-256 of the number: equal numbers are found without being readable."""
    return hmac.digest(key.blinding, digits.encode(), hashlib.sha256)


def _associated(key: Key, id_: int) -> bytes:
    """What a sealed number is bound to: its own row, so that nobody can give a person the number of another row."""
    return _FIRST_CONTEXT if key.id == FIRST_HOUSES else _CONTEXT + id_.to_bytes(8, "big")


def seal_number(key: Key, id_: int, digits: str) -> bytes:
    """Head, nonce (12), AES-256-GCM ciphertext and tag, for the row `id_` alone."""
    nonce = os.urandom(12)
    return key.head + nonce + AESGCM(key.sealing).encrypt(nonce, digits.encode(), _associated(key, id_))


def open_number(id_: int, sealed: bytes) -> str:
    """The digits. Raises VaultShut for a key that is missing or another, and for a row that was tampered with."""
    for key in keys.candidates(sealed):
        try:
            return keys.open_sealed(key, sealed, _associated(key, id_)).decode()
        except InvalidTag:
            continue
    raise keys.refuse_opening(sealed)


def _older_blindings(key: Key) -> list[Key]:
    """Keys besides `key` under whose blind indexes a number may still stand; equal halves count once."""
    seen, older = {key.blinding}, []
    for other in keys.load().ordered():
        if other.blinding not in seen:
            seen.add(other.blinding)
            older.append(other)
    return older


def put(numbers: Sequence[IndividualNumber], at: datetime) -> list[int]:
    """The vault ids of `numbers`, in order; a number that is there already keeps its id. Raises VaultShut."""
    if not numbers:
        return []
    wanted = dict.fromkeys(number.reveal() for number in numbers)
    with transaction.atomic():
        key, ids = keys.enter(len(wanted))
        given = dict(zip(wanted, ids, strict=True))
        rows = [seal_number(key, id_, digits) + blind_index(key, digits) for digits, id_ in given.items()]
        known = _put(key, ids, rows, list(wanted), at)
    return [known.get(given[number.reveal()], given[number.reveal()]) for number in numbers]


def _put(key: Key, ids: Iterable[int], rows: Iterable[bytes], digits: Sequence[str], at: datetime) -> dict[int, int]:
    """Given id -> the id that the number has already. Two values carry a whole chunk: arrays of bytes would cost thrice."""
    older = _older_blindings(key)
    indexes = b"".join(blind_index(other, clear) for clear in digits for other in older)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given, known FROM vault_put(%s, %s::bigint[], %b, %b, %s)",
            [key.id, "{" + ",".join(map(str, ids)) + "}", b"".join(rows), indexes, at],
        )
        return dict(cursor.fetchall())


def learn_key() -> None:
    """Ask for the key that writes now; after that `seal_many` touches no database. Raises VaultShut."""
    keys.ask()


def reserve(session: psycopg.Connection[Any], count: int) -> int:
    """The first of `count` consecutive vault ids for `put_many`; those that are not used stay unused.

    `session`: a connection without an open transaction. Nobody else takes an id meanwhile.
    """
    with session.transaction():
        row = session.execute("SELECT vault_reserve(%s)", [count]).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True, repr=False)
class SealedNumbers:
    """Numbers ready for the vault: their ids, blind indexes, and what `put_many` sends for each."""

    key_id: int
    at: datetime
    ids: tuple[int, ...]
    blind_indexes: tuple[bytes, ...]
    rows: tuple[bytes, ...]

    def without(self, ids: AbstractSet[int]) -> SealedNumbers:
        kept = [place for place, id_ in enumerate(self.ids) if id_ not in ids]
        return SealedNumbers(
            self.key_id,
            self.at,
            tuple(self.ids[place] for place in kept),
            tuple(self.blind_indexes[place] for place in kept),
            tuple(self.rows[place] for place in kept),
        )


def seal_many(ids: Sequence[int], numbers: Sequence[str], at: datetime) -> SealedNumbers:
    """Seal numbers, given as digits that were checked before, under reserved ids. Touches no database after `learn_key`."""
    return _seal_under(keys.primary(), ids, numbers, at)


def _seal_under(key: Key, ids: Sequence[int], numbers: Sequence[str], at: datetime) -> SealedNumbers:
    encrypt, head = AESGCM(key.sealing).encrypt, key.head
    is_bound = key.id != FIRST_HOUSES
    # The same HMAC as `blind_index`: copying one that is ready takes a third of the time of making each anew.
    blinding = HMAC(key.blinding, SHA256())
    random = os.urandom(12 * len(ids))
    sealed = []
    for place, (id_, digits) in enumerate(zip(ids, numbers, strict=True)):
        clear, nonce = digits.encode(), random[12 * place : 12 * place + 12]
        blinded = blinding.copy()
        blinded.update(clear)
        index = blinded.finalize()
        bound = _CONTEXT + id_.to_bytes(8, "big") if is_bound else _FIRST_CONTEXT
        sealed.append((index, id_, head + nonce + encrypt(nonce, clear, bound) + index))
    # In the order of the index, where a million random keys would each go to a page of their own.
    sealed.sort()
    return SealedNumbers(
        key.id,
        at,
        tuple(row[1] for row in sealed),
        tuple(row[0] for row in sealed),
        tuple(row[2] for row in sealed),
    )


def put_many(sealed: SealedNumbers) -> dict[int, int]:
    """Put sealed numbers in: reserved id -> the id that a number has already, for those that the vault knows.

    Needs an open transaction; the numbers differ from each other.
    """
    if not sealed.ids:
        return {}
    key, _ = keys.enter()
    digits: list[str] = []
    if key.id != sealed.key_id or _older_blindings(key):
        # A rotation began after they were sealed, or is under way.
        digits = _opened(sealed)
    if key.id != sealed.key_id:
        sealed = _seal_under(key, sealed.ids, digits, sealed.at)
        digits = _opened(sealed)
    return _put(key, sealed.ids, sealed.rows, digits, sealed.at)


def _opened(sealed: SealedNumbers) -> list[str]:
    return [
        open_number(id_, row[: -len(index)])
        for id_, index, row in zip(sealed.ids, sealed.blind_indexes, sealed.rows, strict=True)
    ]


def known_of(sealed: SealedNumbers) -> dict[int, int]:
    """Reserved id -> the id that the number has already, for those of sealed numbers that the vault knows."""
    digits = _opened(sealed)
    found = find_many(digits)
    return {id_: found[clear] for id_, clear in zip(sealed.ids, digits, strict=True) if clear in found}


def find(number: IndividualNumber) -> int | None:
    """The vault id of a number, or None. Raises VaultShut."""
    return find_many([number.reveal()]).get(number.reveal())


def find_many(numbers: Sequence[str]) -> dict[str, int]:
    """The vault ids of those of the numbers (digits that were checked before) that the vault has. Raises VaultShut."""
    while True:
        ring = keys.load()
        blindings = {key.blinding: key for key in ring.ordered()}
        meant = {blind_index(key, digits): digits for key in blindings.values() for digits in numbers}
        with connection.cursor() as cursor:
            cursor.execute("SELECT key_id, fingerprint, blind_index, id FROM vault_find(%s)", [list(meant)])
            rows = cursor.fetchall()
        primary = keys.known(*(rows[0][:2] if rows else (None, b"")))
        # Where a key came with this very answer, numbers may already stand under it: ask again.
        if primary.id in ring.keys:
            return {meant[bytes(index)]: id_ for _, _, index, id_ in rows if index is not None}


def _sealed(ids: Iterable[int]) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, sealed FROM vault_sealed_of(%s::bigint[])", ["{" + ",".join(map(str, ids)) + "}"])
        return {id_: bytes(sealed) for id_, sealed in cursor.fetchall()}


def unseal_many(desk: Desk, ids: Sequence[int]) -> list[str]:
    """The digits of many numbers, for a batch whose desk may see them and has logged what for. Raises VaultShut, Refused."""
    with desk.acting(Duty.INDIVIDUAL_NUMBER):
        sealed = _sealed(ids)
    if absent := sorted(set(ids) - set(sealed)):
        raise _absent(absent)
    return [open_number(id_, sealed[id_]) for id_ in ids]


def reveal(desk: Desk, vault_id: int, subject: int) -> IndividualNumber:
    """The number in clear, to be shown now, to a person with the right, a purpose and a second factor shown just now.

    The look is logged before the number is handed out. Raises AccessDenied, ConfirmationNeeded, VaultShut.
    """
    with desk.acting(Duty.INDIVIDUAL_NUMBER):
        desk.require_confirmed()
        sealed = _sealed([vault_id]).get(vault_id)
        if sealed is None:
            raise _absent([vault_id])
        desk.log(Operation.VIEW_NUMBER, subjects=(subject,), target="individual_number")
        return IndividualNumber(open_number(vault_id, sealed))


def _absent(ids: Sequence[int]) -> Refused:
    named = "、".join(map(str, ids[:5])) + ("…" if len(ids) > 5 else "")
    return Refused(
        [
            Finding(
                "VLT-E-011",
                "vault",
                f"記録が指す個人番号が金庫にありません（保管番号{named}）。",
                "システム担当者に連絡し、データベースのバックアップを確かめてください。",
            )
        ]
    )
