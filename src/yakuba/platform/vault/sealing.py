"""Sealing small secrets that are no 個人番号 (the seed of a one-time code …) with the vault's key."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import keys


def seal(context: str, secret: bytes) -> bytes:
    """nonce (12) + AES-256-GCM ciphertext and tag. Only opens under the same `context`: what it is, and whose."""
    nonce = os.urandom(12)
    return nonce + AESGCM(keys.load().sealing).encrypt(nonce, secret, _associated(context))


def unseal(context: str, sealed: bytes) -> bytes:
    """Raises cryptography's InvalidTag for another context or key, and for a row that was tampered with."""
    return AESGCM(keys.load().sealing).decrypt(sealed[:12], sealed[12:], _associated(context))


def _associated(context: str) -> bytes:
    return f"yakuba:sealed:1:{context}".encode()
