from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.core.money import rate
from yakuba.systems.tax.law import collection

totals = st.integers(0, 100_000).map(lambda hundreds: hundreds * 100)


@given(total=totals)
def test_every_split_adds_up_and_its_first_part_is_the_largest(total: int) -> None:
    for parts, unit in ((collection.ordinary(total), 1_000), (collection.special(total), 100)):
        assert sum(parts) == total
        assert parts[0] == max(parts)
        assert all(part % unit == 0 for part in parts[1:])
    first = collection.pension_first_year(total)
    assert sum(first.ordinary_yen) + sum(first.main_yen) == total


@given(last=totals, this=totals)
def test_a_later_pension_year_collects_this_years_tax_or_what_was_already_withheld(last: int, this: int) -> None:
    year = collection.pension_later_year(last, this)
    collected = sum(year.provisional_yen) + sum(year.main_yen)
    assert collected == max(this, sum(year.provisional_yen))
    assert 0 <= last - 2 * sum(year.provisional_yen) <= 199  # a half, in 100 yen


@given(total=totals, reduction=st.integers(0, 20).map(lambda tens: tens * 10_000))
def test_the_reduction_of_2024_goes_off_from_the_front(total: int, reduction: int) -> None:
    before = collection.ordinary(total)
    after = collection.ordinary_with_reduction(before, reduction)
    assert sum(after) == max(total - reduction, 0)
    touched = [one != other for one, other in zip(before, after, strict=True)]
    assert touched == sorted(touched, reverse=True)
    months = collection.special_with_reduction(total, reduction)
    assert months[0] == 0
    assert len(months) == 12
    assert sum(months) == max(total - reduction, 0)


def test_late_charge_follows_the_rates_of_each_year() -> None:
    segments = collection.late_segments(date(2021, 5, 31), date(2022, 1, 31))
    assert segments == [(30, rate("2.5%")), (184, rate("8.8%")), (31, rate("8.7%"))]
    charge = collection.late_charge(65_999, segments)
    assert (charge.base_yen, charge.parts_yen, charge.charged_yen) == (65_000, (133, 2_883, 480), 3_400)


@pytest.mark.parametrize(
    ("due", "first_days"),
    [(date(2024, 1, 31), 29), (date(2024, 2, 29), 31), (date(2025, 6, 30), 31), (date(2025, 8, 25), 31)],
)
def test_the_first_month_ends_on_the_day_of_the_law(due: date, first_days: int) -> None:
    assert collection.late_segments(due, date(2025, 12, 31))[0] == (first_days, rate("2.4%"))


def test_small_charges_are_not_made() -> None:
    segments = [(365, rate("8.7%"))]
    assert collection.late_charge(1_999, segments).charged_yen == 0
    assert collection.late_charge(11_999, segments).charged_yen == 0  # 957 -> 900, below 1,000
    assert collection.late_charge(12_000, segments).charged_yen == 1_000
    assert collection.late_charge(0, []).charged_yen == 0
    interest = collection.refund_interest(54_321, 100, rate("1.3%"))
    assert (interest.base_yen, interest.computed_yen, interest.charged_yen) == (54_000, 192, 0)


def test_rates_that_are_not_published_are_not_guessed() -> None:
    for due, paid in ((date(2026, 12, 1), date(2027, 1, 1)), (date(2017, 1, 1), date(2018, 6, 1))):
        with pytest.raises(LookupError, match="延滞金の割合は登録されていません"):
            collection.late_segments(due, paid)
    with pytest.raises(ValueError, match="count from 0"):
        collection.late_charge(-1, [(1, Fraction(1))])


@pytest.mark.parametrize(
    ("years", "deduction"),
    [(1, 800_000), (2, 800_000), (3, 1_200_000), (20, 8_000_000), (21, 8_700_000), (38, 20_600_000)],
)
def test_retirement_deduction(years: int, deduction: int) -> None:
    assert collection.retirement(0, years).deduction_yen == deduction


def test_retirement_income_and_tax() -> None:
    ordinary = collection.retirement(15_000_000, 26)
    assert (ordinary.income_yen, ordinary.city_yen, ordinary.pref_yen) == (1_400_000, 84_000, 56_000)
    assert collection.retirement(10_000_000, 5, officer=True).income_yen == 8_000_000
    assert collection.retirement(10_000_000, 6, officer=True).income_yen == 3_800_000
    # 3,000,000 beyond the deduction of 2,000,000 is halved, the rest is not.
    assert collection.retirement(5_000_000, 5, short_service=True).income_yen == 1_500_000
    assert collection.retirement(5_001_000, 5, short_service=True).income_yen == 1_501_000
    assert collection.retirement(1_000_000, 2, disabled=True).income_yen == 0
    assert collection.retirement(2_001_999, 5).income_yen == 0
    assert collection.retirement(2_049_999, 5).city_yen == 1_400  # 24,000 x 6% = 1,440
    with pytest.raises(ValueError, match="counts from 0"):
        collection.retirement(-1, 1)
