"""不詳日: dates of a register that are not, or not only, days of the calendar (住民記録システム標準仕様書 1.1.8).

A date is kept as it was given: a day, a month or a year, a season, a third of a month (旬), with 推定 or 頃, a span in
which it lies, a day that no calendar has (平成3年2月29日), the older name of a day of two eras (明治45年7月30日), a day
of the lunisolar calendar (慶応3年5月10日), or nothing at all (年月日不詳).

**Stored form** (`stored`, at most 40 ASCII characters), after ISO 8601-2 (EDTF):

| what | stored |
|---|---|
| a day | `1985-04-12` (only days have this form, so SQL compares and casts them) |
| day unknown / month and day unknown / all unknown | `1985-04-XX` / `1985-XX-XX` / `XXXX-XX-XX` |
| 頃 / 推定 / both | suffix `~` / `?` / `%`: `1985~`, `1985-04?`, `1985-04-12%` |
| 春 夏 秋 冬 | `1985-21` … `1985-24` |
| 上旬 中旬 下旬 | `1985-04-J`, `-C`, `-G` (ours) |
| not on the calendar | suffix `!`: `1991-02-29!` (ours) |
| one day of a span | `[1985-03-01..1985-03-05~]` |
| the era as given | suffix `@` and its key: `1912-07-30@M`, `1985~@S`, `1867-05-10@243` (ours) |

A day of the calendar has its era only where the date alone would name another one. A year
below 1873 always has it, and its month and day are those of the lunisolar calendar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from typing import Self

from yakuba.core.calendar.eras import (
    GREGORIAN_START,
    NUMBER_PATTERN,
    Era,
    EraTable,
    checked_era_year,
    current_eras,
    format_era_year,
    normalize_date_text,
    parse_number,
    refusal,
)
from yakuba.core.calendar.fiscal import month_end
from yakuba.core.findings import Refused

ARTICLE = "住民記録システム標準仕様書 1.1.8"
FORMS_REMEDY = "「昭和60年4月12日」「昭和60年4月 日不詳」「昭和60年4月頃」「年月日不詳」のように入力してください。"
_ONE_DAY = timedelta(days=1)
_DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Season(StrEnum):
    """季節, by the months of the Meteorological Agency; the value is its EDTF month."""

    SPRING = "21"
    SUMMER = "22"
    AUTUMN = "23"
    WINTER = "24"

    @property
    def label(self) -> str:
        return "春夏秋冬"[int(self.value) - 21]


class Third(StrEnum):
    """旬: days 1-10, 11-20, 21 to the end."""

    FIRST = "J"
    MIDDLE = "C"
    LAST = "G"

    @property
    def label(self) -> str:
        return ("上旬", "中旬", "下旬")["JCG".index(self.value)]


class UnknownClass(StrEnum):
    """不明区分: in which way a date is less than a day of the calendar. The values are ours (basis: own)."""

    EXACT = "0"
    """暦上日."""
    NOT_ON_CALENDAR = "1"
    """暦に無い日."""
    UNKNOWN = "2"
    """不詳, in part or whole."""
    VAGUE = "3"
    """頃, 推定, 季節, 旬."""
    SPAN = "4"
    """…から…までの間."""
    LUNISOLAR = "5"
    """旧暦の日."""


class UnknownCode(StrEnum):
    """不明コード: which units of a date are not known. The values are ours (basis: own).

    A span is known as far as its vaguer end.
    """

    NONE = "0"
    DAY = "1"
    MONTH_AND_DAY = "2"
    ALL = "3"


@dataclass(frozen=True, slots=True)
class Point:
    """A day, month, third, season or year as given. `year` is Gregorian, also beside an `era` (key of `Era`)."""

    year: int
    month: int | None = None
    day: int | None = None
    season: Season | None = None
    third: Third | None = None
    presumed: bool = False
    about: bool = False
    era: str = ""

    def __post_init__(self) -> None:
        has_shape = (
            (self.month is None or 1 <= self.month <= 12)
            and (self.day is None or (1 <= self.day <= 31 and self.month is not None))
            and (self.third is None or (self.month is not None and self.day is None))
            and (self.season is None or self.month is None)
        )
        if not has_shape:
            raise refusal(
                "date-impossible",
                "月日の書き方が正しくありません（月は1から12、日は1から31、旬は月の後、季節は年の後）。",
                FORMS_REMEDY,
                "年月日",
                ARTICLE,
            )
        if not 1 <= self.year <= 9998 or (self.is_lunisolar and not self.era):
            raise refusal(
                "date-year-without-era",
                f"西暦{self.year}年は入力できません（1873年から9998年まで）。",
                "明治5年以前の日は、元号で入力してください。",
                "年月日",
                ARTICLE,
            )
        if self.era:
            self._check_era()

    def _check_era(self) -> None:
        era = current_eras().get(self.era)
        if era is None:
            raise refusal(
                "era-unknown", f"元号「{self.era}」がありません。", "元号の設定を確かめてください。", "年月日"
            )
        checked_era_year(era, era.era_year(self.year), "年月日")
        if self.is_lunisolar:
            return
        first, last = self._span()
        if last < (era.start or first) or first > (era.end or last):
            right = current_eras().of_date(first)
            raise refusal(
                "era-out-of-range",
                f"この日は{era.name}の期間の外です。",
                f"{format_era_year(right, first.year)}で入力してください。",
                "年月日",
            )
        if self.is_on_calendar and current_eras().of_date(first) == era:
            object.__setattr__(self, "era", "")

    @property
    def is_lunisolar(self) -> bool:
        """Whether it lies before 明治6年1月1日."""
        return self.year < GREGORIAN_START.year

    @property
    def is_on_calendar(self) -> bool:
        """Whether it names one day of the Gregorian calendar."""
        if self.is_lunisolar or self.month is None or self.day is None:
            return False
        return self.day <= month_end(date(self.year, self.month, 1)).day

    @property
    def is_marked(self) -> bool:
        """Whether 推定 or 頃 is with it."""
        return self.presumed or self.about

    def _span(self) -> tuple[date, date]:
        """First and last day of what is named, era aside."""
        if self.is_lunisolar:
            # A lunisolar year begins three to eight weeks into the Gregorian year it is numbered after.
            return date(self.year, 1, 1), min(date(self.year + 1, 2, 28), GREGORIAN_START - _ONE_DAY)
        if self.season in (Season.SPRING, Season.SUMMER, Season.AUTUMN):
            month = (3, 6, 9)[int(self.season) - 21]
            return date(self.year, month, 1), month_end(date(self.year, month + 2, 1))
        if self.month is None:  # the winter of a year lies at both its ends
            return date(self.year, 1, 1), date(self.year, 12, 31)
        first = date(self.year, self.month, 1)
        last = month_end(first)
        if self.third is not None:
            return {
                Third.FIRST: (first, first.replace(day=10)),
                Third.MIDDLE: (first.replace(day=11), first.replace(day=20)),
                Third.LAST: (first.replace(day=21), last),
            }[self.third]
        if self.day is None:
            return first, last
        if self.day > last.day:
            return last, last + _ONE_DAY
        return first.replace(day=self.day), first.replace(day=self.day)

    @property
    def bounds(self) -> tuple[date, date]:
        """First and last day that it can be, both inclusive; within its era where one is given."""
        first, last = self._span()
        era = current_eras().get(self.era) if self.era else None
        if era is None or self.is_lunisolar:
            return first, last
        return max(first, era.start or first), min(last, era.end or last)

    @property
    def sort_date(self) -> date:
        """A date for the order only; of a lunisolar day, the same figures."""
        if not self.is_lunisolar:
            return self.bounds[0]
        month = date(self.year, self.month or 1, 1)
        return month.replace(day=min(self.day or 1, month_end(month).day))

    @property
    def stored(self) -> str:
        if self.season is not None:
            body = f"{self.year:04d}-{self.season}"
        elif self.month is None:
            body = f"{self.year:04d}" + ("" if self.is_marked else "-XX-XX")
        elif self.third is not None:
            body = f"{self.year:04d}-{self.month:02d}-{self.third}"
        elif self.day is None:
            body = f"{self.year:04d}-{self.month:02d}" + ("" if self.is_marked else "-XX")
        else:
            is_missing = not self.is_lunisolar and not self.is_on_calendar
            body = f"{self.year:04d}-{self.month:02d}-{self.day:02d}" + ("!" if is_missing else "")
        mark = {(True, True): "%", (True, False): "?", (False, True): "~"}.get((self.presumed, self.about), "")
        return body + mark + (f"@{self.era}" if self.era else "")

    @classmethod
    def from_stored(cls, text: str) -> Self | None:
        match = re.fullmatch(
            r"([0-9]{4})(?:-(XX|[0-9]{2})(?:-(XX|[0-9]{2}|[JCG]))?)?!?([~?%])?(?:@([A-Z0-9]{1,3}))?", text
        )
        if match is None:
            return None
        year, month, last, mark, era = match.groups("")
        return cls(
            int(year),
            month=int(month) if month.isdigit() and month < "21" else None,
            day=int(last) if last.isdigit() else None,
            season=Season(month) if "21" <= month <= "24" else None,
            third=Third(last) if last and last in "JCG" else None,
            presumed=mark in ("?", "%"),
            about=mark in ("~", "%"),
            era=era,
        )

    @property
    def unknown_code(self) -> UnknownCode:
        if self.day is not None:
            return UnknownCode.NONE
        return UnknownCode.DAY if self.month is not None else UnknownCode.MONTH_AND_DAY

    def year_text(self, *, wareki: bool) -> str:
        """昭和60年 or 1985年; 昭和64年又は平成元年 where nothing tells which."""
        if not wareki:
            return f"{'旧暦' if self.is_lunisolar else ''}{self.year}年"
        eras = current_eras()
        if self.era:
            era = eras.get(self.era)
            candidates: tuple[Era, ...] = (era,) if era else ()
        elif self.is_on_calendar:
            candidates = (eras.of_date(self._span()[0]),)
        else:
            first, last = self._span()
            candidates = eras.covering(first)[:1] + tuple(
                era for era in eras.of_year(self.year) if era.start and first < era.start <= last
            )
        return "又は".join(format_era_year(era, self.year) for era in candidates)

    def pieces(self) -> list[str]:
        """What follows the year: a season, or the month and what is in it."""
        if self.season is not None:
            return [self.season.label]
        inner = self.third.label if self.third else f"{self.day}日" if self.day else ""
        return [piece for piece in (f"{self.month}月" if self.month else "", inner) if piece]


@lru_cache(maxsize=1 << 16)
def _stored_day(stored: str) -> Point | None:
    """A day of the calendar in its stored form: no need to compare with what it would store. None for anything else.

    Remembered, as a century has only 36,525.
    """
    if _DAY_FORM.fullmatch(stored) is None:
        return None
    day = Point(int(stored[:4]), int(stored[5:7]), int(stored[8:]))
    return day if day.is_on_calendar else None


@dataclass(frozen=True, slots=True)
class UncertainDate:
    """A date of the register. `start` None: 年月日不詳; `end`: it lies between the two.

    Equal if given alike; ordered by `sort_date`, then by how late it can be, then by `stored`. 年月日不詳 comes first.
    """

    start: Point | None
    end: Point | None = None

    def __post_init__(self) -> None:
        if self.end is None:
            return
        if (
            self.start is None
            or self.end.sort_date < self.start.sort_date
            or self.end.bounds[1] < self.start.bounds[1]
            or self.start == self.end
        ):
            raise refusal(
                "date-span-reversed",
                "期間の終わりが始まりより後になっていません。",
                "「から」の前と後の日を確かめてください。",
                "年月日",
                ARTICLE,
            )

    @classmethod
    def exact(cls, day: date) -> Self:
        """A day of the calendar, from 明治6年1月1日. Raises `Refused` before."""
        return cls(Point(day.year, day.month, day.day))

    @classmethod
    def unknown(cls) -> Self:
        """年月日不詳."""
        return cls(None)

    @classmethod
    def parse(cls, text: str, field: str = "年月日") -> Self:
        """The date of what a person wrote. Raises `Refused`.

        Reads 和暦 and 西暦, ISO (1985-04-12), 19850412 (00 for what is unknown), S60.4.12, kanji and full-width digits,
        and every pattern of 標準仕様書 1.1.8. A bare year or month means that the rest is 不詳.
        """
        with _naming(field):
            normal = normalize_date_text(text, field)
            if normal in ("年月日不詳", "不詳", "00000000"):
                return cls(None)
            point = _parse_figures(normal)
            if point is not None:
                return cls(point)
            first, separator, rest = normal.partition("から")
            if not separator:
                return cls(_parse_point(first, None, in_span=False))
            start = _parse_point(first, None, in_span=True)
            if not rest.endswith("までの間"):
                raise _unreadable()
            return cls(start, _parse_point(rest.removesuffix("までの間"), _read(first), in_span=True))

    @classmethod
    def from_stored(cls, stored: str) -> Self:
        """The inverse of `stored`. Raises `Refused` for any text that `stored` does not give."""
        if stored == "XXXX-XX-XX":
            return cls(None)
        day = _stored_day(stored) if len(stored) == 10 else None  # nearly all of a register
        if day is not None:
            return cls(day)
        result: Self | None = None
        if len(stored) <= 40:
            start, separator, end = stored.removeprefix("[").removesuffix("]").partition("..")
            first = Point.from_stored(start)
            last = Point.from_stored(end) if separator else None
            if first is not None and (last is not None or not separator):
                result = cls(first, last)
        if result is None or result.stored != stored:
            raise refusal(
                "date-stored-form",
                "保存された日付の形式が正しくありません。",
                "データの作成元に確かめてください。",
                "年月日",
            )
        return result

    @property
    def stored(self) -> str:
        """The canonical text, described at the head of this module."""
        if self.start is None:
            return "XXXX-XX-XX"
        return self.start.stored if self.end is None else f"[{self.start.stored}..{self.end.stored}]"

    @property
    def is_unknown(self) -> bool:
        """年月日不詳."""
        return self.start is None

    @property
    def is_exact(self) -> bool:
        """Whether it is one day of the calendar for certain."""
        return self.start is not None and self.end is None and self.start.is_on_calendar and not self.start.is_marked

    @property
    def earliest(self) -> date:
        """年月日FROM: the first day that it can be; 0001-01-01 if unknown.

        頃 and 推定 widen nothing, as no rule says by how much. A day that the calendar lacks lies between the last of
        its month and the first of the next. Of a lunisolar year only the year is bounded.
        """
        return date.min if self.start is None else self.start.bounds[0]

    @property
    def latest(self) -> date:
        """年月日TO: the last day that it can be; 9999-12-31 if unknown."""
        return date.max if self.start is None else (self.end or self.start).bounds[1]

    @property
    def sort_date(self) -> date:
        """The date value used for order: the earliest day; of a lunisolar day, the same figures."""
        return date.min if self.start is None else self.start.sort_date

    @property
    def unknown_code(self) -> UnknownCode:
        """不明コード."""
        if self.start is None:
            return UnknownCode.ALL
        return max(self.start.unknown_code, (self.end or self.start).unknown_code)

    @property
    def unknown_class(self) -> UnknownClass:
        """不明区分."""
        if self.start is None:
            return UnknownClass.UNKNOWN
        if self.end is not None:
            return UnknownClass.SPAN
        if self.start.is_marked or self.start.season or self.start.third:
            return UnknownClass.VAGUE
        if self.start.day is None:
            return UnknownClass.UNKNOWN
        if self.start.is_lunisolar:
            return UnknownClass.LUNISOLAR
        return UnknownClass.EXACT if self.start.is_on_calendar else UnknownClass.NOT_ON_CALENDAR

    def may_fall_within(self, first: date, last: date) -> bool:
        """Whether it can be a day from `first` to `last`, both inclusive: what a search by range must find."""
        return self.earliest <= last and first <= self.latest

    def display_wareki(self) -> str:
        """In 和暦, as on a certificate (標準仕様書 1.1.9)."""
        return self._display(wareki=True)

    def display_seireki(self) -> str:
        """In 西暦, as for a foreign resident's birth (標準仕様書 1.1.9); lunisolar figures are marked 旧暦."""
        return self._display(wareki=False)

    def _display(self, *, wareki: bool) -> str:
        if self.start is None:
            return "年月日不詳"
        year = self.start.year_text(wareki=wareki)
        pieces = self.start.pieces()
        if self.end is None:
            unknown = ""
            if not self.start.is_marked and self.start.day is None and not (self.start.season or self.start.third):
                unknown = " 月日不詳" if self.start.month is None else " 日不詳"
            text = ("推定" if self.start.presumed else "") + year + "".join(pieces)
            return text + unknown + ("頃" if self.start.about else "")
        end_year = self.end.year_text(wareki=wareki)
        end_pieces = self.end.pieces()
        if end_pieces and end_year == year:
            shared = len(end_pieces) == 2 and self.start.month == self.end.month
            end_pieces = end_pieces[shared:]
        else:
            end_pieces = [end_year, *end_pieces]
        first = _with_marks(self.start, [year, *pieces])
        return f"{first}から{_with_marks(self.end, end_pieces)}までの間"

    def __str__(self) -> str:
        return self.display_wareki()

    def _order(self) -> tuple[date, date, str]:
        return self.sort_date, self.latest, self.stored

    def __lt__(self, other: UncertainDate) -> bool:
        return self._order() < other._order() if isinstance(other, UncertainDate) else NotImplemented

    def __le__(self, other: UncertainDate) -> bool:
        return self._order() <= other._order() if isinstance(other, UncertainDate) else NotImplemented

    def __gt__(self, other: UncertainDate) -> bool:
        return self._order() > other._order() if isinstance(other, UncertainDate) else NotImplemented

    def __ge__(self, other: UncertainDate) -> bool:
        return self._order() >= other._order() if isinstance(other, UncertainDate) else NotImplemented

    @property
    def date(self) -> date:
        """The day. Raises `Refused` unless `is_exact`."""
        if not self.is_exact:
            raise refusal(
                "date-not-exact",
                f"「{self.display_wareki()}」は暦上の日ではありません。",
                "暦上の日を入力してください。",
                "年月日",
                ARTICLE,
            )
        return self.earliest


def _with_marks(point: Point, pieces: list[str]) -> str:
    """推定 before the last piece, as in 「m月推定d日からd日までの間」."""
    presumed = ["推定"] if point.presumed else []
    return "".join([*pieces[:-1], *presumed, pieces[-1]]) + ("頃" if point.about else "")


@contextmanager
def _naming(field: str) -> Iterator[None]:
    """Findings within name `field`."""
    try:
        yield
    except Refused as refused:
        raise Refused(replace(finding, field=field) for finding in refused.findings) from None


def _unreadable() -> Refused:
    return refusal("date-form", "日付として読めません。", FORMS_REMEDY, "年月日", ARTICLE)


@lru_cache(maxsize=4)
def _patterns(eras: EraTable) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Figures with separators (S60.4.12, 1985-04), and a point in words."""
    era = f"{eras.name_pattern}|{eras.letter_pattern}"
    number = NUMBER_PATTERN
    figures = rf"(?P<era>{era})?(?P<year>元|{number})[./-](?P<month>{number})(?:[./-](?P<day>{number}))?"
    words = (
        rf"(?P<presumed>推定)?(?:(?P<western>西暦)?(?P<era>{era})?(?P<year>元|{number})年)?"
        rf"(?P<presumed_month>推定(?=[^頃ごこ]))?(?:(?P<month>{number})月)?"
        r"(?:(?P<unknown>月日不詳|日不詳)|(?P<presumed_part>推定)?"
        rf"(?:(?P<third>上旬|中旬|下旬)|(?P<season>[春夏秋冬])|(?P<day>{number})日))?"
        r"(?P<about>頃|ころ|ごろ)?"
    )
    return re.compile(figures, re.IGNORECASE), re.compile(words, re.IGNORECASE)


def _number(text: str | None) -> int | None:
    """The number of a matched text; None for no text. Raises `Refused` for figures in disorder (十十)."""
    if text is None:
        return None
    number = parse_number(text)
    if number is None:
        raise _unreadable()
    return number


def _resolve_year(era_name: str | None, number: int, digits: int) -> tuple[int, str]:
    """Gregorian year and era key of a year as written."""
    if era_name:
        era = current_eras().get(era_name)
        assert era is not None, "the pattern lists the table's eras only"
        return checked_era_year(era, number, "年月日"), era.key
    if digits != 4:
        raise refusal(
            "date-era-missing",
            "元号がないので、どの年か分かりません。",
            "「昭和60年」のように元号を付けるか、西暦4桁で入力してください。",
            "年月日",
        )
    return number, ""


def _parse_figures(text: str) -> Point | None:
    """19850412, 19850400, S600412, 1985, 1985-04, S60.4.12; None if it is none of these."""
    compact = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})|([A-Za-z])([0-9]{2})([0-9]{2})([0-9]{2})|([0-9]{4})", text)
    if compact is not None:
        letter, western = compact[4], compact[1] or compact[8]
        era = current_eras().get(letter) if letter else None
        if letter and era is None:
            raise _unreadable()
        year, key = _resolve_year(letter, int(western or compact[5]), 4)
        month, day = int(compact[2] or compact[6] or 0), int(compact[3] or compact[7] or 0)
        if day and not month:
            raise _unreadable()
        return Point(year, month or None, day or None, era=key)
    match = _patterns(current_eras())[0].fullmatch(text)
    if match is None:
        return None
    year, key = _resolve_year(match["era"], _number(match["year"]) or 0, len(match["year"]))
    return Point(year, _given(match["month"]), _given(match["day"]), era=key)


def _given(text: str | None) -> int | None:
    """As `_number`, but a written zero is no month and no day."""
    number = _number(text)
    if number == 0:
        raise _unreadable()
    return number


def _read(text: str) -> re.Match[str]:
    match = _patterns(current_eras())[1].fullmatch(text)
    if match is None or not text:
        raise _unreadable()
    return match


def _parse_point(text: str, start: re.Match[str] | None, *, in_span: bool) -> Point:
    """A point in words; the second of a span takes from the first (`start`) what it leaves out."""
    match = _read(text)
    month_text = match["month"]
    if match["year"]:
        era_name, year_text = match["era"], match["year"]
        if start is not None and era_name is None and match["western"] is None and len(year_text) < 4:
            era_name = start["era"]
        year, era = _resolve_year(era_name, _number(year_text) or 0, len(year_text))
    elif start is not None and start["year"]:
        year, era = _resolve_year(start["era"], _number(start["year"]) or 0, len(start["year"]))
        if month_text is None and match["season"] is None:
            month_text = start["month"]
            if match["day"] is None and match["third"] is None:
                raise _unreadable()
    else:
        raise _unreadable()
    if match["western"] and match["era"]:
        raise _unreadable()
    presumed = sum(match[name] is not None for name in ("presumed", "presumed_month", "presumed_part"))
    if presumed > 1:
        raise _unreadable()
    if match["unknown"] and (
        in_span or presumed or match["about"] or (match["unknown"] == "日不詳") != (month_text is not None)
    ):
        raise _unreadable()
    make = partial(
        Point,
        year,
        month=_given(month_text),
        day=_given(match["day"]),
        season=Season(str(21 + "春夏秋冬".index(match["season"]))) if match["season"] else None,
        third=Third("JCG"[("上旬", "中旬", "下旬").index(match["third"])]) if match["third"] else None,
        presumed=presumed == 1,
        about=match["about"] is not None,
    )
    try:
        return make(era=era)
    except Refused as refused:
        # The end of a span that runs into a new era leaves the era of its start behind.
        if match["year"] is None and refused.findings[0].code == "era-out-of-range":
            return make()
        raise
