"""The environment that the door makes for itself, from a lock of our own with wheels of our own: no registry is asked."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from yakuba.console import Console
from yakuba.nodes import environment
from yakuba.nodes.paths import REPOSITORY

_ENSURE = (
    "import sys; from pathlib import Path\n"
    "from yakuba.nodes import environment\nfrom yakuba.console import Console\n"
    "environment.ensure(Path(sys.argv[1]), 'requirements.lock', Console(sys.stdout))\n"
)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in [name for name in os.environ if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"]:
        monkeypatch.delenv(name)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    lock(tmp_path, "1.0")
    return tmp_path


def wheel(folder: Path, version: str) -> str:
    """Make the wheel of package `mihon`; its hash."""
    folder.mkdir(exist_ok=True)
    file = folder / f"mihon-{version}-py3-none-any.whl"
    info = f"mihon-{version}.dist-info"
    contents = {
        "mihon.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: mihon\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {**contents, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def lock(repository: Path, version: str, digest: str | None = None) -> None:
    made = wheel(repository / "wheels", version)
    (repository / "requirements.lock").write_text(
        f"--no-index\n--find-links {repository}/wheels\nmihon=={version} --hash=sha256:{digest or made}\n",
        encoding="utf-8",
    )


def ensure(repository: Path) -> str:
    said = io.StringIO()
    environment.ensure(repository, environment.RUNTIME_LOCK, Console(said))
    return said.getvalue()


def installed(repository: Path) -> str:
    python = repository / ".venv/bin/python"
    return subprocess.check_output([python, "-c", "import mihon; print(mihon.VERSION)"], text=True).strip()


def in_the_background(repository: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _ENSURE, str(repository)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )


def test_it_is_made_once_and_follows_its_lock(repository: Path) -> None:
    assert "mihon" in ensure(repository)
    assert installed(repository) == "1.0"
    assert ensure(repository) == ""
    inode = (repository / ".venv").stat().st_ino
    lock(repository, "2.0")
    assert "mihon" in ensure(repository)
    assert installed(repository) == "2.0"
    assert (repository / ".venv").stat().st_ino == inode, "a working environment is kept"


def test_an_interpreter_that_went_away_is_replaced(repository: Path) -> None:
    (repository / ".venv/bin").mkdir(parents=True)
    (repository / ".venv/bin/python").symlink_to(repository / "removed/python3")
    digest = hashlib.sha256((repository / "requirements.lock").read_bytes()).hexdigest()
    (repository / ".venv/.yakuba-stamp.json").write_text(json.dumps({"requirements.lock": digest}), encoding="utf-8")
    ensure(repository)
    assert installed(repository) == "1.0"


@pytest.mark.fault
def test_an_interrupted_making_is_begun_again(repository: Path) -> None:
    first = in_the_background(repository)
    deadline = time.monotonic() + 30
    while not (repository / ".venv/lib").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert (repository / ".venv").exists()
    assert not (repository / ".venv/.yakuba-stamp.json").exists()
    left = repository / ".venv/left-over"
    left.touch()
    ensure(repository)
    assert installed(repository) == "1.0"
    assert not left.exists(), "half an environment isn't built upon"


def test_two_at_once_install_once(repository: Path) -> None:
    told = [process.communicate(timeout=120)[0] for process in [in_the_background(repository) for _ in range(2)]]
    assert sorted("終わるまで待ちます" in text for text in told) == [False, True]
    assert sum("環境の準備ができました。" in text for text in told) == 1
    assert installed(repository) == "1.0"


def test_a_package_that_is_not_the_locked_one_is_refused(repository: Path) -> None:
    lock(repository, "1.0", digest="0" * 64)
    with pytest.raises(environment.EnvironmentFailed, match=r"requirements\.lock"):
        ensure(repository)
    assert not (repository / ".venv/.yakuba-stamp.json").exists()  # nor is it taken for installed the next time


def test_a_python_without_ensurepip_is_told_what_to_install(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = repository / "python3"
    python.write_text(
        "#!/bin/sh\necho 'The virtual environment was not created because ensurepip is not available.'\nexit 1\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(environment.EnvironmentFailed, match="apt-get install python3-venv"):
        ensure(repository)


def test_a_place_that_cannot_be_written_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(environment.EnvironmentFailed, match="作れません"):
        ensure(repository)


def _door_under(version: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run the door as if this Python were `version`."""
    program = (
        f"import runpy, sys; sys.version_info = {version}; sys.version = '.'.join(map(str, {version}));"
        f"sys.argv = ['yakuba', 'status']; runpy.run_path({str(REPOSITORY / 'yakuba')!r}, run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", program], env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_refused_in_both_languages() -> None:
    done = _door_under("(3, 9, 2)", "/nonexistent")
    assert done.returncode == 1
    assert "Python 3.11 以上が必要です(この Python は 3.9.2)" in done.stderr
    assert "needs Python 3.11 or later" in done.stderr


def test_an_old_python_gives_way_to_a_newer_one_beside_it(tmp_path: Path) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "newer: $2"\n')
    newer.chmod(0o755)
    assert _door_under("(3, 9, 2)", f"{tmp_path}:/bin").stdout == "newer: status\n"


def test_the_door_is_parsed_by_pythons_that_it_refuses() -> None:
    import ast

    ast.parse((REPOSITORY / "yakuba").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_lock_of_the_tests_holds_what_runs() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (REPOSITORY / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock")
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_no_lock_names_a_registry() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://|--index-url", (REPOSITORY / name).read_text(encoding="utf-8"))
