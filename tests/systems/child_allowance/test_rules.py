from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.cli import main
from yakuba.systems.child_allowance.rules import (
    FIRST,
    LAST,
    Child,
    Income,
    Month,
    is_under_3,
    last_month,
    monthly_yen,
    pay_month,
    start_month,
)

CASES = Path(__file__).with_name("data") / "cases.yaml"
FREE = Income(0)


def test_the_worked_cases_come_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tax", "case", str(CASES), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["cases"] == told["summary"]["ok"] > 10


@pytest.mark.parametrize(
    ("birth", "last_under_3"),
    [(date(2022, 7, 15), "2025-07"), (date(2022, 7, 1), "2025-07"), (date(2022, 6, 30), "2025-06")],
)
def test_under_3_is_until_the_month_of_the_birthday(birth: date, last_under_3: str) -> None:
    month = Month.parse(last_under_3)
    assert is_under_3(birth, month)
    assert not is_under_3(birth, month.plus(1))
    assert monthly_yen([Child(birth)], month) == [15_000]
    assert monthly_yen([Child(birth)], month.plus(1)) == [10_000]


@pytest.mark.parametrize(
    ("birth", "last"), [(date(2008, 4, 1), "2026-03"), (date(2008, 4, 2), "2027-03"), (date(2007, 4, 2), "2026-03")]
)
def test_it_is_paid_until_the_march_after_18_is_reached(birth: date, last: str) -> None:
    month = Month.parse(last)
    assert monthly_yen([Child(birth)], month) == [10_000]
    if month < LAST:
        assert monthly_yen([Child(birth)], month.plus(1)) == [0]


def test_who_is_a_student_counts_only_when_it_is_confirmed_and_until_22() -> None:
    younger = [Child(date(2009, 7, 15)), Child(date(2014, 7, 15))]
    month = Month(2025, 3)
    assert monthly_yen([Child(date(2004, 7, 15), True), *younger], month) == [0, 10_000, 30_000]
    assert monthly_yen([Child(date(2004, 7, 15)), *younger], month) == [0, 10_000, 10_000]
    assert monthly_yen([Child(date(2002, 4, 1), True), *younger], month) == [0, 10_000, 10_000]
    assert monthly_yen([Child(date(2002, 4, 2), True), *younger], month) == [0, 10_000, 30_000]


def test_a_child_counts_from_the_month_after_its_birth() -> None:
    born = Child(date(2025, 5, 10))
    assert monthly_yen([born], Month(2025, 4)) == [None]
    assert monthly_yen([born], Month(2025, 5)) == [0]
    assert monthly_yen([born], Month(2025, 6)) == [15_000]


@pytest.mark.parametrize("dependants", range(7))
def test_the_limits_of_income_until_september_2024(dependants: int) -> None:
    child, month = [Child(date(2015, 7, 15))], Month(2023, 6)
    limit = 6_220_000 + dependants * 380_000
    upper = 8_580_000 + dependants * 380_000
    for amount, paid in ((limit - 1, 10_000), (limit, 5_000), (upper - 1, 5_000), (upper, 0)):
        assert monthly_yen(child, month, Income(amount, dependants)) == [paid]
    assert monthly_yen(child, month, Income(limit + 59_999, dependants, 1)) == [10_000]
    assert monthly_yen(child, Month(2022, 5), Income(upper, dependants)) == [5_000]
    assert monthly_yen(child, Month(2024, 10), Income(upper, dependants)) == [10_000]


def test_before_the_reform_only_the_third_from_3_to_elementary_school_had_more() -> None:
    month = Month(2023, 10)
    first, second = Child(date(2007, 7, 15)), Child(date(2013, 7, 15))
    assert monthly_yen([first, second, Child(date(2019, 7, 15))], month, FREE) == [0, 10_000, 15_000]
    in_junior_high = [Child(date(2009, 7, 15)), Child(date(2010, 7, 15))]
    assert monthly_yen([first, *in_junior_high], month, FREE) == [0, 10_000, 10_000]
    # 12 is reached on 31 March 2024: that month is the last of elementary school.
    third = Child(date(2012, 4, 1))
    elder = [Child(date(2008, 5, 1)), Child(date(2010, 5, 1))]
    assert monthly_yen([*elder, third], Month(2024, 3), FREE)[2] == 15_000
    assert monthly_yen([*elder, third], Month(2024, 4), FREE)[2] == 10_000


def test_what_is_not_covered_or_not_known_is_refused() -> None:
    for month in (FIRST.plus(-1), LAST.plus(1)):
        with pytest.raises(LookupError, match="計算できません"):
            monthly_yen([], month, FREE)
    with pytest.raises(ValueError, match="受給者の所得が要ります"):
        monthly_yen([Child(date(2015, 7, 15))], Month(2024, 9))


def test_fifteen_days_from_the_day_after_the_event() -> None:
    assert start_month(date(2025, 4, 30), date(2025, 5, 15)) == Month(2025, 5)
    assert start_month(date(2025, 4, 30), date(2025, 5, 16)) == Month(2025, 6)
    assert start_month(date(2025, 12, 31), date(2026, 1, 15)) == Month(2026, 1)
    assert last_month(date(2025, 9, 28)) == Month(2025, 9)
    with pytest.raises(ValueError, match="before event"):
        start_month(date(2025, 4, 30), date(2025, 4, 29))


def test_pay_months_cover_every_month_once() -> None:
    months = [FIRST.plus(n) for n in range(72)]
    for month in months:
        paid = pay_month(month)
        assert paid > month
        assert paid.month in ({2, 4, 6, 8, 10, 12} if month >= Month(2024, 10) else {2, 6, 10})
    assert [str(pay_month(Month.parse(text))) for text in ("2024-06", "2024-09", "2024-10", "2024-11", "2024-12")] == [
        "2024-10", "2024-10", "2024-12", "2024-12", "2025-02",
    ]  # fmt: skip
    assert str(pay_month(Month(2024, 1))) == "2024-02"
    assert str(pay_month(Month(2023, 10))) == "2024-02"


births = st.dates(date(2003, 1, 1), date(2025, 1, 1))


@given(children=st.lists(births.map(Child), max_size=6), months=st.integers(42, 71))
def test_one_child_more_never_lowers_the_sum(children: list[Child], months: int) -> None:
    month = FIRST.plus(months)

    def total(some: list[Child]) -> int:
        return sum(amount or 0 for amount in monthly_yen(some, month))

    assert len(monthly_yen(children, month)) == len(children)
    assert total(children[:-1]) <= total(children)
