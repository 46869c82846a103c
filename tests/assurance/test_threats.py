"""docs/threats.md says what stands against each threat: held against the tests and the requirements catalogue."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from yakuba.assurance import catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threats.md"
ID = re.compile(r"\bP?(?:SEC|LOG|RET|DISC)(?:-[TC])?-\d{3}\b")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


@dataclass(frozen=True)
class Row:
    """One line of a table of threats."""

    threat: str
    control: str
    tests: tuple[tuple[str, str], ...]
    requirements: tuple[str, ...]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _tables(text: str, width: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            cells = _cells(line)
            assert len(cells) == width, line
            yield cells


THREATS, OPEN = PAGE.read_text(encoding="utf-8").split("\n## Not shown yet\n")
ROWS = [
    Row(threat, control, tuple(TEST.findall(tests)), tuple(ID.findall(requirements)))
    for threat, control, tests, requirements in _tables(THREATS, 4)
    if threat != "Threat"
]
WAITING = [id_ for reason, ids in _tables(OPEN, 2) if reason != "Waits for" for id_ in ids.split()]


@cache
def _marks(file: str) -> dict[str, frozenset[str]]:
    """The requirements named by the marks of each test function of a file (below tests/)."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    whole = {
        id_
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        for id_ in ID.findall(ast.unparse(node.value))
    }
    return {
        node.name: frozenset(whole | {id_ for mark in node.decorator_list for id_ in _named(mark)})
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    }


def _named(decorator: ast.expr) -> list[str]:
    """Of a mark itself, and of marks on single parameters."""
    return [
        argument.value
        for node in ast.walk(decorator)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.threat)
def test_each_threat_has_a_control_and_its_tests_exist(row: Row) -> None:
    assert row.control
    assert row.tests, "a threat without a test is a hope"
    missing = [f"{file}::{name}" for file, name in row.tests if name not in _marks(file)]
    assert missing == [], "rename it in docs/threats.md too"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.threat)
def test_each_requirement_beside_a_threat_is_named_by_a_test_of_its_row(row: Row) -> None:
    named = {id_ for file, name in row.tests for id_ in _marks(file)[name]}
    assert [id_ for id_ in row.requirements if id_ not in named] == []


def test_each_requirement_of_security_logs_keeping_and_disclosure_has_its_place() -> None:
    wanted = {entry.id for entry in catalogue.requirements() if ID.fullmatch(entry.id)}
    beyond = {entry.id for entry in catalogue.requirements() if entry.beyond_software} & wanted
    shown = {id_ for row in ROWS for id_ in row.requirements}
    assert len(wanted) > 200
    assert sorted(wanted - shown - beyond - set(WAITING)) == [], "docs/threats.md doesn't say what becomes of these"
    assert sorted((shown | set(WAITING)) - wanted) == [], "no such requirement"
    assert sorted(set(WAITING) & (shown | beyond)) == [], "stands under 'Not shown yet' and elsewhere"
    assert [id_ for id_, count in Counter(WAITING).items() if count > 1] == []


def test_the_page_has_every_chapter_of_the_assessments_risks() -> None:
    for risk in ("Ⅲ2", "Ⅲ3", "Ⅲ4", "Ⅲ5", "Ⅲ7", "リスク1 目的外の入手", "リスク4 不正な複製", "リスク3 消去されない"):
        assert risk in THREATS, risk
