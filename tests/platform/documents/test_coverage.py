"""The coverage file tells the truth about the font that is drawn with."""

from __future__ import annotations

import hashlib
import time

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.platform.documents.build_coverage import read_coverage
from yakuba.platform.documents.coverage import (
    CODE_POINT_LIMIT,
    COVERAGE_PATH,
    FONT_PATH,
    Coverage,
    house_coverage,
    notation,
    sequences,
    variation_key,
)

FONT_SHA256 = "75268aa9ac2d92080048196af08adee37f1c286cf4b7777ed5ac3722a8737f5f"  # IPAmj Mincho 005.01 as published


def test_the_font_is_unmodified_and_carries_its_licence() -> None:
    assert hashlib.sha256(FONT_PATH.read_bytes()).hexdigest() == FONT_SHA256
    licence = FONT_PATH.with_name("IPA_Font_License_Agreement_v1.0.txt").read_text("utf-8")
    assert "IPAフォントライセンスv1.0" in licence


def test_the_coverage_file_is_that_of_the_font() -> None:
    assert read_coverage(FONT_PATH) == Coverage.from_bytes(COVERAGE_PATH.read_bytes())
    assert house_coverage().font_sha256.hex() == FONT_SHA256


def test_every_character_of_every_template_can_be_drawn() -> None:
    templates = sorted(FONT_PATH.parents[3].rglob("templates/*.typ"))
    assert len(templates) >= 8
    for template in templates:
        assert house_coverage().missing(template.read_text("utf-8")) == [], template.name


def test_an_unregistered_variation_is_missing_though_its_base_is_not() -> None:
    with TTFont(FONT_PATH, lazy=True) as font:
        table = next(table for table in font["cmap"].tables if table.format == 14)
        selectors = {selector for selector, bases in table.uvsDict.items() if ord("邉") in dict(bases)}
    registered = "邉" + chr(min(selectors))
    unregistered = "邉" + chr(next(s for s in range(0xE0100, 0xE01F0) if s not in selectors))
    assert house_coverage().draws("邉")
    assert house_coverage().draws(registered)
    assert house_coverage().missing(f"渡{unregistered}") == [unregistered]


@pytest.mark.parametrize("text", ["\t", "\x00", "😀", "한", "\U000e0100", "山\U000e0100\U000e0101", "\ud800"])
def test_what_is_no_glyph_is_missing(text: str) -> None:
    assert house_coverage().missing(text) == list(sequences(text))


def test_a_line_feed_is_layout() -> None:
    assert house_coverage().missing("一行目\n二行目") == []


def test_loading_takes_milliseconds() -> None:
    content = COVERAGE_PATH.read_bytes()
    start = time.perf_counter()
    Coverage.from_bytes(content)
    assert time.perf_counter() - start < 0.1
    assert len(content) < 60_000


@settings(max_examples=60)
@given(st.text(st.sampled_from("山邉\U000e0100\U000e0113\ufe00a\n"), max_size=12))
def test_sequences_lose_nothing(text: str) -> None:
    assert "".join(sequences(text)) == text


@settings(max_examples=60)
@given(
    st.frozensets(st.integers(0, CODE_POINT_LIMIT - 1), max_size=20),
    st.frozensets(
        st.builds(variation_key, st.integers(0x4E00, 0x2FFFF), st.sampled_from([0xFE00, 0xFE0F, 0xE0100, 0xE01EF])),
        max_size=5,
    ),
)
def test_coverage_round_trips(code_points: frozenset[int], variations: frozenset[int]) -> None:
    bitmap = bytearray(CODE_POINT_LIMIT // 8)
    for code_point in code_points:
        bitmap[code_point >> 3] |= 1 << (code_point & 7)
    coverage = Coverage(b"\x01" * 32, bytes(bitmap), variations)
    assert Coverage.from_bytes(coverage.to_bytes()) == coverage
    assert all(coverage.draws(chr(code_point)) for code_point in code_points)


def test_a_foreign_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a coverage file"):
        Coverage.from_bytes(b"something else")


def test_notation() -> None:
    assert notation("邉\U000e0113") == "U+9089 U+E0113"
