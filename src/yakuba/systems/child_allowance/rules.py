"""児童手当: who counts, how much a month, from when to when, and in which month it is paid.

児童手当法, before and after the reform of 令和6年10月. Yen a month. Months are `Month(year, month)`. Raises LookupError for months
outside 令和3年4月 to 令和9年3月.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from yakuba.core.calendar.ages import last_march_31_for


class Month(NamedTuple):
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """2025-04. Raises ValueError."""
        return cls.of(date.fromisoformat(f"{text}-01"))

    def plus(self, months: int) -> Month:
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


FIRST, LAST = Month(2021, 4), Month(2027, 3)
REFORM = Month(2024, 10)
_UPPER_LIMIT_FROM = Month(2022, 6)

_LIMIT_YEN = 6_220_000
_UPPER_LIMIT_YEN = 8_580_000
_PER_DEPENDANT_YEN = 380_000
_PER_ELDERLY_YEN = 60_000
_SPECIAL_BENEFIT_YEN = 5_000
WITHIN_DAYS = 15


@dataclass(frozen=True, slots=True)
class Child:
    """A child. `supported`: over 18, 監護相当の世話 and 生計費の負担 are confirmed (確認書)."""

    birth: date
    supported: bool = False


@dataclass(frozen=True, slots=True)
class Income:
    """The recipient's income after the law's deductions, and who counts for its limit (until 令和6年9月)."""

    amount_yen: int
    dependants: int = 0
    elderly_dependants: int = 0


def is_under_3(birth: date, month: Month) -> bool:
    """Up to the month of the third birthday, also for who is born on its first day (児童手当法 第6条第1項)."""
    return month <= Month.of(birth).plus(36)


def _until(birth: date, years: int, month: Month) -> bool:
    return month <= Month.of(last_march_31_for(birth, years))


def monthly_yen(children: Sequence[Child], month: Month, income: Income | None = None) -> list[int | None]:
    """Each child's amount for `month`, the eldest first; None for one who isn't born yet.

    A child counts from the month after its birth (第8条第2項). Raises LookupError outside the months covered, ValueError for a
    month before the reform without `income`.
    """
    if not FIRST <= month <= LAST:
        raise LookupError(f"{month}の児童手当は計算できません。{FIRST}から{LAST}までです。")
    reformed = month >= REFORM
    if not reformed and income is None:
        raise ValueError(f"{month}の児童手当には受給者の所得が要ります。")
    amounts: list[int | None] = []
    place = 0
    for child in sorted(children, key=lambda child: child.birth):
        if Month.of(child.birth) > month:
            amounts.append(None)
            continue
        if Month.of(child.birth) == month:
            amounts.append(0)
            continue
        counted = _until(child.birth, 18, month)
        if reformed:
            counted = counted or (child.supported and _until(child.birth, 22, month))
        place += counted
        if reformed:
            amounts.append(_since_reform(child.birth, month, place) if counted else 0)
        else:
            assert income is not None
            amounts.append(_limited(_before_reform(child.birth, month, place), month, income))
    return amounts


def _since_reform(birth: date, month: Month, place: int) -> int:
    """児童手当法 第6条第1項: no limit of income; the third and later 30,000 yen."""
    if not _until(birth, 18, month):
        return 0
    if place >= 3:
        return 30_000
    return 15_000 if is_under_3(birth, month) else 10_000


def _before_reform(birth: date, month: Month, place: int) -> int:
    """児童手当法 第6条第1項 as it stood until 令和6年9月."""
    if not _until(birth, 15, month):
        return 0
    if is_under_3(birth, month):
        return 15_000
    if _until(birth, 12, month) and place >= 3:
        return 15_000
    return 10_000


def _limited(amount_yen: int, month: Month, income: Income) -> int:
    """所得制限: from the limit on 5,000 yen (特例給付, 附則第2条), from the upper limit on nothing (since 令和4年6月)."""
    more = income.dependants * _PER_DEPENDANT_YEN + income.elderly_dependants * _PER_ELDERLY_YEN
    if amount_yen == 0:
        return 0
    if income.amount_yen >= _UPPER_LIMIT_YEN + more and month >= _UPPER_LIMIT_FROM:
        return 0
    return _SPECIAL_BENEFIT_YEN if income.amount_yen >= _LIMIT_YEN + more else amount_yen


def start_month(event: date, applied: date) -> Month:
    """First month paid: the one after the application, or after the event if applied for within 15 days of it.

    児童手当法 第8条第2項・第3項; the days are counted from the one after the event. Also for an increase (第9条). Raises
    ValueError for an application before the event.
    """
    if applied < event:
        raise ValueError("applied lies before event")
    timely = applied <= event + timedelta(days=WITHIN_DAYS)
    return Month.of(event if timely else applied).plus(1)


def last_month(ended: date) -> Month:
    """Last month paid: that in which the entitlement ends (第8条第2項)."""
    return Month.of(ended)


def pay_month(month: Month) -> Month:
    """When a month's amount is paid (第8条第4項): even months for the two before; until 令和6年9月分 February, June, October."""
    if month >= REFORM:
        return month.plus(2 - month.month % 2)
    return month.plus(4 - (month.month - 2) % 4)
