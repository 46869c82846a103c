"""The door: what each command says, how it finds its module, and what `test` makes of checks and pytest."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from yakuba import __version__, cli
from yakuba.nodes import checks
from yakuba.nodes.paths import REPOSITORY, DataFolder, data_folder, write_privately

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def door(tmp_path: Path) -> Run:
    """Run a command of the door in a house that is not there."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "yakuba.cli", *arguments],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "YAKUBA_DATA": str(tmp_path / "house")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_status_of_no_house(door: Run, tmp_path: Path) -> None:
    done = door("status")
    assert (done.returncode, done.stdout) == (3, "役場は動いていません。./yakuba up で開きます。\n")
    done = door("status", "--json")
    standing = json.loads(done.stdout)
    assert done.returncode == 3
    assert standing["running"] is False
    assert standing["version"] == __version__
    assert standing["data"] == str(tmp_path / "house")
    assert {"url", "pid", "database", "web", "worker", "started_at"} <= standing.keys()
    assert not (tmp_path / "house").exists(), "asking creates nothing"


def test_down_of_no_house(door: Run) -> None:
    done = door("down")
    assert (done.returncode, done.stdout) == (0, "役場は動いていません。\n")


def test_status_needs_neither_django_nor_the_database_driver() -> None:
    program = (
        "import sys; from yakuba import cli; cli.main(['status']);"
        "sys.stderr.write(' '.join(name for name in ('django', 'psycopg', 'polars', 'http.client') if name in sys.modules))"
    )
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_help_names_every_command(door: Run) -> None:
    done = door("--help")
    assert done.returncode == 0
    for name in ("up", "down", "status", "test", *cli.COMMANDS):
        assert re.search(rf"^ +{name}\b", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [[], ["no-such-command"], ["up", "--port", "0"], ["up", "--port", "http"], ["up", "--residents", "0"]]
)
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: yakuba" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_its_module(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    import_module(cli.COMMANDS[name].module)
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: yakuba {name}" in capsys.readouterr().out


@pytest.fixture
def command_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """A command `weigh` whose handler notes its argument and database, and answers 7."""
    seen: list[Any] = []

    def handler(args: argparse.Namespace) -> int:
        seen.append((args.what, os.environ.get("YAKUBA_DATABASE_URL")))
        return 7

    def add_parser(commands: Any) -> None:
        parser = commands.add_parser("weigh")
        parser.add_argument("what")
        parser.set_defaults(handler=handler)

    module = types.ModuleType("weighing")
    module.add_parser = add_parser  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "weighing", module)
    monkeypatch.setitem(cli.COMMANDS, "weigh", cli.Command("weighing", "重さを量る", needs_database=False))
    monkeypatch.setenv("YAKUBA_DATA", str(tmp_path / "house"))
    return seen


def test_a_command_elsewhere_is_called_with_its_arguments(
    command_elsewhere: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YAKUBA_DATABASE_URL", raising=False)
    assert cli.main(["weigh", "paper"]) == 7
    assert command_elsewhere == [("paper", None)]


def test_a_command_that_needs_the_database_finds_it(
    command_elsewhere: list[Any], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "weigh", cli.Command("weighing", "重さを量る"))
    monkeypatch.setenv("YAKUBA_DATABASE_URL", database_url)
    assert cli.main(["weigh", "paper"]) == 7
    assert command_elsewhere == [("paper", database_url)]


# -- the data folder ---------------------------------------------------------------------------------------------------


def test_the_data_folder_is_named_or_beside_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder({}).root == REPOSITORY / "var"
    assert data_folder({"YAKUBA_DATA": str(tmp_path)}).root == tmp_path
    monkeypatch.chdir(tmp_path)
    assert data_folder({"YAKUBA_DATA": "here"}).root == tmp_path / "here"


def test_a_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "house")
    made = data.secret("key")
    assert len(made) >= 32
    assert data.secret("key") == made
    assert data.secret("other") != made
    assert data.secret("chosen", lambda: "chosen") == "chosen"
    assert (data.secrets / "key").stat().st_mode & 0o777 == 0o600
    assert data.secrets.stat().st_mode & 0o777 == 0o700
    write_privately(data.secrets / "key", "late", replace=False)
    assert data.secret("key") == made


# -- ./yakuba test -----------------------------------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one test, which passes and prints where the browser is."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "import os\n"
        "def pytest_terminal_summary(terminalreporter):\n"
        "    terminalreporter.write_line(f\"browser {os.environ.get('YAKUBA_CHROMIUM')}\")\n",
        encoding="utf-8",
    )
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    monkeypatch.setattr(checks, "REPOSITORY", tmp_path)
    return tmp_path


def _environ(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("YAKUBA_", "PYTEST_", "CHROMIUM"))
    }
    kept.pop("CI", None)
    # The little suite needs none of this one's plugins but the one that distributes it.
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p xdist.plugin", **more}


def _static(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    found = [("lint", [sys.executable, "-c", f"raise SystemExit({code})"])]
    monkeypatch.setattr(checks, "_static_checks", lambda: found)


def test_everything_passes_and_pytest_closes(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _static(monkeypatch, 0)
    assert checks.run([], _environ(CHROMIUM="/opt/browser")) == 0
    told = capfd.readouterr().out.splitlines()
    assert "── lint: 合格" in told
    assert "browser /opt/browser" in told
    assert "1 passed" in told[-1]


def test_a_failing_check_fails_the_run_though_pytest_passes(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _static(monkeypatch, 1)
    assert checks.run([], _environ(CHROMIUM="/opt/browser")) == 1
    told = capfd.readouterr().out.splitlines()
    assert "── lint: 不合格" in told
    assert "1 passed" in told[-1]


def test_with_arguments_only_pytest_runs(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _static(monkeypatch, 1)
    assert checks.run(["-q", "test_one.py"], _environ(CHROMIUM="/opt/browser")) == 0
    assert checks.run(["-k", "nothing"], _environ(CHROMIUM="/opt/browser")) == 5
    assert "lint" not in capfd.readouterr().out


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_a_browser_only_ci_fails(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    _static(monkeypatch, 0)
    environ = _environ(CI=ci)
    monkeypatch.setattr("shutil.which", lambda *_: None)
    assert checks.run([], environ) == code
    told = capfd.readouterr().out.splitlines()
    assert any("Chromium がない" in line for line in told)
    assert "browser None" in told
