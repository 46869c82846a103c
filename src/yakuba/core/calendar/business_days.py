"""Days on which the office is open, and periods that end on one.

Closed: Saturdays, Sundays, 国民の祝日に関する法律の休日, 29 December to 3 January (行政機関の休日に関する法律 1条;
for municipalities by ordinance under 地方自治法4条の2). An office's own closing days come in as `closed`.

Covered from 1992-05-01, when every Saturday became a holiday, to 2099; other days are refused. 春分の日 and 秋分の日
are fixed by notice each February for the year after, so later ones are computed, and laws may add holidays.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import date, timedelta
from functools import lru_cache

import jpholiday

from yakuba.core.calendar.eras import refusal
from yakuba.core.calendar.fiscal import add_months, month_end

FIRST_DAY = date(1992, 5, 1)
LAST_DAY = date(2099, 12, 31)
_NO_DAYS: frozenset[date] = frozenset()
_ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=LAST_DAY.year - FIRST_DAY.year + 1)
def _national_holidays(year: int) -> dict[date, str]:
    return dict(jpholiday.year_holidays(year))


def holiday_name(day: date) -> str | None:
    """Name of the national holiday (国民の祝日, 振替休日 and 国民の休日 included) or None."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise refusal(
            "business-day-out-of-range",
            f"{day.isoformat()}の休日は扱えません（{FIRST_DAY.isoformat()}から{LAST_DAY.isoformat()}まで）。",
            "日付を確かめてください。",
            "日付",
            "行政機関の休日に関する法律 第1条",
        )
    return _national_holidays(day.year).get(day)


def is_business_day(day: date, closed: Container[date] = _NO_DAYS) -> bool:
    """Whether the office is open (開庁日). Raises `Refused` outside the covered years."""
    is_new_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    return holiday_name(day) is None and day.weekday() < 5 and not is_new_year and day not in closed


def _first_open(day: date, step: timedelta, closed: Container[date]) -> date:
    while not is_business_day(day, closed):
        day += step
    return day


def next_business_day(day: date, closed: Container[date] = _NO_DAYS) -> date:
    """The first open day after `day` (翌開庁日)."""
    return _first_open(day + _ONE_DAY, _ONE_DAY, closed)


def previous_business_day(day: date, closed: Container[date] = _NO_DAYS) -> date:
    """The last open day before `day` (前開庁日)."""
    return _first_open(day - _ONE_DAY, -_ONE_DAY, closed)


def add_business_days(day: date, count: int, closed: Container[date] = _NO_DAYS) -> date:
    """The `count`-th open day after `day`, before it if negative; 0 gives `day` itself, or the next open day."""
    if count == 0:
        return _first_open(day, _ONE_DAY, closed)
    step: Callable[[date, Container[date]], date] = next_business_day if count > 0 else previous_business_day
    for _ in range(abs(count)):
        day = step(day, closed)
    return day


def shift_period_end(end: date, closed: Container[date] = _NO_DAYS) -> date:
    """A period that would end on a closed day ends on the next open day (民法142条, 地方自治法4条の2第4項)."""
    return _first_open(end, _ONE_DAY, closed)


def period_end_in_days(event: date, days: int) -> date:
    """Last day of 「…から{days}日以内」: the day of the event doesn't count (民法140条, 141条).

    住所の異動 on the 1st leaves until the 15th for a notification within 14 days (住基法22条). Not shifted.
    """
    if days < 1:
        raise ValueError("days counts from 1")
    return event + timedelta(days=days)


def period_end_in_months(event: date, months: int) -> date:
    """Last day of 「…から{months}月以内」, by the calendar (民法140条, 143条). Not shifted.

    The period starts on the day after the event and ends on the eve of the corresponding day; without one, on the
    last day of the month: one month from 30 January ends on the last of February.
    """
    if months < 1:
        raise ValueError("months counts from 1")
    first = event + _ONE_DAY
    corresponding = add_months(first, months)
    return corresponding - _ONE_DAY if corresponding.day == first.day else month_end(corresponding)
