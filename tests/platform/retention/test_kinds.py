from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.platform.retention.kinds import years_before


@pytest.mark.parametrize(
    ("since", "years", "first_day_to_go"),
    [
        (date(2026, 11, 21), 150, date(2176, 11, 21)),
        (date(2024, 2, 29), 150, date(2174, 3, 1)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2026, 2, 28), 150, date(2176, 2, 28)),
    ],
)
def test_not_one_day_earlier(since: date, years: int, first_day_to_go: date):
    before = date.fromordinal(first_day_to_go.toordinal() - 1)
    assert since <= years_before(first_day_to_go, years)
    assert since > years_before(before, years)


@given(day=st.dates(date(1900, 1, 1), date(2300, 12, 31)), years=st.integers(1, 200))
def test_a_later_base_date_lets_no_less_go(day: date, years: int):
    assert years_before(date.fromordinal(day.toordinal() + 1), years) >= years_before(day, years)
