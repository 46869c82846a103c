"""A second computation of individual inhabitant tax, written apart from `law` and from the articles themselves.

Where the first path reads quick tables (速算表), this one follows the wording: deductions from revenue, brackets of income tax, the
steps of 別表第五. It shares no parameter, no rule and no helper with the first; both must give the same yen. It covers what most
people have: salary, pension, business; every personal deduction; insurance, medical; 調整控除, 調整措置, donations, 定額減税, 非課税.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_MAN = 10_000


@dataclass(frozen=True, slots=True)
class Kin:
    """A claimed relative; `disability` 0, 1 ordinary, 2 special."""

    age: int
    income: int = 0
    ascendant: bool = False
    cohabiting: bool = False
    disability: int = 0


@dataclass(frozen=True, slots=True)
class Payer:
    """A taxpayer of one 年度; amounts in yen. `single_parent` 0, 1 mother, 2 father; `spouse` a Kin or None."""

    year: int
    age: int = 45
    salary: int = 0
    pension: int = 0
    business: int = 0
    social_insurance: int = 0
    life: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """New general, old general, care, new pension, old pension."""
    earthquake: int = 0
    long_term: int = 0
    medical: int = 0
    furusato: int = 0
    one_stop: bool = False
    disability: int = 0
    widow: bool = False
    single_parent: int = 0
    student: bool = False
    minor: bool = False
    spouse: Kin | None = None
    kin: tuple[Kin, ...] = field(default=())
    grade: int = 1
    designated: bool = False
    per_capita: tuple[int, int] | None = None
    """City and prefecture; None: the standard amounts."""


def salary_income(year: int, revenue: int) -> int:
    """所得税法 第28条第2項から第4項まで: revenue less 給与所得控除額, by the rows of 別表第五 below 6.6 million yen."""
    least = 65 * _MAN if year >= 2026 else 55 * _MAN
    if revenue < least + 1_000:
        return 0  # the first row of 別表第五
    row = revenue
    if revenue < 660 * _MAN:
        first_row = 190 * _MAN if year >= 2026 else 1_628_000
        if revenue >= first_row:
            row = revenue // 4_000 * 4_000
        elif year < 2026:
            for low, high in (
                (1_619_000, 1_620_000),
                (1_620_000, 1_622_000),
                (1_622_000, 1_624_000),
                (1_624_000, 1_628_000),
            ):
                if low <= revenue < high:
                    row = low
    # Deductions in tenths of a yen, so that a percentage of a yen stays whole.
    if row <= 180 * _MAN:
        tenths = row * 4 - 10 * _MAN * 10
    elif row <= 360 * _MAN:
        tenths = 62 * _MAN * 10 + (row - 180 * _MAN) * 3
    elif row <= 660 * _MAN:
        tenths = 116 * _MAN * 10 + (row - 360 * _MAN) * 2
    elif row <= 850 * _MAN:
        tenths = 176 * _MAN * 10 + (row - 660 * _MAN)
    else:
        tenths = 195 * _MAN * 10
    return max((row * 10 - max(tenths, least * 10)) // 10, 0)


def pension_income(revenue: int, *, elderly: bool, other: int) -> int:
    """所得税法 第35条第4項、租税特別措置法 第41条の15の3: a fixed part, a part by revenue, and a least deduction."""
    if revenue == 0:
        return 0
    less = 0 if other <= 1_000 * _MAN else 10 * _MAN if other <= 2_000 * _MAN else 20 * _MAN
    fixed = 40 * _MAN - less
    least = (110 if elderly else 60) * _MAN - less
    beyond = max(revenue - 50 * _MAN, 0)
    hundredths = 25 * min(beyond, 360 * _MAN)
    hundredths += 15 * max(min(beyond, 720 * _MAN) - 360 * _MAN, 0)
    hundredths += 5 * max(min(beyond, 950 * _MAN) - 720 * _MAN, 0)
    return max((revenue * 100 - max(fixed * 100 + hundredths, least * 100)) // 100, 0)


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _premium(paid: int, first: int, second: int, third: int) -> int:
    """地方税法 第314条の2第1項第5号: whole, then a half, then a quarter of the premium, each up to its limit."""
    quarters = 4 * min(paid, first) + 2 * max(min(paid, second) - first, 0) + max(min(paid, third) - second, 0)
    return _ceil(quarters, 4)


def life_insurance(new_general: int, old_general: int, care: int, new_pension: int, old_pension: int) -> int:
    """生命保険料控除."""

    def new(paid: int) -> int:
        return _premium(paid, 12_000, 32_000, 56_000)

    def old(paid: int) -> int:
        return _premium(paid, 15_000, 40_000, 70_000)

    def pair(new_paid: int, old_paid: int) -> int:
        choices = [min(new(new_paid), 28_000), min(old(old_paid), 35_000)]
        choices.append(min(new(new_paid) + old(old_paid), 28_000))
        return max(choices)

    return min(pair(new_general, old_general) + new(care) + pair(new_pension, old_pension), 70_000)


def _bracket(income: int) -> int | None:
    """0 up to 9 million yen, 1 up to 9.5, 2 up to 10; None above: no deduction for a spouse."""
    for place, most in enumerate((900, 950, 1_000)):
        if income <= most * _MAN:
            return place
    return None


def spouse(year: int, one: Kin | None, income: int) -> tuple[int, int]:
    """配偶者控除 or 配偶者特別控除, and its 人的控除額の差 (地方税法 第314条の2第1項第10号・第10号の2、第314条の6第1号)."""
    place = _bracket(income)
    if one is None or place is None:
        return 0, 0
    limit = 58 * _MAN if year >= 2026 else 48 * _MAN
    if one.income <= limit:
        if one.age >= 70:
            return (38 * _MAN, 26 * _MAN, 13 * _MAN)[place], (10 * _MAN, 6 * _MAN, 3 * _MAN)[place]
        return (33 * _MAN, 22 * _MAN, 11 * _MAN)[place], (5 * _MAN, 4 * _MAN, 2 * _MAN)[place]
    if one.income > 133 * _MAN:
        return 0, 0
    # Full up to 1 million yen; then by 50,000 yen, and for the last 30,000.
    whole = {100: 33, 105: 31, 110: 26, 115: 21, 120: 16, 125: 11, 130: 6, 133: 3}
    top = next(most for most in whole if one.income <= most * _MAN)
    two_thirds = {100: 22, 105: 21, 110: 18, 115: 14, 120: 11, 125: 8, 130: 4, 133: 2}
    third = {100: 11, 105: 11, 110: 9, 115: 7, 120: 6, 125: 4, 130: 2, 133: 1}
    amount = (whole, two_thirds, third)[place][top] * _MAN
    difference = 0
    if year < 2026 and one.income < 50 * _MAN:
        difference = (5, 4, 2)[place] * _MAN
    elif year < 2026 and one.income < 55 * _MAN:
        difference = (3, 2, 1)[place] * _MAN
    return amount, difference


def dependants(year: int, kin: Iterable[Kin]) -> tuple[int, int, int]:
    """扶養控除 (with 特定親族特別控除), their 人的控除額の差, and how many 扶養親族 there are."""
    limit = 58 * _MAN if year >= 2026 else 48 * _MAN
    amount = difference = count = 0
    for one in kin:
        if one.income > limit:
            if year >= 2026 and 19 <= one.age <= 22 and one.income <= 123 * _MAN:
                steps = ((95, 45), (100, 41), (105, 31), (110, 21), (115, 11), (120, 6), (123, 3))
                amount += next(given for most, given in steps if one.income <= most * _MAN) * _MAN
            continue
        count += 1
        if one.age >= 70:
            with_us = one.ascendant and one.cohabiting
            amount += (45 if with_us else 38) * _MAN
            difference += (13 if with_us else 10) * _MAN
        elif 19 <= one.age <= 22:
            amount += 45 * _MAN
            difference += 18 * _MAN
        elif one.age >= 16:
            amount += 33 * _MAN
            difference += 5 * _MAN
    return amount, difference, count


def _disabled(grade: int, cohabiting: bool) -> tuple[int, int]:
    if grade == 2 and cohabiting:
        return 53 * _MAN, 22 * _MAN
    return ((0, 0), (26 * _MAN, 1 * _MAN), (30 * _MAN, 10 * _MAN))[grade]


def compute(payer: Payer) -> dict[str, int]:
    """The tax and what leads to it, by the names of worked cases. Raises LookupError outside 令和3年度 to 令和8年度."""
    year = payer.year
    if not 2021 <= year <= 2026:
        raise LookupError(f"{year}年度")
    limit = 58 * _MAN if year >= 2026 else 48 * _MAN
    claimed = [one for one in payer.kin if one.income <= limit]
    wed = payer.spouse if payer.spouse is not None and payer.spouse.income <= limit else None
    family = [*claimed, *([wed] if wed else [])]

    # 所得
    salary = salary_income(year, payer.salary)
    raised = 0
    if payer.salary > 850 * _MAN:
        special = payer.disability == 2 or any(one.disability == 2 for one in family)
        if special or any(one.age < 23 for one in claimed):
            raised = _ceil(min(payer.salary, 1_000 * _MAN) - 850 * _MAN, 10)
    other = max(salary - raised + payer.business, 0)
    pension = pension_income(payer.pension, elderly=payer.age >= 65, other=other)
    both = max(min(salary, 10 * _MAN) + min(pension, 10 * _MAN) - 10 * _MAN, 0) if salary and pension else 0
    total = max(salary - raised - both + pension + payer.business, 0)

    # 所得控除
    status, status_difference = 0, 0
    if payer.single_parent and total <= 500 * _MAN:
        status, status_difference = 30 * _MAN, (5 if payer.single_parent == 1 else 1) * _MAN
    elif payer.widow and not payer.single_parent and total <= 500 * _MAN:
        status, status_difference = 26 * _MAN, 1 * _MAN
    if payer.student and total <= (85 if year >= 2026 else 75) * _MAN:
        status, status_difference = status + 26 * _MAN, status_difference + 1 * _MAN
    own_disability = ((0, 0), (26 * _MAN, 1 * _MAN), (30 * _MAN, 10 * _MAN))[payer.disability]
    disabled = [own_disability, *(_disabled(one.disability, one.cohabiting) for one in family)]
    for_spouse, spouse_difference = spouse(year, payer.spouse, total)
    for_kin, kin_difference, kin_count = dependants(year, payer.kin)
    basic = 43 * _MAN if total <= 2_400 * _MAN else 29 * _MAN if total <= 2_450 * _MAN else 15 * _MAN
    if total > 2_500 * _MAN:
        basic = 0
    premiums = life_insurance(*payer.life)
    long_term = min(payer.long_term, 5_000) + _ceil(max(min(payer.long_term, 15_000) - 5_000, 0), 2)
    quake = min(min(_ceil(payer.earthquake, 2), 25_000) + long_term, 25_000)
    medical = min(max(payer.medical - min(10 * _MAN, total // 20), 0), 200 * _MAN)
    deductions = payer.social_insurance + premiums + quake + medical + status + sum(amount for amount, _ in disabled)
    deductions += for_spouse + for_kin + basic
    difference = status_difference + sum(amount for _, amount in disabled) + spouse_difference + kin_difference
    difference += 5 * _MAN if total <= 2_500 * _MAN else 0

    # 所得割
    taxable = max(total - deductions, 0) // 1_000 * 1_000
    city, pref = (
        (taxable * 8 // 100, taxable * 2 // 100) if payer.designated else (taxable * 6 // 100, taxable * 4 // 100)
    )
    city_computed, pref_computed = city, pref
    base = 0
    if total <= 2_500 * _MAN:
        above = taxable - 200 * _MAN
        base = max(difference - above, 5 * _MAN) if above > 0 else min(difference, taxable)
    city_part = 4 if payer.designated else 3
    city_adjustment, pref_adjustment = base * city_part // 100, base * (5 - city_part) // 100
    city, pref = max(city - city_adjustment, 0), max(pref - pref_adjustment, 0)
    city_adjusted, pref_adjusted = city, pref

    # 非課税
    heads = 1 + kin_count + (1 if wed else 0)
    protected = payer.disability or payer.widow or payer.single_parent or payer.minor
    by_status = bool(protected) and total <= 135 * _MAN
    per_head, added = {1: (350_000, 210_000), 2: (315_000, 189_000), 3: (280_000, 168_000)}[payer.grade]
    equal_due = not by_status and total > per_head * heads + 10 * _MAN + (added if heads > 1 else 0)
    floor = 35 * _MAN * heads + 10 * _MAN + (32 * _MAN if heads > 1 else 0)
    levied = equal_due and total > floor
    relief = 0
    if levied:
        relief = min(max(floor - (total - city - pref), 0), city + pref)
        for_pref = relief * pref // (city + pref) if city + pref else 0
        city, pref = city - (relief - for_pref), pref - for_pref
    else:
        city = pref = 0

    # 寄附金税額控除: what income tax leaves, with its 復興特別所得税
    if payer.furusato > 2_000:
        counted = min(payer.furusato * 10, total * 3) - 20_000  # tenths of a yen
        city_percent = 8 if payer.designated else 6
        basic_city = _ceil(max(counted, 0) * city_percent, 1_000)
        basic_pref = _ceil(max(counted, 0) * (10 - city_percent), 1_000)
        over = taxable - difference
        brackets = ((195, 5), (330, 10), (695, 20), (900, 23), (1_800, 33), (4_000, 40))
        percent = next((rate for most, rate in brackets if over <= most * _MAN), 45)
        given_back = percent * 1_021  # in 100,000ths
        rate = 90_000 - (given_back if over >= 0 else 0)
        city_fifths = 4 if payer.designated else 3
        special_city = min(
            _ceil((payer.furusato - 2_000) * rate * city_fifths, 500_000), _ceil(city_adjusted * 20, 100)
        )
        special_pref = min(
            _ceil((payer.furusato - 2_000) * rate * (5 - city_fifths), 500_000), _ceil(pref_adjusted * 20, 100)
        )
        stop_city = stop_pref = 0
        if payer.one_stop and over >= 0:
            part = min(percent, 33) * 1_021
            stop_city = _ceil(special_city * part, 90_000 - part)
            stop_pref = _ceil(special_pref * part, 90_000 - part)
        city = max(city - basic_city - special_city - stop_city, 0)
        pref = max(pref - basic_pref - special_pref - stop_pref, 0)

    # 定額減税
    reduction = 0
    if levied and total <= 1_805 * _MAN:
        if year == 2024:
            reduction = _MAN * (1 + kin_count + (1 if wed and total <= 1_000 * _MAN else 0))
        elif year == 2025 and wed and total > 1_000 * _MAN:
            reduction = _MAN
    used = min(reduction, city + pref)
    if used:
        for_pref = _ceil(used * pref, city + pref)
        city, pref = city - (used - for_pref), pref - for_pref

    # 税額
    city, pref = max(city, 0) // 100 * 100, max(pref, 0) // 100 * 100
    standard = (3_500, 1_500) if year <= 2023 else (3_000, 1_000)
    city_equal, pref_equal = (payer.per_capita or standard) if equal_due else (0, 0)
    forest = 1_000 if equal_due and year >= 2024 else 0
    return {
        "salary_income": salary,
        "pension_income": pension,
        "income_adjustment": raised + both,
        "total_income": total,
        "deductions_total": deductions,
        "adjustment_difference": difference,
        "taxable_income": taxable,
        "city_levy_computed": city_computed,
        "pref_levy_computed": pref_computed,
        "city_adjustment_credit": city_adjustment,
        "pref_adjustment_credit": pref_adjustment,
        "city_income_levy": city,
        "pref_income_levy": pref,
        "city_per_capita": city_equal,
        "pref_per_capita": pref_equal,
        "forest_tax": forest,
        "annual_total": city + pref + city_equal + pref_equal + forest,
    }
