"""The checks of a row: each item by its kind, and what the items say about each other."""

from __future__ import annotations

from collections import Counter
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar import UncertainDate
from yakuba.core.names import PersonName, check_furigana, check_japanese_name, check_name
from yakuba.systems.residents.items import BY_NAME, ITEMS, Kind, Subject
from yakuba.systems.residents.transfer.checks import RowChecks, _judge_text, days_of
from yakuba.systems.residents.transfer.layout import COLUMNS, PLACE

from . import specimens

CHECKS = RowChecks(specimens.TOWN, specimens.TODAY)
BASE = specimens.register(300, seed=3).with_row_index("row", 2).with_columns(pl.col("row").cast(pl.Int64))
FOREIGN = BASE.filter((pl.col("resident_kind") == "2") & pl.col("closing_reason").is_null()).row(0, named=True)
JAPANESE = BASE.filter((pl.col("resident_kind") == "1") & pl.col("closing_reason").is_null()).row(0, named=True)
CLOSED = BASE.filter(pl.col("closing_reason").is_not_null()).row(0, named=True)


def verdict(base: dict[str, object], **changes: str | None) -> tuple[set[str], set[str]]:
    """Codes of errors and of warnings, each with its column, for one row."""
    row = pl.DataFrame([{**base, **changes}], schema={"row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)})
    checked = CHECKS.check(row)
    for found in checked.errors.values():
        for finding in found:
            assert finding.position.row == base["row"]
            assert finding.position.column == PLACE[finding.field]
            assert finding.message.endswith("。")
    return (
        {f"{finding.code} {finding.field}" for found in checked.errors.values() for finding in found},
        {f"{finding.code} {finding.field}" for _, finding in checked.warnings},
    )


def test_the_specimens_are_clean():
    checked = CHECKS.check(BASE)
    assert checked.errors == {}
    assert checked.warnings == []


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("number", "000000000000018", "addressee-number-check-digit number"),
        ("number", "19", "addressee-number-form number"),
        ("number", None, "RES-E-360 number"),
        ("household_number", "000000000000018", "household-number-check-digit household_number"),
        ("resident_code", "10000000015", "resident-code-check-digit resident_code"),
        ("individual_number", "100000000014", "individual-number-check-digit individual_number"),
        ("individual_number", "１００００００００１３", "individual-number-form individual_number"),
        ("valid_from", "2026-02-29", "RES-E-341 valid_from"),
        ("valid_from", "20260201", "RES-E-341 valid_from"),
        ("valid_from", "2026-1-05", "RES-E-341 valid_from"),
        ("valid_from", "2026-11-21", "RES-E-354 valid_from"),
        ("address_notified_on", "+202-01-01", "RES-E-341 address_notified_on"),
        ("address_notified_on", "2026-11-21", "RES-E-354 address_notified_on"),
        ("birth", "昭和60年4月12日", "date-stored-form birth"),
        ("birth", "1985-02-30", "date-stored-form birth"),
        ("birth", None, "RES-E-360 birth"),
        ("birth", "2027-01-01", "RES-E-354 birth"),
        ("child_allowance_from", "2026-13", "RES-E-342 child_allowance_from"),
        ("issue_prohibited", "true", "RES-E-343 issue_prohibited"),
        ("record_number", "007", "RES-E-344 record_number"),
        ("sex", "3", "RES-E-345 sex"),
        ("address_postal", "571-0030", "RES-E-346 address_postal"),
        ("pension_number", "12345678901", "RES-E-347 pension_number"),
        ("relationship", "世帯主の妻の子の子の子の子の子の子の子の子", "RES-E-348 relationship"),
        ("relationship", "孫", "relationship-unknown relationship"),
        ("address_banchi", " 1番", "RES-E-349 address_banchi"),
        ("name", "山田太郎", "name-division name"),
        ("name", "山田　\ue000", "character-private-use name"),
        ("name_kana", "やまだ　たろう", "furigana-character name_kana"),
        ("name_kana", "ヤマダタロウ", "RES-E-364 name_kana"),
        ("former_surname", "山 田", "former-surname-space former_surname"),
        ("address_code", "13101001000", "RES-E-352 address_code"),
        ("address_code", None, "RES-E-353 address_code"),
        ("address_town", None, "RES-E-353 address_code"),
        ("alias", "見本　一郎", "RES-E-361 alias"),
        ("nationality", "USA", "RES-E-361 nationality"),
        ("register_head", None, "RES-E-362 register_head"),
        ("domicile_town", None, "RES-E-362 domicile_town"),
        ("resident_since", None, "RES-E-362 resident_since"),
        ("resident_since", "1900-01-01", "RES-E-355 resident_since"),
        ("status", "2", "RES-E-366 status"),
        ("closed_on", "2026-01-01", "RES-E-368 closed_on"),
        ("move_out_on", "2026-01-01", "RES-E-368 move_out_on"),
        ("moved_to_closed_store", "1", "RES-E-368 moved_to_closed_store"),
    ],
)
def test_errors_of_a_resident(column, value, error):
    errors, _ = verdict(JAPANESE, **{column: value})
    assert error in errors


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("closing_reason", "101", "RES-E-365 closing_reason"),
        ("closing_reason", None, "RES-E-366 status"),
        ("status", "1", "RES-E-366 status"),
        ("closed_on", None, "RES-E-367 closed_on"),
        ("closed_on", "1900-01-01", "RES-E-355 closed_on"),
        ("closed_on", "2027-XX-XX", "RES-E-354 closed_on"),
    ],
)
def test_errors_of_a_closed_record(column, value, error):
    errors, _ = verdict(CLOSED, **{column: value})
    assert error in errors


def test_errors_of_a_foreign_resident():
    assert verdict(FOREIGN, name_latin="Mihon Aa")[0] == {"romanized-case name_latin"}
    assert verdict(FOREIGN, name_latin=None)[0] == {"RES-E-362 name_latin"}
    assert verdict(FOREIGN, nationality="XXX")[0] == {"RES-E-345 nationality"}
    assert verdict(FOREIGN, article_30_45=None)[0] == {"RES-E-362 article_30_45"}
    assert verdict(FOREIGN, former_surname="見本")[0] == {"RES-E-361 former_surname"}
    assert verdict(FOREIGN, alias="見本　一郎", alias_kana="ミホン　イチロウ") == (set(), set())


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"name_kana": None}, "RES-W-363 name_kana"),
        ({"name_kana": "ヰノウエ　ハナ"}, "furigana-old-kana name_kana"),
        ({"address_town": "無い町"}, "RES-W-350 address_town"),
        ({"domicile_town": "大阪府見本市\ufa10"}, "RES-W-340 domicile_town"),
        ({"resident_since": "2015-01-01", "address_since": "2014-12-31"}, "RES-W-356 address_since"),
    ],
)
def test_warnings_do_not_refuse(changes, warning):
    errors, warnings = verdict(JAPANESE, **changes)
    assert errors == set()
    assert warning in warnings


def test_text_is_loaded_in_its_canonical_spelling():
    row = pl.DataFrame(
        [{**JAPANESE, "domicile_town": "大阪府見本市か\u3099丁"}],
        schema={"row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)},
    )
    assert CHECKS.check(row).frame["domicile_town"].to_list() == ["大阪府見本市が丁"]


def test_every_fault_of_a_row_is_told_at_once():
    errors, _ = verdict(JAPANESE, sex="x", birth="x", address_postal="x", number="x")
    assert len(errors) == 4


@pytest.mark.parametrize(
    "stored", ["1945-XX-XX", "1945-08~", "XXXX-XX-XX", "1912-07-30@M", "[1985-03-01..1985-03-05~]"]
)
def test_uncertain_days_keep_their_bounds(stored):
    row = pl.DataFrame([{**JAPANESE, "birth": stored}], schema={"row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)})
    checked = CHECKS.check(row)
    day = UncertainDate.from_stored(stored)
    assert checked.errors == {}
    assert checked.frame.select("birth_from", "birth_to").row(0) == (day.earliest, day.latest)


def test_each_kind_has_a_check():
    """A value that no kind accepts is refused in every column."""
    nonsense = "\ue000"
    for item in ITEMS:
        base = FOREIGN if item.subject is Subject.FOREIGN else JAPANESE
        errors, _ = verdict(base, **{item.name: nonsense})
        assert any(error.endswith(" " + item.name) for error in errors), item.name


KANA = st.text(st.sampled_from("アイウエオカガッャユヨワヲンヴーァヰヱヵ・　 ア゛ｱあA"), max_size=8)
NAMES = st.text(st.sampled_from("山田髙邊ヶ々〇あア　 \tA.-\ue000\u3099\U000e0100\U00020b9f"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, KANA), min_size=1, max_size=20))
def test_columns_pass_only_what_the_single_checks_pass(rows):
    """Of names and readings: the fast way over columns and the check of one value agree row by row."""
    frame = pl.DataFrame(
        [
            {
                **JAPANESE,
                "row": place,
                "name": name or None,
                "name_kana": kana or None,
                "householder_name": name or None,
            }
            for place, (name, kana) in enumerate(rows)
        ],
        schema={"row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)},
    )
    checked = CHECKS.check(frame)
    columns = ("name", "name_kana", "householder_name")
    found: Counter[tuple[int, str, str]] = Counter()
    for row, findings in checked.errors.items():
        found.update((row, finding.field, finding.code) for finding in findings if not finding.code.startswith("RES-"))
    found.update((row, f.field, f.code) for row, f in checked.warnings if not f.code.startswith("RES-"))
    expected: Counter[tuple[int, str, str]] = Counter()
    for row, (name, kana) in enumerate(rows):
        for column, check, text in zip(
            columns, (check_japanese_name, check_furigana, check_name), (name, kana, name), strict=True
        ):
            if text:
                expected.update((row, column, finding.code) for finding in check(PersonName(text), column))
    assert found == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1, max_size=6), max_size=15),
    st.sampled_from(["remark", "previous_town", "residence_card", "name_latin", "alias_kana", "alias"]),
    st.sampled_from([1, 6]),
)
def test_any_text_is_judged_as_it_is_alone(texts, column, times):
    """Also where values repeat, and each is looked at once for all its rows."""
    texts = texts * times
    item = BY_NAME[column]
    base = FOREIGN if item.subject is Subject.FOREIGN else JAPANESE
    frame = pl.DataFrame(
        [{**base, "row": row, column: text} for row, text in enumerate(texts)],
        schema={"row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)},
    )
    checked = CHECKS.check(frame)
    for row, text in enumerate(texts):
        spelling = checked.frame[column][row]
        alone = {finding.code for finding in _judge_text(item, spelling, item.subject is Subject.FOREIGN)}
        together = {f.code for f in checked.errors.get(row, []) if f.field == column} | {
            f.code for r, f in checked.warnings if r == row and f.field == column
        }
        assert together - {"RES-W-340"} == alone, text


@given(st.dates(date(1873, 1, 1), date(2026, 11, 20)))
@settings(max_examples=50, deadline=None)
def test_every_day_is_a_day(day):
    stated = {"birth": day.isoformat(), "resident_since": "XXXX-XX-XX", "address_since": None}
    assert verdict(JAPANESE, **stated) == (set(), set())


def test_only_text_has_a_length():
    for item in ITEMS:
        if item.kind in (Kind.TEXT, Kind.NAME, Kind.KANA, Kind.LATIN, Kind.DIGITS):
            assert item.length, item.name


DAY = st.builds("{}{}{}{}{}".format, st.integers(0, 10_000).map("{:04}".format), st.sampled_from("-－/ "),
                st.integers(0, 13).map("{:02}".format), st.sampled_from("--:"), st.integers(0, 32).map("{:02}".format))  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.none() | DAY | st.dates().map(date.isoformat) | st.text("0123456789-+ ０", max_size=11), max_size=20)
)
def test_days_over_columns_are_the_days_of_each_text(texts):
    def day(text: str | None) -> date | None:
        try:
            found = date.fromisoformat(text or "")
        except ValueError:
            return None
        return found if found.isoformat() == text else None

    assert days_of(pl.Series("day", texts, dtype=pl.String)).to_list() == [day(text) for text in texts]
