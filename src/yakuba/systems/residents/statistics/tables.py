"""Counting the register, in columns: one pass over the versions for the people, one for what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import polars as pl
from django.db import connection

from yakuba.core.calendar.ages import age_range_on
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused
from yakuba.platform.clock import JAPAN
from yakuba.systems.residents.reasons import ResidentKind

_STATE = """
COPY (
    SELECT household_number, town, sex, resident_kind, nationality, birth FROM (
        SELECT DISTINCT ON (person) household_number, coalesce(address_town, '') AS town, coalesce(sex, '') AS sex,
            resident_kind, coalesce(nationality, '') AS nationality, birth, closing_reason
        FROM residents_version WHERE recorded_at < %s ORDER BY person, version_no DESC
    ) state WHERE closing_reason IS NULL
) TO STDOUT (FORMAT csv)
"""
"""Who is on the register at a moment: of each person the last version that had been recorded."""

_CHANGES = """
COPY (
    SELECT v.reason, coalesce(v.sex, ''), p.resident_kind, v.resident_kind, p.town, v.town, count(*)
    FROM (SELECT person, version_no, reason, sex, resident_kind, closing_reason IS NULL AS is_open,
              CASE WHEN closing_reason IS NULL THEN coalesce(address_town, '') END AS town
          FROM residents_version WHERE recorded_at >= %s AND recorded_at < %s) v
    LEFT JOIN (SELECT person, version_no, resident_kind,
                   CASE WHEN closing_reason IS NULL THEN coalesce(address_town, '') END AS town
               FROM residents_version) p ON p.person = v.person AND p.version_no = v.version_no - 1
    GROUP BY 1, 2, 3, 4, 5, 6
) TO STDOUT (FORMAT csv)
"""
"""What each version recorded within a period did: open in which town before, and after; NULL where not open."""

_WORK_MEM = "SET LOCAL work_mem = '256MB'"
_PEOPLE = {"household": pl.Int64, "town": pl.String, "sex": pl.String, "kind": pl.String, "nationality": pl.String,
           "birth": pl.String}  # fmt: skip
_CHANGE = {"reason": pl.String, "sex": pl.String, "kind_before": pl.String, "kind": pl.String, "town_before": pl.String,
           "town": pl.String, "persons": pl.Int64}  # fmt: skip


class Unbalanced(RuntimeError):
    """Persons before, with what came and without what went, are not the persons after."""


@dataclass(frozen=True, slots=True)
class Tables:
    """`people`: town, sex, kind, nationality, age (null: 不詳) -> persons. `households`: town, composition -> households.

    `changes`: reason, sex, kind_before, kind, town_before, town (null: not on the register) -> persons.
    """

    people: pl.DataFrame
    households: pl.DataFrame
    changes: pl.DataFrame


def end_of(day: date) -> datetime:
    """The first moment after a day in Japan."""
    return datetime.combine(day + timedelta(days=1), time(), JAPAN)


def people_at(at: datetime) -> pl.DataFrame:
    """Everybody on the register at a moment: household, town, sex, kind, nationality, birth.

    By what had been recorded by then (記載), as the monthly tables of a register count; what is recorded later counts then.
    """
    return _read(_STATE, [at], _PEOPLE)


def changes_between(start: datetime, end: datetime) -> pl.DataFrame:
    """What was recorded from `start` to before `end`. See `Tables`."""
    return _read(_CHANGES, [start, end], _CHANGE).sort(*list(_CHANGE)[:-1])


def count(before: pl.DataFrame, changes: pl.DataFrame, after: pl.DataFrame, day: date) -> Tables:
    """Group the people of the end of `day`; raises Unbalanced when `changes` don't lead from `before` to them."""
    is_foreign = pl.col("foreign")
    households = (
        after.group_by("household")
        .agg(pl.col("town").min(), (pl.col("kind") == ResidentKind.FOREIGN).mean().alias("foreign"))
        .with_columns(
            composition=pl.when(is_foreign == 0)
            .then(pl.lit("japanese"))
            .when(is_foreign == 1)
            .then(pl.lit("foreign"))
            .otherwise(pl.lit("mixed"))
        )
        .group_by("town", "composition")
        .len("households")
        .sort("town", "composition")
    )
    keys = ("town", "sex", "kind", "nationality", "age")
    ages = _ages(after["birth"].unique(), day)
    people = after.join(ages, on="birth", how="left").group_by(*keys).len("persons").sort(*keys)
    tables = Tables(people, households, changes)
    _check(tables, before)
    return tables


def _read(statement: str, values: list[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """Needs an open transaction."""
    data = BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(_WORK_MEM)
        with cursor.copy(statement, values) as copy:
            for block in copy:
                data.write(block)
    if not data.tell():
        return pl.DataFrame(schema=schema)
    data.seek(0)
    # What is empty and unquoted is null for both; a text that is empty comes in quotes.
    return pl.read_csv(data, has_header=False, new_columns=list(schema), schema=schema)


def _ages(births: pl.Series, day: date) -> pl.DataFrame:
    """Years of age at the end of the day; null where a birth is too uncertain to say."""
    ages = []
    for stored in births:
        try:
            youngest, oldest = age_range_on(UncertainDate.from_stored(stored), day)
        except Refused:
            youngest, oldest = 0, 1
        ages.append(youngest if youngest == oldest else None)
    return pl.DataFrame({"birth": births, "age": pl.Series(ages, dtype=pl.Int16)})


def _check(tables: Tables, before: pl.DataFrame) -> None:
    """Town by town and kind by kind: before + came - went = after."""
    came = tables.changes.drop_nulls("town").select("town", "kind", "persons")
    went = tables.changes.drop_nulls("town_before").select(
        town="town_before", kind="kind_before", persons=-pl.col("persons")
    )
    start = before.group_by("town", "kind").len("persons").with_columns(pl.col("persons").cast(pl.Int64))
    end = tables.people.select("town", "kind", persons=-pl.col("persons").cast(pl.Int64))
    off = pl.concat([start, came, went, end]).group_by("town", "kind").agg(pl.col("persons").sum())
    wrong = off.filter(pl.col("persons") != 0).sort("town", "kind")
    if wrong.height:
        named = "、".join(f"{town or '（町名なし）'} {persons:+d}人" for town, _, persons in wrong.head(5).iter_rows())
        raise Unbalanced(f"人口と異動の件数が合いません: {named}（{wrong.height}か所）")
