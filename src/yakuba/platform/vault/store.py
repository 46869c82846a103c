"""Putting 個人番号 into the vault and taking it out."""

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
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import connection, transaction

from yakuba.core.numbers import IndividualNumber
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation

from . import keys
from .models import Number

_CONTEXT = b"yakuba:individual-number:1"


def blind_index(number: IndividualNumber) -> bytes:
    """HMAC-SHA-256 of the number: equal numbers are found without being readable."""
    return hmac.digest(keys.load().blinding, number.reveal().encode(), hashlib.sha256)


def seal(number: IndividualNumber) -> bytes:
    """nonce (12) + AES-256-GCM ciphertext and tag."""
    nonce = os.urandom(12)
    return nonce + AESGCM(keys.load().sealing).encrypt(nonce, number.reveal().encode(), _CONTEXT)


def unseal(sealed: bytes) -> IndividualNumber:
    """Raises cryptography's InvalidTag when a row was tampered with or sealed with another key."""
    return IndividualNumber(AESGCM(keys.load().sealing).decrypt(sealed[:12], sealed[12:], _CONTEXT).decode())


def put(numbers: Sequence[IndividualNumber], at: datetime) -> list[int]:
    """The vault ids of `numbers`, in order; a number that is there already keeps its id."""
    if not numbers:
        return []
    indexes = [blind_index(number) for number in numbers]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_number (sealed, blind_index, created_at)"
            " SELECT sealed, blind_index, %s FROM unnest(%s::bytea[], %s::bytea[]) AS t (sealed, blind_index)"
            " ON CONFLICT (blind_index) DO NOTHING",
            [at, [seal(number) for number in numbers], indexes],
        )
        cursor.execute("SELECT blind_index, id FROM vault_number WHERE blind_index = ANY(%s)", [indexes])
        ids = {bytes(index): id_ for index, id_ in cursor.fetchall()}
    return [ids[index] for index in indexes]


def reserve(owner: psycopg.Connection[Any], count: int) -> int:
    """The first of `count` consecutive vault ids for `put_many`; those that are not used stay unused.

    `owner`: a connection that may change the vault's sequence. Nobody else takes an id meanwhile.
    """
    with owner.transaction():
        owner.execute("LOCK TABLE vault_number IN SHARE ROW EXCLUSIVE MODE")
        row = owner.execute(
            "SELECT setval(sequence, nextval(sequence) + %s) - %s"
            " FROM (SELECT pg_get_serial_sequence('vault_number', 'id')::regclass AS sequence) vault",
            [count, count],
        ).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True, repr=False)
class SealedNumbers:
    """Numbers ready for the vault: their ids, blind indexes, and the rows as `put_many` sends them."""

    ids: tuple[int, ...]
    blind_indexes: tuple[bytes, ...]
    rows: tuple[str, ...]

    def without(self, ids: AbstractSet[int]) -> SealedNumbers:
        kept = [place for place, id_ in enumerate(self.ids) if id_ not in ids]
        return SealedNumbers(
            tuple(self.ids[place] for place in kept),
            tuple(self.blind_indexes[place] for place in kept),
            tuple(self.rows[place] for place in kept),
        )


def seal_many(ids: Sequence[int], numbers: Sequence[str], at: datetime) -> SealedNumbers:
    """Seal numbers, given as digits that were checked before, under reserved ids. Touches no database."""
    key = keys.load()
    cipher = AESGCM(key.sealing)
    # The same HMAC as `blind_index`: copying one that is ready takes a third of the time of making each anew.
    blinding = HMAC(key.blinding, SHA256())
    random, moment = os.urandom(12 * len(ids)), at.isoformat()
    sealed = []
    for place, (id_, digits) in enumerate(zip(ids, numbers, strict=True)):
        clear, nonce = digits.encode(), random[12 * place : 12 * place + 12]
        blinded = blinding.copy()
        blinded.update(clear)
        index = blinded.finalize()
        secret = nonce + cipher.encrypt(nonce, clear, _CONTEXT)
        sealed.append((index, id_, f"{id_},\\x{secret.hex()},\\x{index.hex()},{moment}\n"))
    # In the order of the index, where a million random keys would each go to a page of their own.
    sealed.sort()
    return SealedNumbers(
        tuple(row[1] for row in sealed), tuple(row[0] for row in sealed), tuple(row[2] for row in sealed)
    )


def put_many(sealed: SealedNumbers) -> dict[int, int]:
    """Put sealed numbers in: reserved id -> the id that a number has already, for those that the vault knows.

    Needs an open transaction; the numbers differ from each other.
    """
    data = "".join(sealed.rows).encode()
    try:
        with transaction.atomic():
            _copy("vault_number", data)
    except psycopg.errors.UniqueViolation:
        return _put_missing(data)
    return {}


def _put_missing(data: bytes) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE vault_incoming (LIKE vault_number) ON COMMIT DROP")
        _copy("vault_incoming", data)
        cursor.execute("INSERT INTO vault_number SELECT * FROM vault_incoming ON CONFLICT (blind_index) DO NOTHING")
        cursor.execute(
            "SELECT i.id, n.id FROM vault_incoming i JOIN vault_number n USING (blind_index) WHERE n.id <> i.id"
        )
        known = dict(cursor.fetchall())
        cursor.execute("DROP TABLE vault_incoming")
    return known


def _copy(table: str, data: bytes) -> None:
    statement = f"COPY {table} (id, sealed, blind_index, created_at) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def unseal_many(desk: Desk, sealed: Iterable[bytes]) -> list[str]:
    """The digits of many numbers, for a desk that may see them and has logged what for."""
    desk.require(Duty.INDIVIDUAL_NUMBER)
    cipher = AESGCM(keys.load().sealing)
    return [cipher.decrypt(row[:12], row[12:], _CONTEXT).decode() for row in sealed]


def find(number: IndividualNumber) -> int | None:
    """The vault id of a number, or None."""
    return Number.objects.filter(blind_index=blind_index(number)).values_list("id", flat=True).first()


def reveal(desk: Desk, vault_id: int, subject: int) -> IndividualNumber:
    """The number in clear, for a desk that may see it. The look is logged before the number is handed out."""
    desk.require(Duty.INDIVIDUAL_NUMBER)
    desk.log(Operation.VIEW_NUMBER, subjects=(subject,), target="individual_number")
    return unseal(bytes(Number.objects.values_list("sealed", flat=True).get(pk=vault_id)))
