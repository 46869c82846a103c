"""The glossary says what the code says: every identifier occurs, none twice, items with their labels."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from yakuba.systems.residents.items import BY_NAME

ROOT = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| (?P<term>[^|]+) \| `(?P<identifier>[^`|]+)` \| (?P<meaning>[^|]+) \|$")


def _sections() -> dict[str, list[tuple[str, str]]]:
    """Rows (term, identifier) by heading. A line of a table that is no such row fails."""
    sections: dict[str, list[tuple[str, str]]] = {}
    rows: list[tuple[str, str]] = []
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = sections.setdefault(line[3:], [])
        elif line.startswith("|") and not line.startswith(("| 日本語", "|---")):
            row = _ROW.match(line)
            assert row, line
            rows.append((row["term"], row["identifier"]))
    return sections


ROWS = [row for rows in _sections().values() for row in rows]


@cache
def _words() -> frozenset[str]:
    """Every word of the source's Python files."""
    return frozenset(
        word
        for file in (ROOT / "src" / "yakuba").rglob("*.py")
        for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", file.read_text(encoding="utf-8"))
    )


def test_there_are_enough_terms_to_rely_on():
    assert len(ROWS) >= 150


@pytest.mark.parametrize("column", [0, 1], ids=["term", "identifier"])
def test_one_term_has_one_identifier(column: int):
    counted = Counter(row[column] for row in ROWS)
    assert [value for value, count in counted.items() if count > 1] == []


@pytest.mark.parametrize(("term", "identifier"), ROWS)
def test_each_identifier_is_one_of_the_code(term: str, identifier: str):
    assert identifier in _words(), f"{term}: `{identifier}` does not occur in src/"


def test_items_carry_their_labels():
    rows = next(rows for heading, rows in _sections().items() if heading.startswith("Items"))
    assert {identifier: BY_NAME[identifier].label for _, identifier in rows} == {name: term for term, name in rows}
