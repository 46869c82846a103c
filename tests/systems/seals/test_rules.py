"""What a seal may say, and how old its holder must be."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar import UncertainDate
from yakuba.systems.seals import rules
from yakuba.systems.seals.rules import EngravingKind, Names

ADDED = ["之印", "の印", "印"]
JAPANESE = Names(name="渡辺　花子", kana="ワタナベ　ハナコ", former_surname="髙橋")
FOREIGN = Names(name="", kana="スミス　ジョン　ポール", latin="SMITH JOHN PAUL", alias="住友　純", is_foreign=True)
CHINESE = Names(name="王　小明", kana="オウ　ショウメイ", latin="WANG XIAOMING", is_foreign=True)


@pytest.mark.parametrize(
    ("text", "names", "kind"),
    [
        ("渡辺花子", JAPANESE, EngravingKind.FULL_NAME),
        ("渡辺", JAPANESE, EngravingKind.SURNAME),
        ("渡辺之印", JAPANESE, EngravingKind.SURNAME),
        ("花子", JAPANESE, EngravingKind.GIVEN_NAME),
        ("渡花", JAPANESE, EngravingKind.PARTS),
        ("渡辺子", JAPANESE, EngravingKind.PARTS),
        ("髙橋", JAPANESE, EngravingKind.FORMER_SURNAME),
        ("髙橋花子", JAPANESE, EngravingKind.FORMER_SURNAME),
        ("SMITH", FOREIGN, EngravingKind.LATIN),
        ("J.Smith", FOREIGN, None),
        ("S.J.PAUL", FOREIGN, EngravingKind.LATIN),
        ("SJP", FOREIGN, EngravingKind.LATIN),
        ("スミス", FOREIGN, EngravingKind.KATAKANA),
        ("スミス・ジョン", FOREIGN, EngravingKind.KATAKANA),
        ("住友", FOREIGN, EngravingKind.ALIAS),
        ("住純", FOREIGN, EngravingKind.ALIAS),
        ("王", CHINESE, EngravingKind.SURNAME),
        ("WANG", CHINESE, EngravingKind.LATIN),
        ("オウ", CHINESE, None),
        ("渡", JAPANESE, None),
        ("ワタナベ", JAPANESE, None),
        ("わたなべ", JAPANESE, None),
        ("花渡", JAPANESE, None),
        ("佐藤", JAPANESE, None),
        ("渡辺税理士", JAPANESE, None),
        ("渡辺渡辺", JAPANESE, None),
        ("印", JAPANESE, None),
        ("S", FOREIGN, None),
    ],
)
def test_what_a_seal_may_say(text: str, names: Names, kind: EngravingKind | None) -> None:
    reading = rules.read_engraving(text, names, ADDED)
    assert (reading and reading.kind) == kind


def test_a_name_that_ends_in_an_added_word_is_read_whole() -> None:
    assert rules.read_engraving("印", Names(name="印　太郎"), ADDED) == rules.Reading(EngravingKind.SURNAME, True)


def test_a_variant_of_a_character_is_asked_about() -> None:
    reading, findings = rules.check_engraving("渡邊", JAPANESE, ADDED)
    assert reading is not None
    assert not reading.is_exact
    assert [finding.code for finding in findings] == ["SEAL-W-023"]


@given(
    surname=st.text("山川田中高木本", min_size=1, max_size=3),
    given_name=st.text("太郎花子一二三", min_size=1, max_size=3),
)
@settings(max_examples=60)
def test_whole_words_of_a_name_always_fit_and_a_stranger_never(surname: str, given_name: str) -> None:
    names = Names(name=f"{surname}　{given_name}")
    for text in (surname, given_name, surname + given_name, surname[0] + given_name[0], f"{surname}之印"):
        assert rules.read_engraving(text, names, ADDED) is not None
    for text in (surname + "鬼", "鬼" + given_name, given_name + surname):
        assert rules.read_engraving(text, names, ADDED) is None


@pytest.mark.parametrize(
    ("birth", "codes"),
    [
        (UncertainDate.exact(date(2011, 11, 20)), []),
        (UncertainDate.exact(date(2011, 11, 21)), ["SEAL-E-011"]),
        (UncertainDate.parse("平成23年11月日不詳"), ["SEAL-E-011"]),
        (UncertainDate.parse("昭和40年月日不詳"), []),
    ],
)
def test_from_fifteen_years_of_age(birth: UncertainDate, codes: list[str]) -> None:
    assert [finding.code for finding in rules.check_age(birth, date(2026, 11, 20), 15)] == codes


@pytest.mark.parametrize(
    ("width", "height", "codes"),
    [
        (8_000, 8_000, ["SEAL-E-030"]),
        (8_001, 5_000, []),
        (25_000, 25_000, []),
        (25_001, 10_000, ["SEAL-E-031"]),
    ],
)
def test_larger_than_8_mm_and_not_larger_than_25(width: int, height: int, codes: list[str]) -> None:
    assert [finding.code for finding in rules.check_size(width, height)] == codes


def test_a_registration_goes_on_or_ends_by_what_the_record_says() -> None:
    def lapse(**more: object) -> rules.EndReason | None:
        given = {
            "is_open": True, "status": "1", "engraving_text": "渡辺", "names": JAPANESE, "became_ward": False,
            "added_words": ADDED, **more,
        }  # fmt: skip
        return rules.lapse(**given)  # type: ignore[arg-type]

    assert lapse() is None
    assert lapse(names=Names(name="佐藤　花子", former_surname="渡辺")) is None
    assert lapse(names=Names(name="佐藤　花子")) is rules.EndReason.NAME
    assert lapse(became_ward=True) is rules.EndReason.WARD
    for status, reason in (("2", "11"), ("3", "11"), ("4", "12"), ("5", "16"), ("6", "15"), ("7", "16")):
        assert lapse(is_open=False, status=status) == reason


@given(st.integers(1, 9_999_999), st.integers(0, 7), st.integers(0, 9))
def test_one_wrong_digit_of_a_number_is_noticed(serial: int, place: int, digit: int) -> None:
    number = rules.with_check_digit(serial)
    assert rules.is_number(number)
    digits = f"{number:08d}"
    typed = int(digits[:place] + str(digit) + digits[place + 1 :])
    assert rules.is_number(typed) == (typed == number)
