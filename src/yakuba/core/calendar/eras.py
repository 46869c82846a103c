"""元号 and 和暦: all 248 eras by year, the modern ones by day.

Japan counts by the Gregorian calendar since 明治6年1月1日 (明治5年太政官布告第337号). Before that day months and days
belong to lunisolar calendars, and nothing here turns them into Gregorian days: an older era answers by year alone.
Its years are numbered after the Gregorian year with which they share most of their days (慶応3年 is 1867).

Eras are data (`data/eras.csv`); a new one is added by data too (住民記録システム標準仕様書 1.3.6).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from importlib import resources
from typing import Self

from yakuba.core.findings import Finding, Refused

GREGORIAN_START = date(1873, 1, 1)
"""明治6年1月1日."""

MAX_TEXT_LENGTH = 80
"""Longer texts are no dates and are refused unread."""

_PLAIN_FORMS = str.maketrans("應寶萬德曆龜祿觀齊\u2010\u2013\u2212", "応宝万徳暦亀禄観斉---")
_KANJI_DIGITS = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
NUMBER_PATTERN = r"(?:[0-9]{1,4}|[〇一二三四五六七八九十]{1,4})"


def refusal(code: str, message: str, remedy: str, field: str, article: str = "") -> Refused:
    return Refused((Finding(code, field, message, remedy, article=article),))


def normalize_date_text(text: str, field: str) -> str:
    """Full width to half width, old character forms to new, no spaces. Refuses texts that are too long or empty."""
    if len(text) > MAX_TEXT_LENGTH:
        raise refusal(
            "date-too-long", f"日付が長すぎます（{MAX_TEXT_LENGTH}文字まで）。", "日付だけを入力してください。", field
        )
    normal = "".join(unicodedata.normalize("NFKC", text).translate(_PLAIN_FORMS).split())
    if not normal:
        raise refusal("date-empty", "日付が空です。", "日付を入力してください。", field)
    return normal


def parse_number(text: str) -> int | None:
    """ASCII digits, 元, 二〇二六, 十二 or 三十一; None if it is none of these."""
    if text == "元":
        return 1
    if text.isascii():
        return int(text) if text.isdigit() else None
    if "十" not in text:
        digits = [_KANJI_DIGITS.get(char) for char in text]
        return None if None in digits else int("".join(map(str, digits)))
    tens, _, ones = text.partition("十")
    ten = _KANJI_DIGITS.get(tens or "一")
    one = _KANJI_DIGITS.get(ones or "〇")
    if ten is None or one is None or tens == "〇" or ones == "〇":
        return None
    return ten * 10 + one


@dataclass(frozen=True, slots=True)
class Era:
    """元号. `key` is its short name in stored data: a letter for a modern era, a number for an older one.

    `first_year` and `last_year` are Gregorian years, both inclusive (`last_year` None: still running); two eras
    share the year of a change. `start` and `end` are Gregorian days, both inclusive, known for modern eras only:
    the day of a change by 詔書 belongs to both (明治45年7月30日 is 大正元年7月30日).
    """

    key: str
    name: str
    first_year: int
    last_year: int | None = None
    start: date | None = None
    end: date | None = None
    court: str = ""
    source: str = ""

    def era_year(self, year: int) -> int:
        """年 of this era for a Gregorian year; 1 is 元年."""
        return year - self.first_year + 1

    def gregorian_year(self, era_year: int) -> int:
        return self.first_year + era_year - 1

    def covers_year(self, year: int) -> bool:
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)

    def covers(self, day: date) -> bool:
        """Whether the day, from 明治6年1月1日, belongs to this era."""
        return (
            self.start is not None and max(self.start, GREGORIAN_START) <= day and (self.end is None or day <= self.end)
        )


class EraTable:
    """The eras in force of this installation, oldest first."""

    def __init__(self, eras: Iterable[Era]) -> None:
        self.eras = tuple(eras)
        self._by_key = {era.key: era for era in self.eras}
        self._by_name = {era.name: era for era in self.eras}
        if not len(self._by_key) == len(self._by_name) == len(self.eras):
            raise ValueError("eras share a key or a name")
        self._modern = tuple(era for era in reversed(self.eras) if era.start is not None)

    @classmethod
    def read(cls) -> Self:
        """The table that comes with the package."""
        text = resources.files("yakuba.core").joinpath("data/eras.csv").read_text(encoding="utf-8")
        return cls(
            Era(
                key=row["key"],
                name=row["name"],
                first_year=int(row["first_year"]),
                last_year=int(row["last_year"]) if row["last_year"] else None,
                start=date.fromisoformat(row["start"]) if row["start"] else None,
                end=date.fromisoformat(row["end"]) if row["end"] else None,
                court=row["court"],
                source=row["source"],
            )
            for row in csv.DictReader(text.splitlines())
        )

    def with_era(self, key: str, name: str, start: date, source: str) -> EraTable:
        """The table after one more 改元: the running era ends on the eve of `start`. Raises ValueError if it can't."""
        running = self.eras[-1]
        if running.end is not None or running.start is None or start <= running.start:
            raise ValueError(f"{name} cannot follow {running.name} on {start}")
        if not re.fullmatch(r"[A-Z][A-Z0-9]{0,2}", key):
            raise ValueError(f"key of an era is up to three capital letters or digits, not {key!r}")
        eve = start - timedelta(days=1)
        closed = replace(running, end=eve, last_year=eve.year)
        return EraTable((*self.eras[:-1], closed, Era(key, name, start.year, start=start, source=source)))

    @cached_property
    def name_pattern(self) -> str:
        """A regular expression for any name, longest first (天平感宝 before 天平)."""
        return "|".join(sorted(map(re.escape, self._by_name), key=len, reverse=True))

    @cached_property
    def letter_pattern(self) -> str:
        """The same for the keys of modern eras."""
        return "|".join(sorted((re.escape(era.key) for era in self._modern), key=len, reverse=True))

    def get(self, name_or_key: str) -> Era | None:
        """The era of a name (令和) or of a key (R, r)."""
        return self._by_name.get(name_or_key) or self._by_key.get(name_or_key.upper())

    def of_year(self, year: int) -> tuple[Era, ...]:
        """Eras that any part of a Gregorian year belongs to, oldest first; two courts count both. Empty in a gap."""
        return tuple(era for era in self.eras if era.covers_year(year))

    def covering(self, day: date) -> tuple[Era, ...]:
        """Eras of a day from 明治6年1月1日, newest first: two on a day of change by 詔書, else one."""
        return tuple(era for era in self._modern if era.covers(day))

    def of_date(self, day: date, field: str = "年月日") -> Era:
        """The newest era of a day. Raises `Refused` before 明治6年1月1日."""
        if day < GREGORIAN_START:
            raise refusal(
                "date-before-gregorian",
                f"{day.isoformat()}は旧暦の時代（明治5年12月2日以前）の日で、和暦の月日に直せません。",
                "元号と年月日を、書類にあるとおりに入力してください。",
                field,
                "明治5年太政官布告第337号",
            )
        return self.covering(day)[0]


_installed = EraTable.read()


def current_eras() -> EraTable:
    """The table that every function here uses."""
    return _installed


def install_eras(table: EraTable) -> None:
    """Put a table in force for the whole process. Called once, at its start, from configuration."""
    global _installed
    _installed = table


@dataclass(frozen=True, slots=True)
class Wareki:
    """A day in 和暦 from 明治6年1月1日. Raises `Refused` if the era has no such day."""

    era: Era
    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        try:
            day = date(self.era.gregorian_year(self.year), self.month, self.day)
        except (ValueError, OverflowError):
            day = None
        text = f"{self.era.name}{_year_text(self.year)}年{self.month}月{self.day}日"
        if self.year < 1 or day is None:
            raise refusal("date-not-on-calendar", f"{text}は暦にありません。", "年月日を確かめてください。", "年月日")
        if not self.era.covers(day):
            raise refusal(
                "era-out-of-range", f"{text}は{self.era.name}の期間の外です。", _other_name_remedy(day), "年月日"
            )

    @property
    def date(self) -> date:
        return date(self.era.gregorian_year(self.year), self.month, self.day)

    def long(self) -> str:
        """令和8年11月21日, 令和元年5月1日."""
        return f"{self.era.name}{_year_text(self.year)}年{self.month}月{self.day}日"

    def short(self) -> str:
        """R08.11.21."""
        return f"{self.era.key}{self.year:02d}.{self.month:02d}.{self.day:02d}"

    def __str__(self) -> str:
        return self.long()


def _year_text(era_year: int) -> str:
    return "元" if era_year == 1 else str(era_year)


def _other_name_remedy(day: date) -> str:
    if day < GREGORIAN_START:
        return "明治5年以前の日は旧暦です。年だけを入力してください。"
    era = current_eras().of_date(day)
    return f"{era.name}{_year_text(era.era_year(day.year))}年で入力してください。"


def to_wareki(day: date) -> Wareki:
    """The day in 和暦; a day of two eras in the newer one. Raises `Refused` before 明治6年1月1日."""
    era = current_eras().of_date(day)
    return Wareki(era, era.era_year(day.year), day.month, day.day)


def format_era_year(era: Era, year: int) -> str:
    """昭和60年, 令和元年, for a Gregorian year."""
    return f"{era.name}{_year_text(era.era_year(year))}年"


def parse_era_year(text: str, field: str = "年") -> tuple[Era, int]:
    """The era and the Gregorian year of 慶応3年, 令和元年, R8. Raises `Refused` if the era had no such year."""
    normal = normalize_date_text(text, field)
    eras = current_eras()
    match = re.fullmatch(rf"({eras.name_pattern}|{eras.letter_pattern})(元|{NUMBER_PATTERN})年?", normal, re.IGNORECASE)
    era = eras.get(match[1]) if match else None
    number = parse_number(match[2]) if match else None
    if era is None or number is None:
        raise refusal("era-year-form", "元号と年として読めません。", "「令和8年」のように入力してください。", field)
    return era, checked_era_year(era, number, field)


def checked_era_year(era: Era, era_year: int, field: str) -> int:
    """The Gregorian year of an era's year. Raises `Refused` if the era never had it."""
    year = era.gregorian_year(era_year)
    if era_year < 1 or not era.covers_year(year):
        last = "" if era.last_year is None else f"{era.name}は{_year_text(era.era_year(era.last_year))}年までです。"
        others = "又は".join(format_era_year(other, year) for other in current_eras().of_year(year))
        raise refusal(
            "era-out-of-range",
            f"{era.name}{era_year}年はありません。{last}",
            f"{others}で入力してください。" if others and era_year > 0 else "年を確かめてください。",
            field,
        )
    return year


def parse_wareki(text: str, field: str = "年月日") -> Wareki:
    """The day of 令和8年11月21日, R08.11.21, 昭和六十年四月十二日, ㍻元年1/8 … Raises `Refused`.

    Both names of a day of change are readable (大正15年12月25日, 昭和元年12月25日), and stay as they were written.
    """
    normal = normalize_date_text(text, field)
    eras = current_eras()
    number = NUMBER_PATTERN
    match = re.fullmatch(
        rf"({eras.name_pattern}|{eras.letter_pattern})(元|{number})(?:年|[./-])({number})(?:月|[./-])({number})日?",
        normal,
        re.IGNORECASE,
    )
    era = eras.get(match[1]) if match else None
    parts = [parse_number(match[group]) for group in (2, 3, 4)] if match else []
    if era is None or None in parts:
        raise refusal(
            "wareki-form",
            "和暦の年月日として読めません。",
            "「令和8年11月21日」又は「R8.11.21」のように入力してください。",
            field,
        )
    year, month, day = (part or 0 for part in parts)
    try:
        return Wareki(era, year, month, day)
    except Refused as refused:
        raise Refused(replace(finding, field=field) for finding in refused.findings) from None
