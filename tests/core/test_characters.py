"""The repertoire, one spelling for each character, variants, 正字."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.characters import _tables as compiled
from yakuba.core.characters import (
    check_repertoire,
    identify,
    mj_unit,
    normalize,
    split_characters,
    to_seiji,
    variant_class,
    variants,
)

WATANABE = "邉\U000e0119"  # MJ026191
TEXT = st.text(
    st.one_of(
        st.sampled_from("髙高邉﨑神塚福か\u3099\u309a\u0301ｶﾞヴ　 \ufe00\U000e0100\U000e0119\ufa19\ufa11\U0002f800葛"),
        st.characters(),
    ),
    max_size=12,
)


@given(TEXT)
@settings(max_examples=200)
def test_normalize_is_idempotent(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(TEXT)
@settings(max_examples=200)
def test_splitting_loses_nothing(text: str) -> None:
    assert "".join(split_characters(text)) == text


@given(TEXT)
@settings(max_examples=200)
def test_clean_text_is_stable_in_the_canonical_form(text: str) -> None:
    if not check_repertoire(text, "氏名"):
        canonical = normalize(text)
        assert not check_repertoire(canonical, "氏名")
        assert unicodedata.normalize("NFC", canonical) == canonical


def test_every_mj_character_is_found_again_by_its_name() -> None:
    names = compiled.names()
    assert (
        len(names.units) == 58_862 - 19 + 286
    )  # all but those without a text form; 変体仮名 without the 13 merged ones
    for number, unit in names.units.items():
        name = f"MJ{number:06}"
        assert mj_unit(name) == unit
        assert identify(unit) == name
        assert normalize(unit) == unit
        assert len(split_characters(unit)) == 1
        assert not check_repertoire(unit, "x")


def test_every_other_spelling_is_the_same_character() -> None:
    aliases = compiled.tables().aliases
    assert len(aliases) > 5_000
    for spelling, unit in aliases.items():
        assert normalize(spelling) == unit
        assert not check_repertoire(spelling, "x")
        # NFC by itself would have turned the compatibility ideographs into other characters.
        assert identify(spelling) == identify(unit)


def test_compatibility_ideographs_survive() -> None:
    assert unicodedata.normalize("NFC", "\ufa19") == "神"
    assert normalize("\ufa19") == "神\U000e0103"
    assert normalize("神\ufe00") == "神\U000e0103"
    assert identify("\ufa19") == "MJ030211" != identify("神")
    assert normalize("\U0002f800") == "\U0002f800"  # not an MJ character: kept for the check to refuse
    assert [f.code for f in check_repertoire("\U0002f800", "氏名")] == ["character-outside-repertoire"]


def test_default_glyph_has_one_spelling() -> None:
    assert normalize("邉\U000e010f") == "邉"
    assert normalize("か\u3099") == "が"
    assert split_characters(f"渡{WATANABE}田") == ["渡", WATANABE, "田"]


def test_names_of_mj() -> None:
    assert identify("髙") == "MJ028902"
    assert identify(WATANABE) == "MJ026191"
    assert identify("𛀂") == "MJ090001"
    assert identify("ア") is None
    assert mj_unit("MJ003719") == mj_unit("MJ003718")  # one glyph under two names, says the table
    for name in ("MJ037229", "MJ999999", "MJ1", "XX000001", "MJ０２８９０２"):
        with pytest.raises(KeyError):
            mj_unit(name)


@pytest.mark.parametrize(
    ("text", "code", "shown", "place"),
    [
        ("山\u202e田", "bidi", "U+202E", 2),
        ("山\x00田", "control", "U+0000", 2),
        ("山田\n", "control", "U+000A", 3),
        ("\ue000田", "private-use", "U+E000", 1),
        ("\U000f0000", "private-use", "U+F0000", 1),
        ("\u0378", "unassigned", "U+0378", 1),
        ("\ud800", "surrogate", "U+D800", 1),
        ("\U000e0100山", "lone-selector", "U+E0100", 1),
        ("葛\U000e0100", "unknown-sequence", "U+845B U+E0100", 1),
        ("山\U000e01ef", "unknown-sequence", "U+5C71 U+E01EF", 1),
        ("ﾔﾏ", "half-width-kana", "U+FF94", 1),
        ("山\u200b田", "invisible", "U+200B", 2),
        ("山\u00ad田", "invisible", "U+00AD", 2),
        ("山\u2003田", "space", "U+2003", 2),
        ("山\u3099", "combination", "U+5C71 U+3099", 1),
        ("김", "outside-repertoire", "「김」(U+AE40)", 1),
        ("山😀", "outside-repertoire", "「😀」(U+1F600)", 2),
    ],
)
def test_what_a_register_refuses(text: str, code: str, shown: str, place: int) -> None:
    finding = check_repertoire(text, "氏名")[0]
    assert finding.code == f"character-{code}"
    assert finding.field == "氏名"
    assert finding.message.startswith(f"{place}文字目の")
    assert shown in finding.message
    assert finding.remedy


def test_findings_come_all_at_once_and_places_are_code_points() -> None:
    findings = check_repertoire(f"{WATANABE}\ue000山\u202e", "氏名")
    assert [f.message[:4] for f in findings] == ["3文字目", "5文字目"]


@pytest.mark.parametrize(
    "text", ["山田　太郎", "SMITH JOHN", "Ｓｍｉｔｈ", "ヴァン・ダイク", "①㈱々〆ヶ", "か゚", "é", "e\u0301", ""]
)
def test_what_a_register_takes(text: str) -> None:
    assert check_repertoire(text, "氏名") == []


def test_a_flood_of_marks_is_refused_without_sorting_them() -> None:
    flood = "か" + "\u0301\u0316" * 50_000
    assert normalize(flood) is flood  # unicodedata would sort this run in quadratic time
    (finding,) = check_repertoire(flood, "氏名")
    assert finding.code == "character-combination"
    assert len(finding.message) < 200
    assert split_characters(flood) == [flood]


def test_variants_are_what_the_tables_say() -> None:
    for same in ("髙高", "﨑崎", "邉邊辺", "齋斎", "齊斉", "澤沢", "濵濱浜", "𠮷吉", "嶋島嶌", "桒桑"):
        assert len({variant_class(character) for character in same}) == 1, same
    assert variant_class("斎") != variant_class("斉")
    assert variant_class("囪") == "囪"  # the tables lead to both 匆 and 窓
    assert variant_class(WATANABE) == "辺"
    assert variant_class("\ufa19") == "神"
    assert set("邉邊辺") | {WATANABE} <= set(variants("辺"))
    assert variants("ア") == ()


def test_classes_are_an_equivalence() -> None:
    for member, representative in compiled.tables().classes.items():
        assert variant_class(representative) == representative
        assert variant_class(member) == representative != member


@given(st.sampled_from(sorted(compiled.names().numbers)))
@settings(max_examples=100)
def test_variants_are_mutual(unit: str) -> None:
    if compiled.names().numbers[unit] < compiled.HENTAIGANA_BASE:
        assert unit in variants(unit)
        assert all(variants(other) == variants(unit) for other in variants(unit))


def test_seiji() -> None:
    assert to_seiji("陈张杨") == "陳張楊"
    assert to_seiji("山田　太郎") == "山田　太郎"
    assert to_seiji(f"陈{WATANABE}") == f"陳{WATANABE}"
