"""The data folder of a house: where its secrets, its logs, its database and its running state live.

`YAKUBA_DATA` names it; without it, `var/` beside the source. Standard library only: the door needs it at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths below `root` (absolute). Nothing is created before `create()`."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        """State of the running house: lock, pids, chosen ports."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    def create(self) -> None:
        """Make the folders, closed to others (0700; the root 0711, so that the database's own user can reach its part).

        Raises OSError where the place can't be written.
        """
        if not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711)
        for folder in (self.secrets, self.run, self.log):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)

    def secret(self, name: str, generate: Callable[[], str] = lambda: os.urandom(32).hex()) -> str:
        """The secret `name` of this house: made by `generate` at the first call, the same ever after (file, 0600)."""
        file = self.secrets / name
        with suppress(FileNotFoundError):
            return file.read_text(encoding="utf-8")
        self.create()
        write_privately(file, generate(), replace=False)
        return file.read_text(encoding="utf-8")


def write_privately(file: Path, text: str, *, replace: bool = True) -> None:
    """Write `file` (0600) whole or not at all; with `replace=False` a file that is there already stays."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            draft.replace(file)
        else:
            with suppress(FileExistsError):
                file.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def data_folder(environ: Mapping[str, str] = os.environ) -> DataFolder:
    """The data folder that the environment names (`YAKUBA_DATA`), else `var/` of the repository; nothing is created."""
    named = environ.get("YAKUBA_DATA")
    return DataFolder((Path(named).expanduser() if named else REPOSITORY / "var").absolute())
