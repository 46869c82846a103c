"""From marks on tests to `./yakuba requirements`: real pytest runs of small suites, alone and on two workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yakuba import cli
from yakuba.assurance import catalogue, commands, runs
from yakuba.nodes.paths import DataFolder

SUITE = """
import pytest

@pytest.mark.req("RES-001", "RES-002")
def test_holds():
    pass

@pytest.mark.req("RES-002")
@pytest.mark.parametrize("n", [1, 2])
def test_fails_once(n):
    assert n == 1

@pytest.mark.req("RES-003")
def test_holds_too():
    pass

@pytest.mark.req("RES-003")
def test_not_here():
    pytest.skip("no browser")

@pytest.fixture
def leaks():
    yield
    raise RuntimeError("teardown fails")

@pytest.mark.req("RES-005")
def test_fails_afterwards(leaks):
    pass

def test_without_a_mark():
    pass
"""

INI = "[pytest]\ntestpaths = tests\nmarkers =\n    req(*ids): requirements\n"


class House:
    """A project with one test file, and the data folder of its runs."""

    def __init__(self, root: Path) -> None:
        self.root, self.data = root, DataFolder(root / "data")
        (root / "tests").mkdir()
        (root / "pytest.ini").write_text(INI, encoding="utf-8")

    def run(self, *arguments: str, suite: str = SUITE) -> subprocess.CompletedProcess[str]:
        (self.root / "tests" / "test_suite.py").write_text(suite, encoding="utf-8")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
        environ |= {"YAKUBA_DATA": str(self.data.root), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        plugins = ["-p", "no:cacheprovider", "-p", "xdist", "-p", "yakuba.assurance.pytest_plugin"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *arguments],
            cwd=self.root, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def reported(self) -> dict[str, dict[str, Any]]:
        rows = commands.report(catalogue.requirements(), runs.load(self.data))
        return {row["id"]: row for row in rows}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_a_complete_run_says_what_is_proved(house: House, arguments: tuple[str, ...]):
    done = house.run(*arguments)
    assert done.returncode == 1, done.stdout
    reported = house.reported()
    assert set(reported) == catalogue.ids()
    assert reported["RES-001"]["passed"] is True
    assert reported["RES-001"]["tests"] == ["tests/test_suite.py::test_holds"]
    assert reported["RES-002"]["passed"] is False
    assert len(reported["RES-002"]["tests"]) == 3
    assert reported["RES-003"]["passed"] is None, "one of its tests was skipped"
    assert reported["RES-005"]["passed"] is False, "a failing teardown fails the test"
    assert reported["RES-004"] == {
        "id": "RES-004", "system": reported["RES-001"]["system"], "tests": [], "passed": None, "reason": None,
    }  # fmt: skip
    last = runs.load(house.data)
    assert last is not None
    assert last.counts == {"passed": 4, "failed": 2, "skipped": 1}
    assert "requirements proved: 1 of 979" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("tests/test_suite.py",), ("-k", "holds"), ("--deselect", "tests/test_suite.py::test_holds"), ("-x",)],
    ids=["path", "keyword", "deselected", "stopped at the first failure"],
)
def test_a_partial_run_leaves_the_last_complete_one(house: House, arguments: tuple[str, ...]):
    runs.save(house.data, runs.Run("2026-11-20", "0.1", None, {"passed": 1}, {"RES-009": {"test": "passed"}}))
    before = runs.run_file(house.data).read_bytes()
    house.run(*arguments)
    assert runs.run_file(house.data).read_bytes() == before
    assert house.reported()["RES-009"]["passed"] is True


def test_a_file_that_cannot_be_collected_makes_no_complete_run(house: House):
    (house.root / "tests" / "test_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    house.run("--continue-on-collection-errors")
    assert not runs.run_file(house.data).exists()


def test_a_crashed_worker_makes_no_complete_run(house: House):
    house.run("-n", "1", suite="import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass\n")
    assert not runs.run_file(house.data).exists()


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_mark_of_an_unknown_requirement_fails(house: House, arguments: tuple[str, ...]):
    suite = "import pytest\n@pytest.mark.req('RES-001', 'RES-9999')\ndef test_it(): pass\n"
    done = house.run(*arguments, suite=suite)
    assert done.returncode == 1
    assert "not in the requirements catalogue: RES-9999" in done.stdout
    assert house.reported()["RES-001"]["passed"] is False


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`./yakuba requirements …` in a house of its own: exit code, standard output, standard error."""
    monkeypatch.setenv("YAKUBA_DATA", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["requirements", *arguments])
        return code, *capsys.readouterr()

    return run


def test_without_a_run_nothing_is_claimed(ask):
    code, out, _ = ask("--json")
    rows = json.loads(out)["requirements"]
    assert code == 0
    assert {row["id"] for row in rows} == catalogue.ids()
    assert all(row["tests"] == [] and row["passed"] is None for row in rows)
    assert {row["id"] for row in rows if row["reason"]} == {e.id for e in catalogue.requirements() if e.beyond_software}


def test_the_table_counts_every_system(ask, tmp_path: Path):
    outcomes = {"RES-001": {"a": "passed"}, "RES-002": {"a": "passed", "b": "failed"}}
    runs.save(DataFolder(tmp_path), runs.Run("2026-11-20T12:00:00+09:00", "0.1", "abc", {"passed": 1}, outcomes))
    code, out, _ = ask()
    assert code == 0
    assert "2026-11-20T12:00:00+09:00" in out
    assert "abc" in out
    total = out.splitlines()[-1].split()
    beyond = sum(bool(entry.beyond_software) for entry in catalogue.requirements())
    assert total == ["計", "979", "1", "1", str(977 - beyond), str(beyond)]


def test_a_system_is_chosen_by_name_or_by_prefix(ask):
    by_prefix = json.loads(ask("--json", "--system", "inkan")[1])["requirements"]
    by_name = json.loads(ask("--json", "--system", "印鑑登録")[1])["requirements"]
    assert by_prefix == by_name
    assert [row["id"] for row in by_prefix] == [f"INKAN-{n:03}" for n in range(1, 10)]
    text = ask("--system", "INKAN")[1]
    assert all(row["id"] in text for row in by_prefix)
    code, out, error = ask("--system", "水道")
    assert (code, out) == (2, "")
    assert "「水道」に当たるシステムはありません" in error
    assert "印鑑登録" in error


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1}', '{"format": 9, "tests": {}}'])
def test_a_broken_file_is_named_with_what_to_do(ask, tmp_path: Path, content: str):
    runs.run_file(DataFolder(tmp_path)).write_text(content, encoding="utf-8")
    code, out, error = ask()
    assert (code, out) == (1, "")
    assert "requirements-run.json" in error
    assert "./yakuba test" in error


def test_the_command_needs_no_django():
    probe = (
        "import sys; from yakuba import cli; cli.main(['requirements', '--json']);"
        "sys.exit(any(name.split('.')[0] in {'django', 'psycopg'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", probe], stdout=subprocess.DEVNULL, check=False).returncode == 0
