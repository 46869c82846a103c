"""期割と端数: instalments of a year's tax, late charges (延滞金), interest on refunds (還付加算金), and 退職所得 at the source.

Amounts are yen, whole and never negative; each function raises ValueError for one that isn't.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from yakuba.core.money import rate, split_in_instalments, truncate

_LATE = (
    (date(2018, 1, 1), rate("2.6%"), rate("8.9%")),
    (date(2021, 1, 1), rate("2.5%"), rate("8.8%")),
    (date(2022, 1, 1), rate("2.4%"), rate("8.7%")),
    (date(2026, 1, 1), rate("2.8%"), rate("9.1%")),
)
_LATE_UNTIL = date(2026, 12, 31)


def ordinary(annual_yen: int, terms: int = 4) -> list[int]:
    """普通徴収: equal terms in 1,000 yen, what is left goes to the first (地方税法 第320条、第20条の4の2第6項)."""
    return split_in_instalments(annual_yen, terms, 1000)


def special(annual_yen: int, months: int = 12) -> list[int]:
    """給与特別徴収: June to May in 100 yen, what is left goes to the first month (地方税法 第321条の5、第20条の4の2第6項)."""
    return split_in_instalments(annual_yen, months, 100)


def special_with_reduction(annual_before_yen: int, reduction_yen: int) -> list[int]:
    """令和6年度の給与特別徴収: nothing in June, the reduced tax in eleven months from July (地方税法 附則第5条の9)."""
    return [0, *split_in_instalments(max(annual_before_yen - reduction_yen, 0), 11, 100)]


def ordinary_with_reduction(instalments_yen: Sequence[int], reduction_yen: int) -> list[int]:
    """令和6年度の普通徴収: the reduction goes off the first term, then the second, … (地方税法 附則第5条の10)."""
    left = reduction_yen
    reduced = []
    for amount in instalments_yen:
        taken = min(amount, left)
        left -= taken
        reduced.append(amount - taken)
    return reduced


@dataclass(frozen=True, slots=True)
class PensionYear:
    """年金特別徴収 of one 年度: what is paid by notice in June and August, and withheld from each pension."""

    ordinary_yen: tuple[int, int]
    provisional_yen: tuple[int, int, int]
    main_yen: tuple[int, int, int]


def pension_first_year(annual_yen: int) -> PensionYear:
    """First year: half by notice in two terms, half from the pensions of October, December and February.

    地方税法 第321条の7の2・第321条の7の3.
    """
    withheld = truncate(Fraction(annual_yen, 2), 100)
    first, second = split_in_instalments(annual_yen - withheld, 2, 1000)
    october, december, february = split_in_instalments(withheld, 3, 100)
    return PensionYear((first, second), (0, 0, 0), (october, december, february))


def pension_later_year(last_year_yen: int, this_year_yen: int) -> PensionYear:
    """Later years: a half of last year's tax in April, June and August (仮徴収), the rest from October (本徴収).

    地方税法 第321条の7の6・第321条の7の8. Where less is due than was provisionally withheld, the main part is nought.
    """
    provisional = truncate(Fraction(last_year_yen, 2), 100)
    april, june, august = split_in_instalments(provisional, 3, 100)
    october, december, february = split_in_instalments(max(this_year_yen - provisional, 0), 3, 100)
    return PensionYear((0, 0), (april, june, august), (october, december, february))


@dataclass(frozen=True, slots=True)
class Charge:
    """What days cost: the amount reckoned with, each part, their sum, and what is charged in the end."""

    base_yen: int
    parts_yen: tuple[int, ...]
    computed_yen: int
    charged_yen: int


def late_segments(due: date, paid: date) -> list[tuple[int, Fraction]]:
    """Days and yearly rates from the day after `due` to `paid`, split where the rate changes (地方税法 第326条・附則第3条の2).

    Raises LookupError outside the years whose rates are published.
    """
    if paid > _LATE_UNTIL or due + timedelta(days=1) < _LATE[0][0]:
        raise LookupError(f"{due}から{paid}までの延滞金の割合は登録されていません。")
    month = due.month % 12 + 1
    year = due.year + due.month // 12
    month_end = calendar.monthrange(due.year, due.month)[1]
    # A term that ends with the month runs to the end of the next (民法 第143条第2項).
    last = calendar.monthrange(year, month)[1]
    first_month_end = date(year, month, last if due.day == month_end else min(due.day, last))
    segments: list[tuple[int, Fraction]] = []
    key: tuple[Fraction, bool] | None = None
    day = due + timedelta(days=1)
    while day <= paid:
        row = next(row for row in reversed(_LATE) if row[0] <= day)
        early = day <= first_month_end
        percent = row[1] if early else row[2]
        if key == (percent, early):
            segments[-1] = (segments[-1][0] + 1, percent)
        else:
            segments.append((1, percent))
            key = (percent, early)
        day += timedelta(days=1)
    return segments


def late_charge(tax_yen: int, segments: Sequence[tuple[int, Fraction]]) -> Charge:
    """延滞金: of whole 1,000 yen, none for a tax below 2,000; each part in whole yen, the sum in 100, none below 1,000.

    地方税法 第326条・第20条の4の2第2項・第5項、附則第3条の2. Always 365 days (同法 第20条の4の2… 閏年も365日).
    """
    return _charge(tax_yen, segments)


def refund_interest(refund_yen: int, days: int, percent: Fraction) -> Charge:
    """還付加算金: of whole 1,000 yen, none for a refund below 2,000; in 100 yen, none below 1,000 (地方税法 第17条の4)."""
    return _charge(refund_yen, [(days, percent)])


def _charge(amount_yen: int, segments: Sequence[tuple[int, Fraction]]) -> Charge:
    if amount_yen < 0 or any(days < 0 for days, _ in segments):
        raise ValueError("amounts and days count from 0")
    base = truncate(amount_yen, 1000) if amount_yen >= 2000 else 0
    parts = tuple(truncate(base * days * percent / 365) for days, percent in segments)
    charged = truncate(sum(parts), 100)
    return Charge(base, parts, sum(parts), charged if charged >= 1000 else 0)


@dataclass(frozen=True, slots=True)
class Retirement:
    """退職所得の分離課税: tax taken by the payer in the year of retirement."""

    deduction_yen: int
    income_yen: int
    city_yen: int
    pref_yen: int


def retirement(
    revenue_yen: int, years: int, *, officer: bool = False, short_service: bool = False, disabled: bool = False
) -> Retirement:
    """地方税法 第50条の2から第50条の4まで・第328条から第328条の3まで、所得税法 第30条.

    `years`: years of service, a part counts as one. `officer`: 特定役員退職手当等 (5 years or less as an officer): no half.
    `short_service`: 短期退職手当等 (5 years or less, since 2022): a half only up to 3 million yen.
    """
    if revenue_yen < 0 or years < 1:
        raise ValueError("revenue_yen counts from 0 and years from 1")
    deduction = max(400_000 * years, 800_000) if years <= 20 else 8_000_000 + 700_000 * (years - 20)
    deduction += 1_000_000 if disabled else 0
    left = max(revenue_yen - deduction, 0)
    if officer and years <= 5:
        income: Fraction | int = left
    elif short_service and years <= 5 and left > 3_000_000:
        income = 1_500_000 + left - 3_000_000
    else:
        income = Fraction(left, 2)
    taxable = truncate(income, 1000)
    return Retirement(deduction, taxable, truncate(taxable * rate("6%"), 100), truncate(taxable * rate("4%"), 100))
