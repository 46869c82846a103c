"""The key that signs the log's checkpoints: in the data folder (0600), made at set-up; its public halves beside the checkpoints.

A log keeps its name (`origin`) for life. Its key can be changed: the old public key stays listed, and goes on proving what
it signed. A house whose log is signed refuses to make a key where the old one is lost, unless somebody says so.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from .models import Checkpoint as SealedHead
from .verifier import Checkpoint, VerificationKey

RandomBytes = Callable[[int], bytes]


class NoSigningKey(FileNotFoundError):
    """The key that signed this log is not in the data folder."""


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    origin: str
    seed: bytes

    @property
    def public(self) -> VerificationKey:
        return VerificationKey(self.origin, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def note(self, checkpoint: Checkpoint) -> str:
        """The signed note of a checkpoint of this log."""
        signature = base64.b64encode(self.public.number + self._private.sign(checkpoint.body.encode())).decode()
        return f"{checkpoint.body}\n— {self.origin} {signature}\n"


def _file() -> Path:
    return Path(settings.DATA) / "secrets" / "audit-signing.json"


def public_file() -> Path:
    """The verification keys of the log, one a line, the oldest first: to be handed to whoever checks it."""
    return Path(settings.DATA) / "audit" / "verification-keys.txt"


def has_key() -> bool:
    return _file().exists()


def create_if_missing(random_bytes: RandomBytes = os.urandom) -> None:
    """Make the key of a log that was never signed. Raises NoSigningKey when checkpoints stand under a lost one."""
    if has_key():
        _publish(load().public)
        return
    if SealedHead.objects.exists():
        raise _missing()
    change(random_bytes)


def change(random_bytes: RandomBytes = os.urandom) -> SigningKey:
    """A new key from now on, under the log's name (kept from the old key or its public half)."""
    known = verification_keys()
    origin = load().origin if has_key() else known[-1].origin if known else f"yakuba/{random_bytes(8).hex()}/audit"
    key = SigningKey(origin, random_bytes(32))
    # Public first: a checkpoint signed by a key that nobody was told of would look forged.
    _publish(key.public)
    _write(_file(), json.dumps({"origin": key.origin, "seed": base64.b64encode(key.seed).decode()}), 0o600)
    return key


def load() -> SigningKey:
    """Raises NoSigningKey with what to do."""
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing() from None
    return SigningKey(data["origin"], base64.b64decode(data["seed"], validate=True))


def verification_keys() -> list[VerificationKey]:
    """Every public key of this log, the oldest first."""
    try:
        lines = public_file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [VerificationKey.parse(line) for line in lines if line.strip()]


def _publish(key: VerificationKey) -> None:
    known = [known.text for known in verification_keys()]
    if key.text not in known:
        _write(public_file(), "\n".join([*known, key.text]) + "\n", 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _missing() -> NoSigningKey:
    return NoSigningKey(
        f"操作履歴に署名する鍵がありません: {_file()}。バックアップから鍵を戻してください。"
        "失われた場合は ./yakuba audit key --new で、以後の鍵を作ります。"
    )
