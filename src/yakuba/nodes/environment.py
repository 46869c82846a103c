"""The house's own Python environment: `.venv` at the root of the source, exactly what a lock file says.

Used by the `yakuba` script before anything is installed: standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from yakuba.console import Console

RUNTIME_LOCK = "requirements.lock"
TEST_LOCK = "requirements-dev.lock"
"""Holds everything of RUNTIME_LOCK, in the same versions."""
_STAMP = ".yakuba-stamp.json"
_UNFINISHED = ".yakuba-unfinished"
_PIN = re.compile(r"^[A-Za-z0-9][^=\s]*==", re.MULTILINE)
_FETCHED = re.compile(r"^(?:Collecting|Processing) ([^=\s;\[]+)")
_LAST_LINES = 25


class EnvironmentFailed(RuntimeError):
    """The environment can't be made; the message says why and what to do."""


def ensure(repository: Path, lock_name: str, console: Console) -> Path:
    """The environment's Python, after installing what `lock_name` says if it isn't installed yet.

    One process installs at a time, the others wait. Raises EnvironmentFailed.
    """
    environment = repository / ".venv"
    python = environment / "bin" / "python"
    if _is_ready(environment, repository, lock_name):
        return python
    with _installing(repository / lock_name, console):
        if _is_ready(environment, repository, lock_name):  # another process did it meanwhile
            return python
        _make(environment, console)
        (environment / _UNFINISHED).touch()
        _install(python, repository / lock_name, console)
        names = [lock_name, RUNTIME_LOCK] if lock_name == TEST_LOCK else [lock_name]
        stamp = {name: _digest(repository / name) for name in names}
        draft = environment / f"{_STAMP}.new"
        draft.write_text(json.dumps(stamp), encoding="utf-8")
        draft.replace(environment / _STAMP)
        (environment / _UNFINISHED).unlink()
        console.say("環境の準備ができました。")
    return python


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _is_ready(environment: Path, repository: Path, lock_name: str) -> bool:
    """Whether the stamp, written last, is that of the lock, and the interpreter is still there."""
    try:
        stamp = json.loads((environment / _STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return False
    return (
        stamp.get(lock_name) == _digest(repository / lock_name)
        and os.access(environment / "bin" / "python", os.X_OK)  # its link may lead to an interpreter that was removed
        and not (environment / _UNFINISHED).exists()
    )


@contextmanager
def _installing(lock: Path, console: Console) -> Iterator[None]:
    """Be the only one who installs. The lock file itself is locked: it is there before anything else is."""
    with lock.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say("別のプロセスが環境を準備しています。終わるまで待ちます。")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _make(environment: Path, console: Console) -> None:
    """A virtual environment with pip; one that works and wasn't interrupted is kept."""
    if not (environment / _UNFINISHED).exists() and _works(environment / "bin" / "python"):
        return
    console.say(f"Python の環境を {environment} に作ります(最初の一度だけ)。")
    try:
        if environment.is_symlink() or environment.is_file():
            environment.unlink()
        elif environment.exists():
            shutil.rmtree(environment)
        environment.mkdir()
    except OSError as error:
        raise EnvironmentFailed(
            f"{environment} を作れません({error.strerror})。書き込める場所に置いてください。"
            f" / Cannot create {environment}."
        ) from error
    (environment / _UNFINISHED).touch()
    done = subprocess.run(  # noqa: S603 -- this interpreter
        [sys.executable, "-m", "venv", str(environment)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    output = (done.stdout + done.stderr).strip()
    if "ensurepip" in output:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise EnvironmentFailed(
            "この Python には venv を作る部品(ensurepip)がありません。次を実行してからやり直してください:\n"
            f"  apt-get install python3-venv    (または python{version}-venv)\n"
            "This Python lacks ensurepip: install the package python3-venv and try again."
        )
    raise EnvironmentFailed(f"Python の環境を作れませんでした。\n{output}")


def _works(python: Path) -> bool:
    with suppress(OSError):
        command = [str(python), "-c", "import pip, sys; raise SystemExit(sys.version_info < (3, 11))"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 -- our own path
    return False


def _install(python: Path, lock: Path, console: Console) -> None:
    pins = len(_PIN.findall(lock.read_text(encoding="utf-8")))
    command = [
        *(str(python), "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-r", str(lock)),
    ]
    stage = "必要なパッケージを取得しています"
    lines: list[str] = []
    fetched = 0
    with subprocess.Popen(  # noqa: S603 -- our own path
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            collecting = _FETCHED.match(line)
            if collecting:
                fetched += 1
                console.progress(stage, min(fetched, pins), pins, Path(collecting[1]).name)
            elif line.startswith("Installing collected packages"):
                console.progress("インストールしています", 0, None)
    if process.returncode != 0:
        told = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
        raise EnvironmentFailed(
            f"必要なパッケージをインストールできませんでした({lock.name})。"
            "ネットワークと pip の設定を確かめて、もう一度実行してください。\n" + told
        )
