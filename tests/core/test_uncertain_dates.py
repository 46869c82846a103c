from __future__ import annotations

import pickle
import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.ages import age_range_on
from yakuba.core.calendar.uncertain import Point, Season, Third, UncertainDate, UnknownClass, UnknownCode
from yakuba.core.findings import Refused

PATTERNS = [
    ("昭和60年頃", "1985~@S", "1985-01-01", "1985-12-31"),
    ("昭和60年4月頃", "1985-04~@S", "1985-04-01", "1985-04-30"),
    ("昭和60年4月12日頃", "1985-04-12~", "1985-04-12", "1985-04-12"),
    ("推定昭和60年4月12日", "1985-04-12?", "1985-04-12", "1985-04-12"),
    ("推定昭和60年4月", "1985-04?@S", "1985-04-01", "1985-04-30"),
    ("昭和60年春", "1985-21@S", "1985-03-01", "1985-05-31"),
    ("昭和60年4月上旬", "1985-04-J@S", "1985-04-01", "1985-04-10"),
    ("昭和60年4月中旬頃", "1985-04-C~@S", "1985-04-11", "1985-04-20"),
    ("年月日不詳", "XXXX-XX-XX", "0001-01-01", "9999-12-31"),
    ("昭和60年 月日不詳", "1985-XX-XX@S", "1985-01-01", "1985-12-31"),
    ("昭和60年4月 日不詳", "1985-04-XX@S", "1985-04-01", "1985-04-30"),
    ("昭和60年4月12日から5月3日頃までの間", "[1985-04-12..1985-05-03~]", "1985-04-12", "1985-05-03"),
    ("昭和60年4月推定12日から20日までの間", "[1985-04-12?..1985-04-20]", "1985-04-12", "1985-04-20"),
    ("昭和60年4月12日頃から20日頃までの間", "[1985-04-12~..1985-04-20~]", "1985-04-12", "1985-04-20"),
]
"""Every pattern of 標準仕様書 1.1.8, one example each."""

OTHERS = [
    ("昭和60年4月12日", "1985-04-12", "1985-04-12", "1985-04-12"),
    ("平成3年2月29日", "1991-02-29!@H", "1991-02-28", "1991-03-01"),
    ("平成3年4月31日", "1991-04-31!@H", "1991-04-30", "1991-05-01"),
    ("明治45年7月30日", "1912-07-30@M", "1912-07-30", "1912-07-30"),
    ("大正元年7月30日", "1912-07-30", "1912-07-30", "1912-07-30"),
    ("大正15年12月25日", "1926-12-25@T", "1926-12-25", "1926-12-25"),
    ("昭和元年12月25日", "1926-12-25", "1926-12-25", "1926-12-25"),
    ("昭和64年1月 日不詳", "1989-01-XX@S", "1989-01-01", "1989-01-07"),
    ("平成元年1月 日不詳", "1989-01-XX@H", "1989-01-08", "1989-01-31"),
    ("大正元年 月日不詳", "1912-XX-XX@T", "1912-07-30", "1912-12-31"),
    ("昭和60年冬頃", "1985-24~@S", "1985-01-01", "1985-12-31"),
    ("推定昭和60年2月下旬頃", "1985-02-G%@S", "1985-02-21", "1985-02-28"),
    ("慶応3年5月10日", "1867-05-10@243", "1867-01-01", "1868-02-28"),
    ("明治5年12月2日", "1872-12-02@M", "1872-01-01", "1872-12-31"),
    ("明治2年 月日不詳", "1869-XX-XX@M", "1869-01-01", "1870-02-28"),
    ("大正15年12月24日から昭和元年12月28日までの間", "[1926-12-24..1926-12-28]", "1926-12-24", "1926-12-28"),
    ("昭和60年12月から昭和61年1月までの間", "[1985-12-XX@S..1986-01-XX@S]", "1985-12-01", "1986-01-31"),
    ("昭和60年春から夏頃までの間", "[1985-21@S..1985-22~@S]", "1985-03-01", "1985-08-31"),
]


@pytest.mark.req("RES-058")
@pytest.mark.parametrize(("text", "stored", "earliest", "latest"), PATTERNS + OTHERS)
def test_a_date_is_entered_stored_bounded_and_displayed(text: str, stored: str, earliest: str, latest: str) -> None:
    entered = UncertainDate.parse(text)
    assert entered.stored == stored
    assert (entered.earliest.isoformat(), entered.latest.isoformat()) == (earliest, latest)
    assert entered.display_wareki() == str(entered) == text
    assert UncertainDate.from_stored(stored) == entered
    assert pickle.loads(pickle.dumps(entered)) == entered  # noqa: S301 -- our own bytes


@pytest.mark.parametrize(
    ("text", "seireki"),
    [
        ("昭和60年4月12日頃", "1985年4月12日頃"),
        ("平成3年2月29日", "1991年2月29日"),
        ("昭和60年4月 日不詳", "1985年4月 日不詳"),
        ("昭和60年12月30日から昭和61年1月3日頃までの間", "1985年12月30日から1986年1月3日頃までの間"),
        ("慶応3年5月10日", "旧暦1867年5月10日"),
        ("年月日不詳", "年月日不詳"),
    ],
)
def test_display_in_seireki(text: str, seireki: str) -> None:
    assert UncertainDate.parse(text).display_seireki() == seireki


@pytest.mark.parametrize(
    "text",
    [
        "昭和60年4月12日", "昭和６０年４月１２日", "昭和六十年四月十二日", "Ｓ60.4.12", "s60/04/12", "S600412",
        "昭和60-4-12", "㍼60年4月12日", "昭和 60年 4月 12日", "1985-04-12", "1985/4/12", "1985.4.12", "19850412",
        "１９８５年４月１２日", "西暦1985年4月12日", "一九八五年四月十二日", "1985−04−12",
    ],
)  # fmt: skip
def test_one_day_in_many_hands(text: str) -> None:
    assert UncertainDate.parse(text) == UncertainDate.exact(date(1985, 4, 12))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("19850400", "1985年4月 日不詳"),
        ("19850000", "1985年 月日不詳"),
        ("00000000", "年月日不詳"),
        ("不詳", "年月日不詳"),
        ("昭和60年", "昭和60年 月日不詳"),
        ("昭和60年4月", "昭和60年4月 日不詳"),
        ("S60.4", "昭和60年4月 日不詳"),
        ("1985-04", "1985年4月 日不詳"),
        ("1985", "1985年 月日不詳"),
        ("昭和60年ごろ", "昭和60年頃"),
        ("慶應3年", "慶応3年 月日不詳"),
        ("昭和60年推定4月12日", "推定昭和60年4月12日"),
        ("昭和60年12月から61年1月までの間", "昭和60年12月から昭和61年1月までの間"),
        ("大正15年12月24日から28日までの間", "大正15年12月24日から昭和元年12月28日までの間"),
        ("昭和60年4月12日から昭和60年4月20日までの間", "昭和60年4月12日から20日までの間"),
    ],
)
def test_other_ways_to_write(text: str, same: str) -> None:
    assert UncertainDate.parse(text) == UncertainDate.parse(same)


@pytest.mark.parametrize(
    ("text", "wareki"),
    [
        ("1989年 月日不詳", "昭和64年又は平成元年 月日不詳"),
        ("1989年1月頃", "昭和64年又は平成元年1月頃"),
        ("1989年2月頃", "平成元年2月頃"),
        ("1926年12月下旬", "大正15年又は昭和元年12月下旬"),
        ("1926年12月中旬", "大正15年12月中旬"),
        ("1991-02-29", "平成3年2月29日"),
    ],
)
def test_a_western_year_of_two_eras_is_not_guessed(text: str, wareki: str) -> None:
    assert UncertainDate.parse(text).display_wareki() == wareki


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "date-empty"),
        ("　", "date-empty"),
        ("きのう", "date-form"),
        ("昭和60年13月1日", "date-impossible"),
        ("昭和60年4月32日", "date-impossible"),
        ("昭和60年0月1日", "date-form"),
        ("昭和60年4月0日", "date-form"),
        ("昭和65年4月1日", "era-out-of-range"),
        ("昭和0年4月1日", "era-out-of-range"),
        ("昭和64年1月8日", "era-out-of-range"),
        ("昭和64年2月頃", "era-out-of-range"),
        ("平成31年5月1日", "era-out-of-range"),
        ("60.4.12", "date-era-missing"),
        ("60年4月12日", "date-era-missing"),
        ("1872年5月1日", "date-year-without-era"),
        ("19850012", "date-form"),
        ("X600412", "date-form"),
        ("4月12日", "date-form"),
        ("昭和60年4月日不詳頃", "date-form"),
        ("昭和60年日不詳", "date-form"),
        ("昭和60年4月月日不詳", "date-form"),
        ("推定昭和60年月日不詳", "date-form"),
        ("昭和60年上旬", "date-impossible"),
        ("昭和60年4月春", "date-impossible"),
        ("西暦昭和60年4月1日", "date-form"),
        ("昭和60年4月12日から", "date-form"),
        ("昭和60年4月12日から20日", "date-form"),
        ("昭和60年4月12日からまでの間", "date-form"),
        ("昭和60年4月12日から頃までの間", "date-form"),
        ("昭和60年4月12日から11日までの間", "date-span-reversed"),
        ("昭和60年4月12日から12日までの間", "date-span-reversed"),
        ("昭和十十年4月12日", "date-form"),
        ("昭和60年推定", "date-form"),
        ("昭和60年推定頃", "date-form"),
        ("推定昭和60年推定4月", "date-form"),
    ],
)
def test_what_is_refused_and_why(text: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        UncertainDate.parse(text, "生年月日")
    (finding,) = refusal.value.findings
    assert (finding.code, finding.field) == (code, "生年月日")
    assert finding.message
    assert finding.remedy


def test_the_remedy_names_the_right_era() -> None:
    with pytest.raises(Refused, match=re.escape("平成元年で入力してください。")):
        UncertainDate.parse("昭和64年1月8日")
    with pytest.raises(Refused, match=re.escape("平成2年で入力してください。")):
        UncertainDate.parse("昭和65年4月1日")


def test_long_text_is_refused_unread() -> None:
    for text in ("推定" * 50_000, "昭和" + "一" * 10**5, "から" * 10**5, " " * 10**5 + "昭和60年"):
        with pytest.raises(Refused) as refusal:
            UncertainDate.parse(text)
        assert refusal.value.findings[0].code == "date-too-long"
        assert len(str(refusal.value)) < 200


def test_unknown_codes_and_classes() -> None:
    seen = {
        text: (UncertainDate.parse(text).unknown_code, UncertainDate.parse(text).unknown_class)
        for text in (
            "昭和60年4月12日", "昭和60年4月31日", "年月日不詳", "昭和60年", "昭和60年4月", "昭和60年4月12日頃",
            "昭和60年春", "昭和60年4月上旬", "昭和60年4月1日から4月上旬頃までの間", "慶応3年5月10日", "明治45年7月30日",
        )
    }  # fmt: skip
    assert list(seen.values()) == [
        (UnknownCode.NONE, UnknownClass.EXACT),
        (UnknownCode.NONE, UnknownClass.NOT_ON_CALENDAR),
        (UnknownCode.ALL, UnknownClass.UNKNOWN),
        (UnknownCode.MONTH_AND_DAY, UnknownClass.UNKNOWN),
        (UnknownCode.DAY, UnknownClass.UNKNOWN),
        (UnknownCode.NONE, UnknownClass.VAGUE),
        (UnknownCode.MONTH_AND_DAY, UnknownClass.VAGUE),
        (UnknownCode.DAY, UnknownClass.VAGUE),
        (UnknownCode.DAY, UnknownClass.SPAN),
        (UnknownCode.NONE, UnknownClass.LUNISOLAR),
        (UnknownCode.NONE, UnknownClass.EXACT),
    ]


@pytest.mark.req("RES-058")
def test_a_search_by_range_finds_what_may_lie_in_it() -> None:
    month = UncertainDate.parse("昭和60年4月 日不詳")
    assert month.may_fall_within(date(1985, 4, 30), date(1985, 5, 31))
    assert month.may_fall_within(date(1985, 1, 1), date(1985, 4, 1))
    assert not month.may_fall_within(date(1985, 5, 1), date(1985, 5, 31))
    assert UncertainDate.unknown().may_fall_within(date(1900, 1, 1), date(1900, 1, 1))


def test_only_an_exact_date_gives_its_day() -> None:
    assert UncertainDate.parse("明治45年7月30日").date == date(1912, 7, 30)
    for text in [pattern[0] for pattern in PATTERNS] + ["平成3年2月29日", "慶応3年5月10日"]:
        assert not UncertainDate.parse(text).is_exact
        with pytest.raises(Refused) as refusal:
            assert UncertainDate.parse(text).date
        assert refusal.value.findings[0].code == "date-not-exact"


def test_order_in_a_register() -> None:
    texts = [
        "年月日不詳", "慶応3年5月10日", "明治5年12月2日", "明治6年1月1日", "明治45年7月29日", "大正元年7月30日",
        "明治45年7月30日", "昭和60年4月1日", "昭和60年4月 日不詳", "昭和60年4月2日", "平成3年2月28日", "平成3年2月29日",
        "平成3年3月1日",
    ]  # fmt: skip
    dates = [UncertainDate.parse(text) for text in texts]
    assert sorted(dates, reverse=True) == dates[::-1]
    assert all(one < other and one <= other and other > one and other >= one for one, other in pairwise(dates))


@pytest.mark.parametrize(
    "stored",
    [
        "", "1985", "1985-4-12", "1985-04-12 ", "1985-04-12@S", "1985-04-12!", "1991-02-29", "1985-13-01",
        "1985-04-12~~", "[1985-04-12]", "1985-03-01..1985-03-05", "[1985-03-05..1985-03-01]", "1985~@Q",
        "1867-05-10", "1985-25",
        "[XXXX-XX-XX..1985-03-01]", "X" * 10**5, "1985-XX-12", "１９８５-04-12",
    ],
)  # fmt: skip
def test_a_stored_text_that_we_never_write_is_refused(stored: str) -> None:
    with pytest.raises(Refused):
        UncertainDate.from_stored(stored)


def test_age_of_an_uncertain_birth() -> None:
    assert age_range_on(UncertainDate.parse("昭和60年4月12日"), date(2026, 4, 12)) == (41, 41)
    assert age_range_on(UncertainDate.parse("昭和60年4月 日不詳"), date(2026, 4, 12)) == (40, 41)
    assert age_range_on(UncertainDate.parse("昭和60年4月 日不詳"), date(2026, 4, 30)) == (41, 41)
    assert age_range_on(UncertainDate.parse("平成3年2月29日"), date(2026, 2, 28)) == (34, 35)
    assert age_range_on(UncertainDate.parse("令和8年 月日不詳"), date(2026, 6, 1)) == (0, 0)
    with pytest.raises(Refused, match="不詳"):
        age_range_on(UncertainDate.unknown(), date(2026, 4, 12))
    with pytest.raises(Refused, match="基準日"):
        age_range_on(UncertainDate.parse("令和8年5月頃"), date(2026, 4, 30))


days = st.dates(date(1873, 1, 1), date(2100, 12, 31))


@st.composite
def points(draw: st.DrawFn) -> Point:
    day = draw(days)
    marks = {"presumed": draw(st.booleans()), "about": draw(st.booleans())}
    shape = draw(st.sampled_from(["day", "odd day", "month", "year", "season", "third"]))
    if shape == "day":
        return Point(day.year, day.month, day.day, **marks)
    if shape == "odd day":
        return Point(day.year, day.month, draw(st.integers(28, 31)), **marks)
    if shape == "month":
        return Point(day.year, day.month, **marks)
    if shape == "third":
        return Point(day.year, day.month, third=draw(st.sampled_from(Third)), **marks)
    return Point(day.year, season=draw(st.sampled_from(Season)) if shape == "season" else None, **marks)


@st.composite
def uncertain_dates(draw: st.DrawFn) -> UncertainDate:
    one, other = draw(points()), draw(st.none() | points())
    if other is None:
        return UncertainDate(one)
    for start, end in ((one, other), (other, one)):
        if start != end and start.sort_date <= end.sort_date and start.bounds[1] <= end.bounds[1]:
            return UncertainDate(start, end)
    return UncertainDate(one)


@given(uncertain_dates())
@settings(max_examples=300, deadline=None)
def test_stored_and_displayed_forms_read_back(entered: UncertainDate) -> None:
    stored = entered.stored
    assert len(stored) <= 40
    assert stored.isascii()
    assert (re.fullmatch(r"\d{4}-\d{2}-\d{2}", stored) is not None) == entered.is_exact
    assert UncertainDate.from_stored(stored) == entered
    assert UncertainDate.parse(entered.display_seireki()) == entered
    wareki = entered.display_wareki()
    if "又は" not in wareki:
        again = UncertainDate.parse(wareki)
        assert again.display_wareki() == wareki
        assert again.display_seireki() == entered.display_seireki()
        assert UncertainDate.from_stored(again.stored) == again
        assert entered.earliest <= again.earliest <= again.latest <= entered.latest
    assert entered.earliest <= entered.sort_date <= entered.latest


@given(days)
@settings(max_examples=100, deadline=None)
def test_an_exact_date_is_its_iso_text(day: date) -> None:
    entered = UncertainDate.exact(day)
    assert entered.stored == day.isoformat()
    assert entered.date == entered.earliest == entered.latest == day
    assert UncertainDate.parse(entered.display_wareki()) == UncertainDate.parse(entered.display_seireki()) == entered


@given(uncertain_dates(), uncertain_dates(), uncertain_dates())
@settings(max_examples=150, deadline=None)
def test_the_order_is_total(a: UncertainDate, b: UncertainDate, c: UncertainDate) -> None:
    assert (a < b) + (a == b) + (a > b) == 1
    assert (a <= b) == (a < b or a == b)
    assert not (a <= b <= c) or a <= c
    if a.is_exact and b.is_exact:
        assert (a < b) == (a.stored < b.stored) == (a.date < b.date)


@given(
    st.text(max_size=90) | st.text(alphabet="推定昭和元年月日頃から間までの春上旬不詳0123456789一十SH.-/ ", max_size=40)
)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        entered = UncertainDate.parse(text)
    except Refused:
        event("refused")
    else:
        event("read")
        assert UncertainDate.from_stored(entered.stored) == entered
        assert entered.latest - entered.earliest >= timedelta(0)
