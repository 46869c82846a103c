"""The vault's keys: 64 random bytes in the data folder (mode 0600), made at set-up, never in the database or the repo."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True, repr=False)
class VaultKeys:
    sealing: bytes  # AES-256-GCM
    blinding: bytes  # HMAC-SHA-256


def _path() -> Path:
    return Path(settings.DATA) / "secrets" / "vault.key"


def create_if_missing() -> None:
    path = _path()
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(64))
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


@cache
def load() -> VaultKeys:
    """Raises FileNotFoundError with what to do: without its key the vault stays shut."""
    try:
        data = _path().read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"個人番号の鍵がありません: {_path()}。バックアップから鍵を戻してください。") from None
    if len(data) != 64:
        raise ValueError(f"個人番号の鍵が壊れています: {_path()}")
    return VaultKeys(data[:32], data[32:])
