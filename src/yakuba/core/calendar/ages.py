"""Ages by law: counted from the day of birth (年齢計算ニ関スル法律 1項), full at the end of the eve of the birthday
(同 2項, 民法143条).

Who is born on 1 April is one year older at 24:00 on 31 March, so a rule that speaks of the day on which an age is
reached (達した日) means the eve; `attains_on` gives that day, `age_on` the age that a person has during a day.
"""

from __future__ import annotations

from datetime import date, timedelta

from yakuba.core.calendar.eras import refusal
from yakuba.core.calendar.uncertain import UncertainDate


def attains_on(birth: date, years: int) -> date:
    """The day at whose end `years` (1 or more) are reached (達した日): the eve of the birthday.

    Born on 29 February: always 28 February, in a common year as the last day of a month that has no such day
    (民法143条2項ただし書).
    """
    if years < 1:
        raise ValueError("years counts from 1")
    if (birth.month, birth.day) == (2, 29):
        return date(birth.year + years, 2, 28)
    return birth.replace(year=birth.year + years) - timedelta(days=1)


def has_attained(birth: date, years: int, day: date) -> bool:
    """Whether the age is reached on or before `day`, the eve of the birthday included."""
    return years < 1 or attains_on(birth, years) <= day


def age_on(birth: date, day: date) -> int:
    """Years of age during `day` (満年齢): one more from 0:00 of the birthday on. Raises ValueError before birth.

    Born on 29 February, one gets older on 1 March in a common year.
    """
    if day < birth:
        raise ValueError("day is before birth")
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def age_range_on(birth: UncertainDate, day: date) -> tuple[int, int]:
    """Lowest and highest age during `day` for a birth that is only partly known; equal where it doesn't matter.

    Raises `Refused` if the year is unknown or the birth lies after `day` for certain.
    """
    if birth.is_unknown:
        raise refusal(
            "age-of-unknown-birth",
            "生年月日が不詳なので年齢を計算できません。",
            "生年月日を調べるか、年齢によらない取扱いを選んでください。",
            "生年月日",
        )
    if day < birth.earliest:
        raise refusal("age-before-birth", "基準日が生年月日より前です。", "基準日を確かめてください。", "基準日")
    return age_on(min(birth.latest, day), day), age_on(birth.earliest, day)


def last_march_31_for(birth: date, years: int) -> date:
    """「{years}歳に達する日以後の最初の3月31日」 (児童手当法4条 and others): 31 March on or after `attains_on`."""
    reached = attains_on(birth, years)
    return date(reached.year + (reached > date(reached.year, 3, 31)), 3, 31)


def school_entry_on(birth: date, years: int = 6) -> date:
    """「満{years}歳に達した日の翌日以後における最初の学年の初め」 (学校教育法17条1項): 1 April of entry."""
    after = attains_on(birth, years) + timedelta(days=1)
    return date(after.year + (after > date(after.year, 4, 1)), 4, 1)
