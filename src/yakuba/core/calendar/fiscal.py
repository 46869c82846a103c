"""会計年度 (地方自治法208条): 1 April to 31 March, named after the Gregorian year in which it begins; months."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from yakuba.core.calendar.eras import GREGORIAN_START, current_eras, format_era_year, refusal

_NAMED_AFTER_CHANGE = {2019: "令和"}
"""Years named after the era that began within them: 改元に伴う元号による年表示の取扱いについて (2019-04-01 申合せ)."""


def fiscal_year_of(day: date) -> int:
    """年度 of a day: 2026-03-31 is in 2025."""
    return day.year - (day.month < 4)


def fiscal_year_start(fiscal_year: int) -> date:
    return date(fiscal_year, 4, 1)


def fiscal_year_end(fiscal_year: int) -> date:
    return date(fiscal_year + 1, 3, 31)


def fiscal_year_name(fiscal_year: int) -> str:
    """令和8年度; after the era of 1 April, but 2019 is 令和元年度. Raises `Refused` before 明治6年度."""
    start = fiscal_year_start(fiscal_year)
    if start < GREGORIAN_START:
        raise refusal(
            "fiscal-year-too-early", f"{fiscal_year}年度は扱えません。", "明治6年度以後を指定してください。", "年度"
        )
    eras = current_eras()
    renamed = eras.get(_NAMED_AFTER_CHANGE.get(fiscal_year, ""))
    return f"{format_era_year(renamed or eras.of_date(start), fiscal_year)}度"


def month_end(day: date) -> date:
    """Last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier); the last day of a month that has no such day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))
