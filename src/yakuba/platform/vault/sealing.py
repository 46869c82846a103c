"""Sealing small secrets that are no 個人番号 (the seed of a one-time code …) under the vault's keys.

A column that keeps them is declared (`columns.declare`), so that a rotation finds it.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import keys
from .keyset import Key


def seal(context: str, secret: bytes) -> bytes:
    """Head, nonce (12), AES-256-GCM ciphertext and tag. Only opens under the same `context`: what it is, and whose."""
    return seal_under(keys.ask(), context, secret)


def seal_ahead(context: str, secret: bytes) -> bytes:
    """`seal` without a question to the database: for what is prepared beside the transaction that will write it."""
    return seal_under(keys.primary(), context, secret)


def seal_under(key: Key, context: str, secret: bytes) -> bytes:
    nonce = os.urandom(12)
    return key.head + nonce + AESGCM(key.sealing).encrypt(nonce, secret, _associated(context))


def unseal(context: str, sealed: bytes) -> bytes:
    """Raises VaultShut for a key that is missing, and for another context, key, or a value that was tampered with."""
    for key in keys.candidates(sealed):
        try:
            return keys.open_sealed(key, sealed, _associated(context))
        except InvalidTag:
            continue
    raise keys.refuse_opening(sealed)


def _associated(context: str) -> bytes:
    return f"yakuba:sealed:1:{context}".encode()
