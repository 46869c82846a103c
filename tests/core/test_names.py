"""Names, furigana, Latin names, former surnames, aliases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.findings import Severity
from yakuba.core.names import (
    MAX_NAME_LENGTH,
    PersonName,
    check_alias,
    check_former_surname,
    check_furigana,
    check_japanese_name,
    check_name,
    check_romanized,
)


def test_a_japanese_name_has_two_parts() -> None:
    name = PersonName.parse("  見本  太郎 ")
    assert (name.text, name.surname, name.given) == ("見本　太郎", "見本", "太郎")
    assert name == PersonName.japanese("見本", "太郎")
    assert check_japanese_name(name) == []


def test_another_name_is_one_text() -> None:
    name = PersonName.parse("MIHON  TARO　ANN")
    assert (name.text, name.parts) == ("MIHON TARO ANN", None)
    assert check_name(name) == []
    assert [f.code for f in check_japanese_name(name)] == ["name-division", "name-latin"]


@pytest.mark.parametrize(("surname", "given"), [("", "太郎"), ("見本", ""), ("見 本", "太郎"), ("見本", "太　郎")])
def test_a_part_is_one_word(surname: str, given: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        PersonName.japanese(surname, given)


def test_a_name_is_kept_in_its_canonical_form() -> None:
    assert PersonName("\ufa19谷　花子") == PersonName("神\ufe00谷　花子")
    assert PersonName("\ufa19谷　花子") != PersonName("神谷　花子")
    assert PersonName("\ufa19谷　花子").key == PersonName("神谷花子").key


@given(st.text(max_size=20))
@settings(max_examples=100)
def test_parsing_twice_changes_nothing(text: str) -> None:
    name = PersonName.parse(text)
    assert PersonName.parse(name.text) == name


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["name-empty"]),
        ("　", ["name-empty"]),
        ("見本 太郎", ["name-space"]),
        ("見本　太郎　", ["name-space"]),
        ("見本\u202e　太\ue000郎", ["character-bidi", "character-private-use"]),
        ("見" * (MAX_NAME_LENGTH + 1), ["name-length"]),
        ("邉\U000e0119" * MAX_NAME_LENGTH, []),
    ],
)
def test_checks_of_a_name(text: str, codes: list[str]) -> None:
    assert [finding.code for finding in check_name(PersonName(text))] == codes


@pytest.mark.parametrize("text", ["ミホン　タロウ", "ヴァン　ジョージ", "ヲワリ　ッタ"])
def test_furigana_in_katakana(text: str) -> None:
    assert all(f.severity is Severity.WARNING for f in check_furigana(PersonName(text)))


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("みほん　たろう", "furigana-character", Severity.ERROR),
        ("ﾐﾎﾝ　ﾀﾛｳ", "furigana-character", Severity.ERROR),
        ("見本　タロウ", "furigana-character", Severity.ERROR),
        ("ミホン　タロウ・ジョン", "furigana-character", Severity.ERROR),
        ("ミホン タロウ", "name-space", Severity.ERROR),
        ("ヰホン　タロウ", "furigana-old-kana", Severity.WARNING),
        ("ミホン　ータロウ", "furigana-first", Severity.WARNING),
        ("ミホン　ンタ", "furigana-first", Severity.WARNING),
    ],
)
def test_refused_furigana(text: str, code: str, severity: Severity) -> None:
    findings = check_furigana(PersonName(text))
    assert {(f.code, f.severity) for f in findings} == {(code, severity)}


def test_a_foreign_resident_may_have_a_dot() -> None:
    assert check_furigana(PersonName("ジョン・スミス"), in_family_register=False) == []


def test_name_and_furigana_are_divided_alike() -> None:
    name = PersonName("見本　太郎")
    assert check_furigana(PersonName("ミホン　タロウ"), name=name) == []
    assert [f.code for f in check_furigana(PersonName("ミホンタロウ"), name=name)] == ["furigana-division"]


@pytest.mark.parametrize("text", ["MIHON TARO", "O'MIHON ANNE-MARIE", "ST. MIHON JR.", "MIHON, TARO", "X"])
def test_latin_names(text: str) -> None:
    assert check_romanized(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mihon Taro", "romanized-case"),
        ("MIHON  TARO", "romanized-form"),
        (" MIHON", "romanized-form"),
        ("MIHON1", "romanized-form"),
        ("ＭＩＨＯＮ", "romanized-form"),
        ("MÍHON", "romanized-form"),
        ("", "name-empty"),
        ("A" * 100_000, "name-length"),
        ("A" * MAX_NAME_LENGTH, None),
        ("A" * (MAX_NAME_LENGTH - 1) + "!", "romanized-form"),
        ("A-" * (MAX_NAME_LENGTH // 2), "romanized-form"),
    ],
)
def test_refused_latin_names(text: str, code: str | None) -> None:
    assert [f.code for f in check_romanized(text)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("見本", []),
        ("見本　太郎", ["former-surname-space"]),
        ("Mihon", ["former-surname-latin"]),
        ("", ["name-empty"]),
        ("見\ue000", ["character-private-use"]),
    ],
)
def test_former_surname(text: str, codes: list[str]) -> None:
    assert [f.code for f in check_former_surname(text)] == codes


def test_alias() -> None:
    assert check_alias(PersonName("見本　花子")) == []
    (finding,) = check_alias(PersonName("MIHON HANAKO"))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("seed", ["（", "か\u3099", "\u0301\u0316", "邉\U000e0119", " ", "ー", "\U000e0100"])
def test_a_flood_is_refused_by_its_length(seed: str) -> None:
    name = PersonName(seed * (100_000 // len(seed)))
    for findings in (check_name(name), check_furigana(name), check_alias(name), check_former_surname(name.text)):
        assert {f.code for f in findings} <= {"name-length", "name-empty"}
        assert findings
