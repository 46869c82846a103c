from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.ages import age_on, attains_on, has_attained, last_march_31_for, school_entry_on


@pytest.mark.parametrize(
    ("birth", "years", "reached"),
    [
        (date(2020, 4, 1), 6, date(2026, 3, 31)),
        (date(2020, 4, 2), 6, date(2026, 4, 1)),
        (date(2020, 1, 1), 6, date(2025, 12, 31)),
        (date(2008, 2, 29), 17, date(2025, 2, 28)),
        (date(2008, 2, 29), 20, date(2028, 2, 28)),
        (date(2008, 3, 1), 18, date(2026, 2, 28)),
        (date(2008, 3, 1), 20, date(2028, 2, 29)),
    ],
)
def test_an_age_is_reached_on_the_eve(birth: date, years: int, reached: date) -> None:
    assert attains_on(birth, years) == reached
    assert has_attained(birth, years, reached)
    assert not has_attained(birth, years, reached - timedelta(days=1))


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2020, 4, 1), date(2026, 3, 31), 5),
        (date(2020, 4, 1), date(2026, 4, 1), 6),
        (date(2008, 2, 29), date(2025, 2, 28), 16),
        (date(2008, 2, 29), date(2025, 3, 1), 17),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2026, 5, 5), date(2026, 5, 5), 0),
    ],
)
def test_age_during_a_day(birth: date, day: date, age: int) -> None:
    assert age_on(birth, day) == age


def test_no_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before birth"):
        age_on(date(2026, 5, 5), date(2026, 5, 4))
    with pytest.raises(ValueError, match="from 1"):
        attains_on(date(2026, 5, 5), 0)
    assert has_attained(date(2026, 5, 5), 0, date(2026, 5, 5))


@pytest.mark.parametrize(
    ("birth", "end"),
    [
        (date(2008, 4, 1), date(2026, 3, 31)),
        (date(2008, 4, 2), date(2027, 3, 31)),
        (date(2009, 1, 1), date(2027, 3, 31)),
    ],
)
def test_the_31_march_after_18(birth: date, end: date) -> None:
    assert last_march_31_for(birth, 18) == end


@pytest.mark.parametrize(
    ("birth", "entry"),
    [(date(2019, 4, 2), date(2026, 4, 1)), (date(2020, 4, 1), date(2026, 4, 1)), (date(2020, 4, 2), date(2027, 4, 1))],
)
def test_born_early_in_the_year_means_an_earlier_school_year(birth: date, entry: date) -> None:
    assert school_entry_on(birth) == entry


@given(st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.integers(1, 120))
@settings(max_examples=200, deadline=None)
def test_the_age_of_a_day_follows_from_the_day_it_is_reached(birth: date, years: int) -> None:
    reached = attains_on(birth, years)
    assert age_on(birth, reached) == years - 1
    assert age_on(birth, reached + timedelta(days=1)) == years
    assert last_march_31_for(birth, years) - reached < timedelta(days=366)
    assert last_march_31_for(birth, years) >= reached
    assert school_entry_on(birth, years) == last_march_31_for(birth, years) + timedelta(days=1)
