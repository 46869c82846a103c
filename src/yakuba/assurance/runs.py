"""What the last complete run of the tests showed, as a file of the data folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from yakuba.nodes.paths import REPOSITORY, DataFolder, write_privately

FORMAT = 1


class RunUnreadable(ValueError):
    """The file of the last run isn't one; the message (Japanese) says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """One complete run. `tests`: requirement id -> test's node id -> "passed" | "failed" | "skipped"."""

    finished_at: str
    version: str
    commit: str | None
    counts: Mapping[str, int]
    tests: Mapping[str, Mapping[str, str]]

    def outcomes(self, requirement: str) -> Mapping[str, str]:
        return self.tests.get(requirement, {})


def run_file(data: DataFolder) -> Path:
    return data.root / "requirements-run.json"


def save(data: DataFolder, run: Run) -> None:
    """Replace the file of the last run, whole or not at all."""
    data.create()
    write_privately(run_file(data), json.dumps({"format": FORMAT, **asdict(run)}, ensure_ascii=False, indent=1) + "\n")


def load(data: DataFolder) -> Run | None:
    """The last complete run; None before the first. Raises RunUnreadable."""
    file = run_file(data)
    try:
        stored: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if stored.pop("format") != FORMAT:
            raise ValueError("another format")
        return Run(**stored)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunUnreadable(
            f"最後のテスト結果を読めません: {file}({error})。./yakuba test を実行すると作り直されます。"
        ) from error


def passed(outcomes: Iterable[str]) -> bool | None:
    """True if all of one test or more passed, False if one failed, None if nothing or not everything ran."""
    found = set(outcomes)
    if "failed" in found:
        return False
    return True if found == {"passed"} else None


def commit() -> str | None:
    """The commit of the source, with `-dirty` where the tree differs from it; None without git or repository."""
    git = shutil.which("git")
    if git is None or not (REPOSITORY / ".git").exists():
        return None
    told = subprocess.run(  # noqa: S603 -- a fixed command
        [git, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or None


def now(moment: datetime, version: str, counts: Mapping[str, int], tests: Mapping[str, Mapping[str, str]]) -> Run:
    """The run that ends at `moment`, of the source as it stands."""
    return Run(moment.isoformat(timespec="seconds"), version, commit(), dict(counts), tests)
