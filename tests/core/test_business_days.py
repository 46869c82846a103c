from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.business_days import (
    FIRST_DAY,
    LAST_DAY,
    add_business_days,
    holiday_name,
    is_business_day,
    next_business_day,
    period_end_in_days,
    period_end_in_months,
    previous_business_day,
    shift_period_end,
)
from yakuba.core.calendar.fiscal import (
    add_months,
    fiscal_year_end,
    fiscal_year_name,
    fiscal_year_of,
    fiscal_year_start,
    month_end,
)
from yakuba.core.findings import Refused


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), False),
        (date(2026, 9, 22), False),
        (date(2026, 5, 6), False),
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2027, 1, 3), False),
        (date(2027, 1, 4), True),
        (date(2019, 10, 22), False),
        (date(2021, 7, 23), False),
        (date(2021, 7, 19), True),
    ],
)
def test_open_days(day: date, is_open: bool) -> None:
    assert is_business_day(day) == is_open


def test_equinoxes_agree_with_the_customary_approximation() -> None:
    """Our library computes them from the Sun's longitude; the formula of 1980-2099 is an independent second way."""
    for year in range(1993, 2100, 7):
        n = year - 1980
        spring = date(year, 3, int(20.8431 + 0.242194 * n - n // 4))
        autumn = date(year, 9, int(23.2488 + 0.242194 * n - n // 4))
        assert [holiday_name(day) for day in (spring, autumn)] == ["春分の日", "秋分の日"]


def test_names_of_holidays() -> None:
    assert holiday_name(date(2026, 11, 23)) == "勤労感謝の日"
    assert holiday_name(date(2026, 11, 24)) is None


def test_an_office_has_closing_days_of_its_own() -> None:
    closed = {date(2026, 11, 24)}
    assert not is_business_day(date(2026, 11, 24), closed)
    assert next_business_day(date(2026, 11, 20), closed) == date(2026, 11, 25)


def test_steps() -> None:
    assert next_business_day(date(2026, 12, 28)) == date(2027, 1, 4)
    assert previous_business_day(date(2027, 1, 4)) == date(2026, 12, 28)
    assert add_business_days(date(2026, 4, 28), 3) == date(2026, 5, 7)
    assert add_business_days(date(2026, 5, 7), -3) == date(2026, 4, 28)
    assert add_business_days(date(2026, 5, 3), 0) == date(2026, 5, 7)


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)])
def test_outside_the_covered_years_nothing_is_guessed(day: date) -> None:
    with pytest.raises(Refused) as refusal:
        is_business_day(day)
    assert refusal.value.findings[0].code == "business-day-out-of-range"
    with pytest.raises(Refused):
        next_business_day(LAST_DAY)


def test_fourteen_days_for_a_notification() -> None:
    assert period_end_in_days(date(2026, 11, 1), 14) == date(2026, 11, 15)
    assert shift_period_end(date(2026, 11, 15)) == date(2026, 11, 16)
    assert shift_period_end(date(2026, 11, 16)) == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("event", "months", "end"),
    [
        (date(2026, 1, 15), 1, date(2026, 2, 15)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 30), 1, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 31), 3, date(2027, 3, 31)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_periods_of_months(event: date, months: int, end: date) -> None:
    assert period_end_in_months(event, months) == end


def test_periods_count_from_one() -> None:
    for function in (period_end_in_days, period_end_in_months):
        with pytest.raises(ValueError, match="from 1"):
            function(date(2026, 1, 1), 0)


@pytest.mark.parametrize(
    ("year", "name"),
    [
        (2026, "令和8年度"),
        (2019, "令和元年度"),
        (2018, "平成30年度"),
        (1989, "平成元年度"),
        (1988, "昭和63年度"),
        (1926, "大正15年度"),
    ],
)
def test_names_of_fiscal_years(year: int, name: str) -> None:
    assert fiscal_year_name(year) == name


def test_fiscal_year_before_the_gregorian_calendar_is_refused() -> None:
    assert fiscal_year_name(1873) == "明治6年度"
    with pytest.raises(Refused):
        fiscal_year_name(1872)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-500, 500))
@settings(max_examples=100, deadline=None)
def test_fiscal_years_and_months(day: date, months: int) -> None:
    year = fiscal_year_of(day)
    assert fiscal_year_start(year) <= day <= fiscal_year_end(year)
    assert fiscal_year_of(fiscal_year_end(year) + timedelta(days=1)) == year + 1
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, month_end(later).day)


@given(st.dates(date(1993, 1, 1), date(2098, 12, 31)), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_steps_have_an_inverse(day: date, count: int) -> None:
    start = shift_period_end(day)
    assert start >= day
    assert all(not is_business_day(day + timedelta(days=n)) for n in range((start - day).days))
    ahead = add_business_days(start, count)
    assert add_business_days(ahead, -count) == start
    assert sum(is_business_day(start + timedelta(days=n)) for n in range(1, (ahead - start).days + 1)) == count
