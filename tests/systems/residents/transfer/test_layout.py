"""The document of the format says what the program reads."""

from __future__ import annotations

import re
from pathlib import Path

from yakuba.sandbox import population
from yakuba.systems.residents.items import BY_NAME, ITEMS
from yakuba.systems.residents.transfer.layout import COLUMNS, HEADER, MAX_LINE_BYTES

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs/formats/residents-register-csv.md").read_text(encoding="utf-8")


def test_the_page_lists_every_column_in_its_place():
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+?) \| (.+?) \| (.*?) ?\|$", PAGE, re.MULTILINE)
    assert [(int(place), name) for place, name, *_ in rows] == list(enumerate(COLUMNS, 1))
    for _, name, label, form, whom in rows[2:]:
        item = BY_NAME[name]
        assert label == item.label
        assert (whom == "required") == item.required
        if item.codes:
            assert form == f"code of `{item.codes}`"
        elif item.length:
            assert str(item.length) in form


def test_a_line_has_room_for_the_longest_record():
    longest = sum(4 * max(item.length, 40) + 3 for item in ITEMS)
    assert longest < MAX_LINE_BYTES
    assert len(HEADER) < MAX_LINE_BYTES


def test_the_sandbox_writes_this_format():
    assert population.COLUMNS == COLUMNS


def test_every_code_of_the_programs_is_on_the_page():
    """Finding codes of the transfer, as single codes or within a range of the page."""
    source = ROOT / "src/yakuba/systems/residents/transfer"
    used = {code for file in source.glob("*.py") for code in re.findall(r'"(RES-[EW]-\d+)"', file.read_text("utf-8"))}
    stated = set(re.findall(r"RES-[EW]-\d+", PAGE))
    for first, last in re.findall(r"RES-E-(\d+)–(\d+)", PAGE):
        stated |= {f"RES-E-{number}" for number in range(int(first), int(last) + 1)}
    told_otherwise = {"RES-E-312", "RES-E-313", "RES-E-314", "RES-E-315", "RES-E-380", "RES-E-381", "RES-E-382"}
    assert used - stated == told_otherwise
