"""Opens what a yakuba house handed over: one file, the standard library and `cryptography` only. Give it to the recipient.

    python opener.py FILE --key private.pem [--out PLAIN]      with the key of the certificate that was given to the house
    python opener.py FILE --passphrase [--out PLAIN]           with the passphrase that came by another way
    python opener.py FILE --hash                               SHA-256 to state in the receipt; needs no key

The file: `MAGIC`, length of the header (4 bytes, big endian), header (JSON), chunks. The header names the wrapped copies of
the file's key and a nonce prefix. The payload key is HKDF-SHA256(file key, salt = SHA-256 of everything before the chunks), so
a changed header opens nothing. Each chunk is AES-256-GCM with the nonce prefix(7) | number(4) | 1 for the last one, else 0: a
chunk that is missing, doubled, moved, added, cut or changed fails.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"YAKUBA-HANDOVER-1\n"
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
MAX_HEADER_BYTES = 1 << 16
MAX_CHUNKS = 1 << 32
MAX_SCRYPT_LOG_N = 20
"""A forged header must not ask for more than a gigabyte of memory."""

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)

Unwrap = Callable[[dict[str, Any]], "bytes | None"]
"""A wrapped key of the header -> the file key, or None where this secret isn't for it."""


class NotOpened(ValueError):
    """The file can't be opened; nothing of it may be used. The text is for a person."""


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def payload_key(file_key: bytes, head: bytes) -> bytes:
    return hkdf(file_key, hashlib.sha256(head).digest(), b"yakuba handover payload")


def exchange_key(shared: bytes, ephemeral: bytes, public: bytes) -> bytes:
    return hkdf(shared, ephemeral + public, b"yakuba handover x25519")


def passphrase_key(passphrase: str, salt: bytes, log_n: int) -> bytes:
    if not 14 <= log_n <= MAX_SCRYPT_LOG_N:
        raise NotOpened("ファイルの形式が正しくありません（パスフレーズの設定）。")
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase.encode())


def nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def with_private_key(pem: bytes, password: bytes | None = None) -> Unwrap:
    """Opens what was wrapped to the RSA or X25519 key of `pem`. Raises NotOpened for another kind of key."""
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError) as error:
        raise NotOpened("秘密鍵のファイルを読めません。") from error
    if isinstance(key, rsa.RSAPrivateKey):

        def unwrap_rsa(entry: dict[str, Any]) -> bytes | None:
            if entry["kind"] != "rsa-oaep-sha256":
                return None
            try:
                return key.decrypt(decode(entry["wrapped"]), OAEP)
            except ValueError:
                return None

        return unwrap_rsa
    if isinstance(key, x25519.X25519PrivateKey):
        public = key.public_key().public_bytes_raw()

        def unwrap_x25519(entry: dict[str, Any]) -> bytes | None:
            if entry["kind"] != "x25519":
                return None
            ephemeral = decode(entry["ephemeral"])
            shared = key.exchange(x25519.X25519PublicKey.from_public_bytes(ephemeral))
            return _unseal(exchange_key(shared, ephemeral, public), entry)

        return unwrap_x25519
    raise NotOpened("この種類の秘密鍵では開けません（RSA か X25519 の鍵が要ります）。")


def with_passphrase(passphrase: str) -> Unwrap:
    """Opens what was wrapped under a passphrase."""

    def unwrap(entry: dict[str, Any]) -> bytes | None:
        if entry["kind"] != "scrypt":
            return None
        return _unseal(passphrase_key(passphrase, decode(entry["salt"]), int(entry["log_n"])), entry)

    return unwrap


def with_file_key(file_key: bytes) -> Unwrap:
    """Opens with the key itself: for a file whose key is kept elsewhere."""
    return lambda entry: file_key if entry["kind"] == "kept" else None


def _unseal(key: bytes, entry: dict[str, Any]) -> bytes | None:
    try:
        return AESGCM(key).decrypt(bytes(12), decode(entry["wrapped"]), entry["kind"].encode())
    except InvalidTag:
        return None


def read_head(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The header and its bytes. Raises NotOpened for anything else than a handed-over file."""
    start = source.read(len(MAGIC) + 4)
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + 4 or not 0 < length <= MAX_HEADER_BYTES:
        raise NotOpened("暗号化された受渡しファイルではありません。")
    text = source.read(length)
    try:
        header = json.loads(text)
        entries = header["keys"]
        valid = header["chunk"] == CHUNK_BYTES and len(decode(header["nonce"])) == 7 and 0 < len(entries) <= 16
    except (ValueError, KeyError, TypeError) as error:
        raise NotOpened("ファイルの見出しが壊れています。") from error
    if not valid or len(text) != length:
        raise NotOpened("ファイルの見出しが壊れています。")
    return header, start + text


def plain_chunks(source: BinaryIO, unwrap: Unwrap) -> Iterator[bytes]:
    """The content, chunk by chunk, each authenticated. Raises NotOpened, at the latest before the last chunk is given."""
    header, head = read_head(source)
    try:
        file_key = next((key for key in map(unwrap, header["keys"]) if key is not None), None)
    except NotOpened:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise NotOpened("ファイルの見出しが壊れています。") from error
    if file_key is None:
        raise NotOpened("この鍵又はパスフレーズでは開けません。")
    cipher, prefix = AESGCM(payload_key(file_key, head)), decode(header["nonce"])
    sealed = source.read(CHUNK_BYTES + TAG_BYTES)
    for number in range(MAX_CHUNKS):
        following = source.read(CHUNK_BYTES + TAG_BYTES)
        try:
            chunk = cipher.decrypt(nonce(prefix, number, last=not following), sealed, None)
        except InvalidTag as error:
            raise NotOpened("ファイルが途中で切れたか、変えられています。受け取り直してください。") from error
        yield chunk
        if not following:
            return
        sealed = following
    raise NotOpened("ファイルが大きすぎます。")


def open_to(source: BinaryIO, target: Path, unwrap: Unwrap) -> int:
    """Write the content to `target` (0600), which appears whole or not at all. Bytes written. Raises NotOpened."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            size = sum(map(out.write, plain_chunks(source, unwrap)))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return size


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="役場から受け取った暗号化ファイルを開く")
    parser.add_argument("file", type=Path)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--key", type=Path, help="秘密鍵（PEM）")
    way.add_argument("--passphrase", action="store_true", help="パスフレーズを尋ねる")
    way.add_argument("--hash", action="store_true", help="受領の確認に使う SHA-256 を表示する")
    parser.add_argument("--key-password", action="store_true", help="秘密鍵のパスワードを尋ねる")
    parser.add_argument("--out", type=Path, help="書き出す先（既定: FILE から .ykh を除いた名前）")
    args = parser.parse_args(arguments)
    target = args.out or args.file.with_suffix("" if args.file.suffix == ".ykh" else ".plain")
    try:
        with args.file.open("rb") as source:
            if args.hash:
                sys.stdout.write(hashlib.file_digest(source, "sha256").hexdigest() + "\n")
                return 0
            if target.exists():
                raise NotOpened(f"{target.name} が既にあります。--out で別の名前を指定してください。")
            if args.key:
                password = getpass.getpass("秘密鍵のパスワード: ").encode() if args.key_password else None
                unwrap = with_private_key(args.key.read_bytes(), password)
            else:
                unwrap = with_passphrase(getpass.getpass("パスフレーズ: "))
            size = open_to(source, target, unwrap)
    except (NotOpened, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{target}（{size:,} バイト）\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
