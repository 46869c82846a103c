"""Putting 個人番号 into the vault and taking it out."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
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


def find(number: IndividualNumber) -> int | None:
    """The vault id of a number, or None."""
    return Number.objects.filter(blind_index=blind_index(number)).values_list("id", flat=True).first()


def reveal(desk: Desk, vault_id: int, subject: int) -> IndividualNumber:
    """The number in clear, for a desk that may see it. The look is logged before the number is handed out."""
    desk.require(Duty.INDIVIDUAL_NUMBER)
    desk.log(Operation.VIEW_NUMBER, subjects=(subject,), target="individual_number")
    return unseal(bytes(Number.objects.values_list("sealed", flat=True).get(pk=vault_id)))
