"""Writing what `opener` opens: a stream in, an encrypted file out, in memory of one chunk."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import opener

_SCRYPT_LOG_N = 17
"""128 MiB and a third of a second a guess."""

MIN_RSA_BITS = 2048
Data = bytes | bytearray | memoryview
PublicKey = rsa.RSAPublicKey | x25519.X25519PublicKey


class UnusableKey(ValueError):
    """No key that anything can be wrapped to."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a recipient gave: a certificate (X.509) or a bare public key, in PEM. Times are a certificate's only."""

    key: PublicKey
    fingerprint: str
    not_before: Any = None
    not_after: Any = None


def certificate(pem: bytes) -> Certificate:
    """Read a PEM certificate or public key (RSA of 2048 bits or more, or X25519). Raises UnusableKey."""
    try:
        if b"BEGIN CERTIFICATE" in pem:
            read = x509.load_pem_x509_certificate(pem)
            key, start, end = read.public_key(), read.not_valid_before_utc, read.not_valid_after_utc
        else:
            key, start, end = serialization.load_pem_public_key(pem), None, None  # type: ignore[assignment]
    except (ValueError, TypeError) as error:
        raise UnusableKey("証明書又は公開鍵（PEM）として読めません。") from error
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise UnusableKey(f"RSA の鍵が短すぎます（{MIN_RSA_BITS}ビット以上）。")
    elif not isinstance(key, x25519.X25519PublicKey):
        raise UnusableKey("この種類の鍵には暗号化できません（RSA か X25519）。")
    public = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Certificate(key, hashlib.sha256(public).hexdigest(), start, end)


def to_certificate(file_key: bytes, recipient: Certificate) -> dict[str, Any]:
    """The file key, wrapped to a public key."""
    if isinstance(recipient.key, rsa.RSAPublicKey):
        wrapped = recipient.key.encrypt(file_key, opener.OAEP)
        return {"kind": "rsa-oaep-sha256", "to": recipient.fingerprint, "wrapped": _text(wrapped)}
    mine = x25519.X25519PrivateKey.generate()
    ephemeral, public = mine.public_key().public_bytes_raw(), recipient.key.public_bytes_raw()
    kek = opener.exchange_key(mine.exchange(recipient.key), ephemeral, public)
    return {
        "kind": "x25519", "to": recipient.fingerprint, "ephemeral": _text(ephemeral),
        "wrapped": _seal(kek, "x25519", file_key),
    }  # fmt: skip


def to_passphrase(file_key: bytes, passphrase: str) -> dict[str, Any]:
    """The file key, wrapped under a passphrase (scrypt)."""
    salt = os.urandom(16)
    kek = opener.passphrase_key(passphrase, salt, _SCRYPT_LOG_N)
    return {"kind": "scrypt", "salt": _text(salt), "log_n": _SCRYPT_LOG_N, "wrapped": _seal(kek, "scrypt", file_key)}


KEPT = {"kind": "kept"}
"""The file key is kept elsewhere: for what waits in the house."""


def _seal(kek: bytes, kind: str, file_key: bytes) -> str:
    # The key is used for this one message, so the nonce may be nought.
    return _text(AESGCM(kek).encrypt(bytes(12), file_key, kind.encode()))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Writable(Protocol):
    """What a room writes its file into."""

    def write(self, data: Data, /) -> int: ...


class Sealer:
    """A stream that encrypts what is written into it. `finish()` writes the last chunk: a file without it never opens.

    `plain` is the SHA-256 of the content, `sealed` of the file, `size` the content's bytes; whole after `finish()`. Hashing
    costs as much as sealing, so either can be left out (its figure is then of nothing).
    """

    def __init__(
        self,
        target: BinaryIO,
        file_key: bytes,
        keys: Sequence[dict[str, Any]],
        *,
        hash_plain: bool = True,
        hash_sealed: bool = True,
    ) -> None:
        self._target, self._prefix, self._number = target, os.urandom(7), 0
        header = {"chunk": opener.CHUNK_BYTES, "nonce": _text(self._prefix), "keys": list(keys)}
        text = json.dumps(header).encode()
        head = opener.MAGIC + len(text).to_bytes(4, "big") + text
        self._cipher = AESGCM(opener.payload_key(file_key, head))
        self._pending = bytearray()
        self.plain, self.sealed, self.size = hashlib.sha256(), hashlib.sha256(), 0
        self._hash_plain, self._hash_sealed = hash_plain, hash_sealed
        self._put(head)

    def write(self, data: Data, /) -> int:
        view = memoryview(data).cast("B")
        if self._hash_plain:
            self.plain.update(view)
        self.size += len(view)
        done = 0
        if self._pending:
            # A chunk is closed only when something follows it: the last one is marked.
            done = min(opener.CHUNK_BYTES - len(self._pending), len(view))
            self._pending += view[:done]
            if done == len(view):
                return len(view)
            self._chunk(self._pending, last=False)
            self._pending = bytearray()
        while len(view) - done > opener.CHUNK_BYTES:
            self._chunk(view[done : done + opener.CHUNK_BYTES], last=False)
            done += opener.CHUNK_BYTES
        self._pending += view[done:]
        return len(view)

    def finish(self) -> None:
        """Write the last chunk, once."""
        self._chunk(self._pending, last=True)
        self._pending = bytearray()

    def _chunk(self, data: Data, *, last: bool) -> None:
        if self._number >= opener.MAX_CHUNKS:
            raise ValueError("a file of this size can't be sealed")
        self._put(self._cipher.encrypt(opener.nonce(self._prefix, self._number, last=last), data, None))
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._target.write(data)
        if self._hash_sealed:
            self.sealed.update(data)
