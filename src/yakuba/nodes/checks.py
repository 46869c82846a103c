"""`./yakuba test`: the static checks, then pytest, with everything that the tests need.

pytest runs last and its closing line is the last line; what the checks found is repeated right above it (by
tests/conftest.py, from YAKUBA_CHECKS) and in the exit code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from yakuba.nodes.paths import REPOSITORY

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
_LAYERS_CODE = "from importlinter.cli import lint_imports_command as run; run()"


def run(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Exit code of everything; with `arguments` only pytest runs, with them."""
    in_ci = environ.get("CI", "").lower() in {"1", "true"}
    outcomes: dict[str, bool] = {}
    if not arguments:
        for name, command in _static_checks():
            _say(f"── {name}")
            outcomes[name] = subprocess.call(command, cwd=REPOSITORY) == 0  # noqa: S603 -- fixed commands
    tests_environ = dict(environ)
    chromium = _find_chromium(environ, may_install=not arguments)
    if chromium:
        tests_environ["YAKUBA_CHROMIUM"] = chromium
    else:
        _say("── Chromium がないので画面のテスト(browser)は実行できません。apt-get install chromium で入ります。")
        if in_ci:
            outcomes["Chromium"] = False
    summary = "  ".join(f"{name}: {'合格' if passed else '不合格'}" for name, passed in outcomes.items())
    if outcomes:
        _say(f"── {summary}")
        tests_environ["YAKUBA_CHECKS"] = summary
    chosen = list(arguments) or ["-n", "2", "--dist", "loadfile"]
    _say("── pytest")
    code = subprocess.call([sys.executable, "-m", "pytest", *chosen], cwd=REPOSITORY, env=tests_environ)  # noqa: S603
    return code or int(not all(outcomes.values()))


def _static_checks() -> list[tuple[str, list[str]]]:
    python = [sys.executable, "-m"]
    return [
        ("ruff check", [*python, "ruff", "check", "."]),
        ("ruff format", [*python, "ruff", "format", "--check", "."]),
        ("mypy", [*python, "mypy"]),
        ("lint-imports", [sys.executable, "-c", _LAYERS_CODE]),
    ]


def _find_chromium(environ: Mapping[str, str], *, may_install: bool) -> str | None:
    """Path of a Chromium: named by YAKUBA_CHROMIUM or CHROMIUM, on the PATH, or Debian's, installed now."""
    for variable in ("YAKUBA_CHROMIUM", "CHROMIUM"):
        if environ.get(variable):
            return environ[variable]
    found = _on_path()
    if found or not may_install or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    _say("── chromium を apt で入れています。")
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(  # noqa: S603 -- fixed commands
            ["apt-get", *command],  # noqa: S607 -- wherever the system has it
            env=quiet,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            _say(f"apt-get {' '.join(command)} が失敗しました。\n{done.stderr.strip()}")
            return None
    return _on_path()


def _on_path() -> str | None:
    return next((path for path in map(shutil.which, _CHROMIUMS) if path), None)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
