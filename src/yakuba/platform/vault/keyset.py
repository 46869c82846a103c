"""The file of keys: outside the database, readable to us only, whole or not at all, wrapped when there is a key for it.

`YAKUBA_VAULT_KEYS` names the file; without it, `secrets/vault.keys` of the data folder. With `YAKUBA_VAULT_KEK_FILE` (a file
on another medium) or `YAKUBA_VAULT_KEK_COMMAND` (a command that prints it: an HSM's, a TPM's, a key server's client) the
keyset is itself sealed under that key-encryption key, 32 bytes written as 64 hexadecimal digits. The very first houses had
`vault.key`, 64 bytes: it is read as key 0 and taken over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from yakuba.core.findings import Finding, Refused

from .sql import MARK

FIRST_HOUSES = 0
"""Id of the key of the first houses: what it sealed names no key."""

_FORMAT = "yakuba-vault-keyset:1"
_MAX_ID = 2**31 - 1
_KEK = re.compile(r"[0-9a-fA-F]{64}")
_COMMAND_WITHIN_S = 30


class VaultShut(Refused):
    """The vault does not open: what is wrong with its keys, and what to do. Nothing was written and nothing is lost."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__([Finding(code, "vault", message, remedy)])


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One key: `sealing` for AES-256-GCM, `blinding` for HMAC-SHA-256, 32 bytes each."""

    id: int
    sealing: bytes
    blinding: bytes

    @property
    def head(self) -> bytes:
        """What a value that this key sealed starts with."""
        return b"" if self.id == FIRST_HOUSES else bytes([MARK]) + self.id.to_bytes(4, "big")

    @property
    def fingerprint(self) -> bytes:
        """By which the database knows the key again (8 bytes); it tells nothing about 64 random bytes."""
        return hashlib.sha256(b"yakuba:vault-key:" + self.sealing + self.blinding).digest()[:8]


@dataclass(frozen=True, slots=True, repr=False)
class Keyset:
    keys: Mapping[int, Key]

    def ordered(self) -> list[Key]:
        return [self.keys[id_] for id_ in sorted(self.keys)]

    def with_keys(self, more: Iterable[Key]) -> Keyset:
        return Keyset({**self.keys, **{key.id: key for key in more}})

    def without(self, ids: Iterable[int]) -> Keyset:
        gone = set(ids)
        return Keyset({id_: key for id_, key in self.keys.items() if id_ not in gone})


def new_key(id_: int, *, blinding: bytes | None = None) -> Key:
    """A key of the machine's own randomness; with the `blinding` half of another one, blind indexes stay as they are."""
    if not FIRST_HOUSES < id_ <= _MAX_ID:
        raise ValueError("ids of keys are positive and fit four bytes")
    return Key(id_, secrets.token_bytes(32), blinding or secrets.token_bytes(32))


def path() -> Path:
    named = os.environ.get("YAKUBA_VAULT_KEYS")
    return Path(named) if named else Path(settings.DATA) / "secrets" / "vault.keys"


def first_path() -> Path:
    """Where the first houses had their key."""
    return Path(settings.DATA) / "secrets" / "vault.key"


def exists() -> bool:
    return path().exists() or first_path().exists()


def missing() -> VaultShut:
    return VaultShut(
        "VLT-E-001",
        f"個人番号などの鍵がありません（{path()}）。",
        "保管してある鍵のファイルを、この場所に戻してください。鍵がない間、封印されたものは開きません。",
    )


def _broken(why: str) -> VaultShut:
    return VaultShut(
        "VLT-E-002",
        f"個人番号などの鍵のファイルを読めません（{path()}、{why}）。",
        "保管してある鍵のファイルと入れ替えてください。",
    )


def read() -> Keyset:
    """Every key of the file, and of the first houses' one while it is there. Raises VaultShut."""
    found: dict[int, Key] = {}
    try:
        first = first_path().read_bytes()
        if len(first) != 64:
            raise _broken("長さが64バイトではありません")
        found[FIRST_HOUSES] = Key(FIRST_HOUSES, first[:32], first[32:])
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _broken(str(error.strerror)) from error
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        if not found:
            raise missing() from None
        return Keyset(found)
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(type(error).__name__) from error
    return Keyset({**found, **_parse(text)})


def is_wrapped() -> bool:
    """Whether the file is sealed under a key-encryption key."""
    try:
        return '"wrapped"' in path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def _parse(text: str) -> dict[int, Key]:
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise _broken("書式の版が違います")
        if "wrapped" in data:
            data = json.loads(_unwrap(base64.b64decode(data["wrapped"], validate=True)))
        keys = {
            int(row["id"]): Key(
                int(row["id"]),
                base64.b64decode(row["sealing"], validate=True),
                base64.b64decode(row["blinding"], validate=True),
            )
            for row in data["keys"]
        }
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        if isinstance(error, VaultShut):
            raise
        raise _broken("書式") from error
    for key in keys.values():
        if len(key.sealing) != 32 or len(key.blinding) != 32 or not FIRST_HOUSES <= key.id <= _MAX_ID:
            raise _broken("鍵の長さ")
    return keys


def write(keyset: Keyset) -> None:
    """The whole file anew (0600), durable before it takes the old one's place. Raises VaultShut without the way to wrap it."""
    body = json.dumps(
        {
            "format": _FORMAT,
            "keys": [
                {
                    "id": key.id,
                    "sealing": base64.b64encode(key.sealing).decode(),
                    "blinding": base64.b64encode(key.blinding).decode(),
                }
                for key in keyset.ordered()
            ],
        },
        indent=1,
    )
    kek = key_encryption_key()
    if kek is not None:
        nonce = os.urandom(12)
        wrapped = nonce + AESGCM(kek).encrypt(nonce, body.encode(), _FORMAT.encode())
        body = json.dumps({"format": _FORMAT, "wrapped": base64.b64encode(wrapped).decode()})
    elif is_wrapped():
        raise _no_kek()
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        _sync(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def forget_first() -> None:
    """Remove the first houses' file, whose key `write` has taken over."""
    first_path().unlink(missing_ok=True)
    if first_path().parent.is_dir():
        _sync(first_path().parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_kek() -> VaultShut:
    return VaultShut(
        "VLT-E-003",
        f"鍵のファイル（{path()}）は別の鍵で包まれていますが、その鍵がありません。",
        "YAKUBA_VAULT_KEK_FILE 又は YAKUBA_VAULT_KEK_COMMAND で、包んだときの鍵の場所を指定してください。",
    )


def _unwrap(wrapped: bytes) -> bytes:
    kek = key_encryption_key()
    if kek is None:
        raise _no_kek()
    try:
        return AESGCM(kek).decrypt(wrapped[:12], wrapped[12:], _FORMAT.encode())
    except InvalidTag:
        raise VaultShut(
            "VLT-E-004",
            f"鍵のファイル（{path()}）が、指定された鍵では開きません。",
            "包んだときの鍵を指定するか、保管してある鍵のファイルと入れ替えてください。",
        ) from None


def key_encryption_key() -> bytes | None:
    """The 32 bytes under which the keyset is wrapped, from their own place; None when none is named. Raises VaultShut."""
    file, command = os.environ.get("YAKUBA_VAULT_KEK_FILE"), os.environ.get("YAKUBA_VAULT_KEK_COMMAND")
    if file and command:
        raise _bad_kek("YAKUBA_VAULT_KEK_FILE と YAKUBA_VAULT_KEK_COMMAND の両方があります")
    try:
        if file:
            text = Path(file).read_text(encoding="ascii")
        elif command:
            # The operator's own command line, without a shell; what it prints never gets into a message.
            ran = subprocess.run(  # noqa: S603
                shlex.split(command), capture_output=True, timeout=_COMMAND_WITHIN_S, check=True
            )
            text = ran.stdout.decode("ascii")
        else:
            return None
    except (OSError, UnicodeDecodeError, ValueError, subprocess.SubprocessError) as error:
        raise _bad_kek(type(error).__name__) from None
    if not _KEK.fullmatch(text.strip()):
        raise _bad_kek("64桁の16進数ではありません")
    return bytes.fromhex(text.strip())


def _bad_kek(why: str) -> VaultShut:
    return VaultShut(
        "VLT-E-005",
        f"鍵を包む鍵を読めません（{why}）。",
        "YAKUBA_VAULT_KEK_FILE 又は YAKUBA_VAULT_KEK_COMMAND の指定と、その中身を確かめてください。",
    )
