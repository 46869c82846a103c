"""The house's folder for files on their way: sealed always, named by the house, erased when they end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

_BLOCK = bytes(1 << 20)


class NotErased(RuntimeError):
    """A file is still there after its erasure."""


def folder() -> Path:
    """Where drafts, received files and what waits for its recipient lie (0700)."""
    path = Path(settings.DATA) / "handover"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_name() -> str:
    """A name that nobody can guess and no form has given."""
    return f"{secrets.token_hex(16)}.ykh"


def path_of(name: str) -> Path:
    """Raises ValueError for anything but a name of `new_name`."""
    if len(name) != 36 or not name.endswith(".ykh") or not set(name[:32]) <= set("0123456789abcdef"):
        raise ValueError("no name of the house's own")
    return folder() / name


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A new file (0600), on the disk when the block ends; gone when the block fails. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def erase(path: Path, *, overwrite: bool = False) -> bool:
    """Take a file away and look whether it is gone; False when there was none. Raises NotErased.

    What the house sealed is erased with its key. `overwrite` is for plain files of others: once over with noughts, which a
    file system that copies on write or a solid-state disk may keep elsewhere: a plain file belongs on no such disk.
    """
    if not path.exists():
        return False
    if overwrite:
        left = path.stat().st_size
        with path.open("r+b", buffering=0) as file:
            while left > 0:
                left -= file.write(_BLOCK[: min(left, len(_BLOCK))])
            os.fsync(file.fileno())
    path.unlink()
    if path.exists():
        raise NotErased(f"{path.name} could not be erased")
    return True
