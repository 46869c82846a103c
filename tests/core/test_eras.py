from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.eras import (
    GREGORIAN_START,
    EraTable,
    Wareki,
    current_eras,
    install_eras,
    parse_era_year,
    parse_number,
    parse_wareki,
    to_wareki,
)
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused


@pytest.fixture
def restored_eras() -> Iterator[None]:
    before = current_eras()
    yield
    install_eras(before)


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(1873, 1, 1), "明治6年1月1日", "M06.01.01"),
        (date(1912, 7, 29), "明治45年7月29日", "M45.07.29"),
        (date(1912, 7, 30), "大正元年7月30日", "T01.07.30"),
        (date(1926, 12, 24), "大正15年12月24日", "T15.12.24"),
        (date(1926, 12, 25), "昭和元年12月25日", "S01.12.25"),
        (date(1989, 1, 7), "昭和64年1月7日", "S64.01.07"),
        (date(1989, 1, 8), "平成元年1月8日", "H01.01.08"),
        (date(2019, 4, 30), "平成31年4月30日", "H31.04.30"),
        (date(2019, 5, 1), "令和元年5月1日", "R01.05.01"),
        (date(2026, 11, 21), "令和8年11月21日", "R08.11.21"),
    ],
)
def test_boundaries_of_the_modern_eras(day: date, long: str, short: str) -> None:
    wareki = to_wareki(day)
    assert (wareki.long(), wareki.short(), str(wareki)) == (long, short, long)
    assert parse_wareki(long) == parse_wareki(short) == wareki
    assert wareki.date == day


def test_a_day_of_change_by_rescript_has_two_names() -> None:
    for older, newer in (("明治45年7月30日", "大正元年7月30日"), ("大正15年12月25日", "昭和元年12月25日")):
        assert parse_wareki(older).date == parse_wareki(newer).date
        assert (parse_wareki(older).long(), parse_wareki(newer).long()) == (older, newer)
        assert to_wareki(parse_wareki(older).date).long() == newer
        assert len(current_eras().covering(parse_wareki(older).date)) == 2


def test_other_changes_leave_one_name_a_day() -> None:
    day = GREGORIAN_START
    doubles = []
    while day < date(2026, 12, 31):
        count = len(current_eras().covering(day))
        assert count >= 1
        if count > 1:
            doubles.append(day)
        day += timedelta(days=1)
    assert doubles == [date(1912, 7, 30), date(1926, 12, 25)]


@pytest.mark.parametrize(
    "text",
    ["令和８年１１月２１日", "令和八年十一月二十一日", "R8.11.21", "r08/11/21", "㋿8年11月21日", " 令和 8年11月21日 "],
)
def test_hands_that_write_one_day(text: str) -> None:
    assert parse_wareki(text).date == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("昭和64年1月8日", "era-out-of-range"),
        ("平成元年1月7日", "era-out-of-range"),
        ("平成31年5月1日", "era-out-of-range"),
        ("大正元年7月29日", "era-out-of-range"),
        ("明治5年12月2日", "era-out-of-range"),
        ("慶応3年5月10日", "era-out-of-range"),
        ("平成3年2月29日", "date-not-on-calendar"),
        ("令和0年1月1日", "date-not-on-calendar"),
        ("令和9999年1月1日", "date-not-on-calendar"),
        ("2026年11月21日", "wareki-form"),
        ("令和8年11月", "wareki-form"),
        ("令和十十年1月1日", "wareki-form"),
        ("", "date-empty"),
        ("令和" * 10**5, "date-too-long"),
    ],
)
def test_refused_wareki(text: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_wareki(text, "届出日")
    (finding,) = refusal.value.findings
    assert (finding.code, finding.field) == (code, "届出日")
    assert finding.remedy


def test_no_wareki_of_days_before_the_gregorian_calendar() -> None:
    with pytest.raises(Refused) as refusal:
        to_wareki(date(1872, 12, 31))
    assert refusal.value.findings[0].code == "date-before-gregorian"
    assert current_eras().covering(date(1872, 12, 31)) == ()


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("大化元年", 645),
        ("天平3年", 731),
        ("天平感宝元年", 749),
        ("天平勝寶2年", 750),
        ("元禄15年", 1702),
        ("応仁元年", 1467),
        ("正平7年", 1352),
        ("観応3年", 1352),
        ("慶應四年", 1868),
        ("明治元年", 1868),
        ("明治45年", 1912),
        ("大正元年", 1912),
        ("R8", 2026),
    ],
)
def test_years_of_any_era(text: str, year: int) -> None:
    era, gregorian = parse_era_year(text)
    assert gregorian == year
    assert era in current_eras().of_year(year)


@pytest.mark.parametrize("text", ["大化7年", "慶応5年", "昭和65年", "大正0年", "存在しない3年", "昭和", "明治46"])
def test_years_that_an_era_never_had(text: str) -> None:
    with pytest.raises(Refused):
        parse_era_year(text)


def test_all_248_eras_follow_each_other() -> None:
    eras = current_eras().eras
    assert len(eras) == 248
    assert [era.name for era in current_eras().of_year(1868)] == ["慶応", "明治"]
    assert {era.name for era in current_eras().of_year(1352)} == {"正平", "観応", "文和"}
    assert current_eras().of_year(660) == ()
    for year in range(701, 2027):
        courts = {era.court for era in current_eras().of_year(year)}
        assert courts, f"no era in {year}"
        assert courts == {""} or 1331 <= year <= 1394
    assert all(era.last_year is None or era.first_year <= era.last_year for era in eras)
    assert [era.first_year for era in eras] == sorted(era.first_year for era in eras)
    for one, other in pairwise(eras):
        if one.start and other.start:
            assert one.end in (other.start, other.start - timedelta(days=1))


@pytest.mark.usefixtures("restored_eras")
def test_an_era_is_added_by_data() -> None:
    later = current_eras().with_era("X", "架空", date(2030, 5, 1), "試験用")
    assert parse_wareki("令和12年5月1日").date == date(2030, 5, 1)
    install_eras(later)
    assert to_wareki(date(2030, 5, 1)).long() == "架空元年5月1日"
    assert to_wareki(date(2030, 4, 30)).long() == "令和12年4月30日"
    assert parse_wareki("X2.1.1").date == date(2031, 1, 1)
    assert UncertainDate.parse("架空元年頃").stored == "2030~@X"
    with pytest.raises(Refused, match="架空元年で入力してください"):
        parse_wareki("令和12年5月1日")


def test_impossible_additions_fail_at_start() -> None:
    eras = current_eras()
    for key, name, start in (
        ("X", "架空", date(2019, 5, 1)),
        ("x1", "架空", date(2030, 1, 1)),
        ("R", "架空", date(2030, 1, 1)),
        ("X", "令和", date(2030, 1, 1)),
    ):
        with pytest.raises(ValueError, match=r"follow|key"):
            eras.with_era(key, name, start, "試験用")
    with pytest.raises(ValueError, match="share"):
        EraTable((*eras.eras, eras.eras[0]))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("元", 1),
        ("八", 8),
        ("十", 10),
        ("十二", 12),
        ("三十", 30),
        ("三十一", 31),
        ("二〇二六", 2026),
        ("六〇", 60),
        ("08", 8),
        ("十十", None),
        ("〇十", None),
        ("十〇", None),
        ("", None),
        ("x", None),
        ("二x", None),
    ],
)
def test_numbers_of_dates(text: str, number: int | None) -> None:
    assert parse_number(text) == number


@given(st.dates(GREGORIAN_START, date(2200, 1, 1)))
@settings(max_examples=150, deadline=None)
def test_every_day_reads_back(day: date) -> None:
    wareki = to_wareki(day)
    assert parse_wareki(wareki.long()) == parse_wareki(wareki.short()) == wareki
    assert wareki.date == day
    assert Wareki(wareki.era, wareki.year, wareki.month, wareki.day) == wareki
