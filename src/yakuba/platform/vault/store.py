"""Putting 個人番号 into the vault and taking it out."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

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


def reserve(count: int) -> list[int]:
    """Vault ids for `put_many`. Those that are not used stay unused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('vault_number', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [id_ for (id_,) in cursor.fetchall()]


def seal_many(numbers: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """(sealed, blind index) of each number, given as digits that were checked before. Touches no database."""
    key = keys.load()
    cipher, nonces = AESGCM(key.sealing), os.urandom
    sealed = []
    for digits in numbers:
        clear, nonce = digits.encode(), nonces(12)
        sealed.append(
            (
                nonce + cipher.encrypt(nonce, clear, _CONTEXT),
                hmac.digest(key.blinding, clear, hashlib.sha256),
            )
        )
    return sealed


def put_many(ids: Sequence[int], sealed: Sequence[tuple[bytes, bytes]], at: datetime) -> dict[int, int]:
    """Put what `seal_many` made in under reserved ids: reserved id -> the id that a number has already, for those.

    Needs an open transaction; the numbers differ from each other.
    """
    if not sealed:
        return {}
    rows = "".join(
        f"{id_},\\x{secret.hex()},\\x{index.hex()},{at.isoformat()}\n"
        for id_, (secret, index) in zip(ids, sealed, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE vault_incoming (LIKE vault_number INCLUDING DEFAULTS) ON COMMIT DROP")
        with cursor.copy("COPY vault_incoming (id, sealed, blind_index, created_at) FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows)
        cursor.execute("INSERT INTO vault_number SELECT * FROM vault_incoming ON CONFLICT (blind_index) DO NOTHING")
        known: dict[int, int] = {}
        if cursor.rowcount < len(sealed):
            cursor.execute(
                "SELECT i.id, n.id FROM vault_incoming i JOIN vault_number n USING (blind_index) WHERE n.id <> i.id"
            )
            known = dict(cursor.fetchall())
        cursor.execute("DROP TABLE vault_incoming")
    return known


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
