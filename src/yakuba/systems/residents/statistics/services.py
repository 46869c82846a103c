"""Asking for a count, making it, and reading what was counted."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

from yakuba.core.calendar.fiscal import fiscal_year_of, fiscal_year_start
from yakuba.core.findings import Findings
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.jobs import runner, tasks
from yakuba.platform.jobs.models import Job, State
from yakuba.platform.jobs.runner import Run
from yakuba.platform.transactions import use_case
from yakuba.systems.residents.models import Statistics
from yakuba.systems.residents.reasons import ResidentKind, Sex, reason_label

from .job import KIND

EARLIEST = date(2012, 7, 9)
"""Foreign residents are on the register since then (改正住民基本台帳法); older counts would mean something else."""


@use_case(Operation.BATCH)
def request(desk: Desk, first: date, last: date) -> Job:
    """Queue a count: the register at the end of `last`, and its changes from `first` on. Raises Refused, AccessDenied."""
    desk.require(Duty.STATISTICS)
    findings = Findings()
    if not EARLIEST <= first <= last:
        findings.error(
            "RES-E-700",
            "first",
            "期間の始まりが、終わりより後か、平成24年7月9日より前です。",
            "期間を確かめてください。",
        )
    if last >= desk.today:
        findings.error(
            "RES-E-701", "last", "まだ終わっていない日は集計できません。", "前日以前の日を指定してください。"
        )
    findings.raise_if_blocking()
    arguments = {"first": first.isoformat(), "last": last.isoformat(), "account": desk.account}
    job: Job = runner.create(KIND, arguments, desk.account, desk.clock)
    tasks.enqueue(job.pk)
    desk.log(Operation.BATCH, target=f"job:{job.pk}", kind=KIND, first=first, last=last)
    return job


@use_case(Operation.BATCH)
def request_due(desk: Desk) -> Job | None:
    """Queue the count of the last whole month, unless it was made or asked for; None then."""
    desk.require(Duty.STATISTICS)
    first, last = month_due(desk.today)
    asked = Job.objects.filter(kind=KIND, arguments__first=first.isoformat(), arguments__last=last.isoformat())
    if asked.exclude(state__in=[State.FAILED, State.CANCELLED]).exists():
        return None
    return request(desk, first, last)


def make(run: Run) -> dict[str, Any]:
    """The work of the job: counts, checks that the changes explain the difference, and keeps the tables.

    What had been recorded by a moment never changes, so each step may be a transaction of its own; repeating adds nothing.
    """
    from . import tables

    first, last = (date.fromisoformat(run.arguments[name]) for name in ("first", "last"))
    start, end = tables.end_of(first - timedelta(days=1)), tables.end_of(last)
    steps = {
        "期末の人口": lambda: tables.people_at(end),
        "異動": lambda: tables.changes_between(start, end),
        "期首の人口": lambda: tables.people_at(start),
    }
    found = []
    for done, (stage, step) in enumerate(steps.items()):
        run.checkpoint(None, done, len(steps) + 1, stage)
        run.raise_if_cancelled()
        with database_roles.as_duty(Duty.STATISTICS):
            found.append(step())
    after, changes, before = found
    counted = tables.count(before, changes, after, last)
    persons, households = int(counted.people["persons"].sum()), int(counted.households["households"].sum())
    with database_roles.as_duty(Duty.STATISTICS):
        Statistics.objects.get_or_create(
            job=run.job.pk,
            defaults={
                "first": first, "last": last, "made_at": run.clock.now(), "account": run.arguments["account"],
                "persons": persons, "households": households, "people_table": _packed(counted.people),
                "household_table": _packed(counted.households), "change_table": _packed(counted.changes),
            },
        )  # fmt: skip
        run.checkpoint(None, len(steps) + 1)
    return {"persons": persons, "households": households}


def _packed(frame: Any) -> bytes:
    out = BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """A public table: `rows` of a label and figures under `columns`; the last row is the total."""

    title: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def csv(self) -> str:
        """With a byte order mark's text form left to the caller; figures without separators."""
        out = StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([self.head, *self.columns])
        writer.writerows([row[0], *(figure.replace(",", "") for figure in row[1:])] for row in self.rows)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Bar:
    """One class of ages in the population pyramid."""

    label: str
    men: int
    women: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a count says, ready to be shown."""

    made: Statistics
    tables: tuple[Table, ...]
    pyramid: tuple[Bar, ...]

    def table(self, number: int) -> Table | None:
        return self.tables[number] if 0 <= number < len(self.tables) else None


@use_case(Operation.VIEW)
def made(desk: Desk, newest: int = 60) -> list[Statistics]:
    """The counts, the newest first, without their tables."""
    desk.require(Duty.STATISTICS)
    return list(
        Statistics.objects.defer("people_table", "household_table", "change_table").order_by("-last", "-pk")[:newest]
    )


@use_case(Operation.VIEW)
def read(desk: Desk, number: int) -> Report:
    """A count with its tables. Raises Refused for an unknown one."""
    desk.require(Duty.STATISTICS)
    found = Statistics.objects.filter(pk=number).first()
    findings = Findings()
    if found is None:
        findings.error("RES-E-702", "number", "その集計はありません。", "一覧から選んでください。")
    findings.raise_if_blocking()
    desk.log(Operation.VIEW, target=f"statistics:{number}")
    return _report(found)


def _report(found: Statistics) -> Report:
    import polars as pl

    people, households, changes = (
        pl.read_parquet(BytesIO(bytes(data)))
        for data in (found.people_table, found.household_table, found.change_table)
    )
    tables = (
        _by_town(people, households),
        _by_age(people),
        _by_nationality(people),
        _by_reason(changes),
        _by_town_change(people, changes),
    )
    return Report(found, tables, _pyramid(people))


def _figure(value: int) -> str:
    return f"{value:,}"


def _row(label: str, values: Iterable[int]) -> tuple[str, ...]:
    return (label, *map(_figure, values))


def _with_total(rows: Sequence[tuple[str, Sequence[int]]]) -> tuple[tuple[str, ...], ...]:
    totals = [sum(column) for column in zip(*(figures for _, figures in rows), strict=True)]
    return (*(_row(label, figures) for label, figures in rows), *([_row("計", totals)] if rows else []))


def _sum(frame: Any, **wanted: str) -> int:
    for column, value in wanted.items():
        frame = frame.filter(frame[column] == value)
    return int(frame["persons"].sum())


def _people_figures(frame: Any) -> list[int]:
    """総数, 男, 女, 日本人, 外国人."""
    return [
        int(frame["persons"].sum()),
        _sum(frame, sex=Sex.MALE),
        _sum(frame, sex=Sex.FEMALE),
        _sum(frame, kind=ResidentKind.JAPANESE),
        _sum(frame, kind=ResidentKind.FOREIGN),
    ]


_PEOPLE_COLUMNS = ("総数", "男", "女", "日本人", "外国人")


def _by_town(people: Any, households: Any) -> Table:
    by_town = {town: part for (town,), part in people.group_by("town")}
    compositions = ("japanese", "foreign", "mixed")
    of_town: dict[str, dict[str, int]] = {}
    for town, composition, number in households.iter_rows():
        of_town.setdefault(town, {})[composition] = number
    rows = []
    for town in sorted(by_town):
        homes = [of_town.get(town, {}).get(composition, 0) for composition in compositions]
        rows.append((town or "（町名なし）", [*_people_figures(by_town[town]), sum(homes), *homes]))
    columns = (*_PEOPLE_COLUMNS, "世帯数", "日本人のみの世帯", "外国人のみの世帯", "複数国籍の世帯")
    return Table("町別の人口と世帯数", "町", columns, _with_total(rows))


def _by_age(people: Any) -> Table:
    by_age = {age: part for (age,), part in people.group_by("age")}
    rows = [
        ("年齢不詳" if age is None else f"{age}歳", _people_figures(by_age[age]))
        for age in sorted(by_age, key=lambda age: (age is None, age or 0))
    ]
    return Table("年齢（各歳）別の人口", "年齢", _PEOPLE_COLUMNS, _with_total(rows))


def _by_nationality(people: Any) -> Table:
    foreign = people.filter(people["kind"] == ResidentKind.FOREIGN)
    by_nation = {nation: part for (nation,), part in foreign.group_by("nationality")}
    rows = [(nation or "（国籍等の記録なし）", _people_figures(part)[:3]) for nation, part in by_nation.items()]
    rows.sort(key=lambda row: (-row[1][0], row[0]))
    return Table("国籍等別の外国人人口", "国籍等", _PEOPLE_COLUMNS[:3], _with_total(rows))


def _by_reason(changes: Any) -> Table:
    by_reason = {reason: part for (reason,), part in changes.group_by("reason")}
    rows = []
    for reason in sorted(by_reason):
        part = by_reason[reason]
        entered = part.filter(part["town_before"].is_null() & part["town"].is_not_null())
        closed = part.filter(part["town_before"].is_not_null() & part["town"].is_null())
        figures = [int(part["persons"].sum()), int(entered["persons"].sum()), int(closed["persons"].sum())]
        rows.append((reason_label(reason), [*figures, _sum(part, sex=Sex.MALE), _sum(part, sex=Sex.FEMALE)]))
    return Table("異動集計表（異動事由別）", "異動事由", ("件数", "増", "減", "男", "女"), _with_total(rows))


def _by_town_change(people: Any, changes: Any) -> Table:
    """Before, came (from outside, from another town), went, after: town by town, and it adds up."""
    after = {town: int(part["persons"].sum()) for (town,), part in people.group_by("town")}
    figures: dict[str, list[int]] = {}
    for row in changes.iter_rows(named=True):
        before, now, persons = row["town_before"], row["town"], row["persons"]
        if before == now:
            continue
        if now is not None:
            figures.setdefault(now, [0, 0, 0, 0])[0 if before is None else 2] += persons
        if before is not None:
            figures.setdefault(before, [0, 0, 0, 0])[1 if now is None else 3] += persons
    rows = []
    for town in sorted(after.keys() | figures.keys()):
        entered, closed, came, went = figures.get(town, [0, 0, 0, 0])
        end = after.get(town, 0)
        start = end - entered + closed - came + went
        rows.append((town or "（町名なし）", [start, entered, closed, came, went, end]))
    columns = ("期首", "記載（転入・出生等）", "消除（転出・死亡等）", "町内へ転居", "町外へ転居", "期末")
    return Table("町別の異動", "町", columns, _with_total(rows))


def _pyramid(people: Any) -> tuple[Bar, ...]:
    known = people.drop_nulls("age")
    classes: dict[int, list[int]] = {}
    for age, sex, persons in known.select("age", "sex", "persons").iter_rows():
        men_women = classes.setdefault(min(age // 5, 20), [0, 0])
        if sex in {Sex.MALE, Sex.FEMALE}:
            men_women[0 if sex == Sex.MALE else 1] += persons
    top = max(classes, default=0)
    return tuple(
        Bar("100歳以上" if number == 20 else f"{number * 5}～{number * 5 + 4}歳", *classes.get(number, [0, 0]))
        for number in range(top, -1, -1)
    )


def month_due(today: date) -> tuple[date, date]:
    """The last whole month."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def year_due(today: date) -> tuple[date, date]:
    """The last whole fiscal year."""
    end = fiscal_year_start(fiscal_year_of(today)) - timedelta(days=1)
    return fiscal_year_start(fiscal_year_of(end)), end
