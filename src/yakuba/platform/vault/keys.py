"""The vault's keys: 64 random bytes in the data folder (mode 0600), made at set-up, never in the database or the repo."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection


@dataclass(frozen=True, slots=True, repr=False)
class VaultKeys:
    sealing: bytes  # AES-256-GCM
    blinding: bytes  # HMAC-SHA-256


def _path() -> Path:
    return Path(settings.DATA) / "secrets" / "vault.key"


def create_if_missing() -> None:
    """Make the key of a house that has none yet. Raises FileNotFoundError when something is sealed under a lost one."""
    if _path().exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM vault_number)"
            " OR EXISTS (SELECT FROM access_account WHERE totp_sealed IS NOT NULL)"
        )
        if cursor.fetchone()[0]:
            raise _missing()
    create()


def create() -> None:
    """Write a new key into the data folder. Whatever was sealed under another one stays shut."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(64))
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def _missing() -> FileNotFoundError:
    return FileNotFoundError(f"個人番号などの鍵がありません: {_path()}。バックアップから鍵を戻してください。")


@cache
def load() -> VaultKeys:
    """Raises FileNotFoundError with what to do: without its key the vault stays shut."""
    try:
        data = _path().read_bytes()
    except FileNotFoundError:
        raise _missing() from None
    if len(data) != 64:
        raise ValueError(f"個人番号の鍵が壊れています: {_path()}")
    return VaultKeys(data[:32], data[32:])
