"""Population and changes: what is counted adds up, says what happened, and knows nobody's number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from hypothesis import given
from hypothesis import strategies as st
from tests.web.conftest import SignedIn, signed_in, web

from yakuba.core.findings import Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.systems.residents.models import Statistics
from yakuba.systems.residents.statistics import services, tables
from yakuba.systems.residents.statistics.services import Report, Table

__all__ = ["signed_in", "web"]
DAY = date(2026, 11, 20)
FIRST = date(2026, 11, 1)


@pytest.fixture
def officer(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk({Duty.STATISTICS}, account="tokei1")


@pytest.fixture
def counted(officer: Desk, clock: FixedClock) -> Callable[..., Report]:
    """Counts as on the day after, as the worker would."""

    def run(first: date = FIRST, last: date = DAY) -> Report:
        clock.advance(timedelta(days=1))
        job = runner.execute(services.request(officer, first, last).pk, clock)
        assert job.state == State.DONE
        return services.read(officer, Statistics.objects.get(job=job.pk).pk)

    return run


def rows_of(report: Report, title: str) -> dict[str, tuple[str, ...]]:
    (table,) = [table for table in report.tables if table.title == title]
    return {row[0]: row[1:] for row in table.rows}


@pytest.fixture
def family(
    register_form: Callable[..., Any], move_in: Callable[..., Any], common: Callable[..., Any], town_codes: list[str]
) -> tuple[int, ...]:
    """Three move in; the child dies, and the couple moves to another town of the municipality, all on one day."""
    numbers: tuple[int, ...] = register_form("move_in", move_in())
    register_form("death", common(person=numbers[2], notifier_kind="3", died_on=DAY.isoformat()))
    return numbers


@pytest.mark.req("RES-026")
def test_a_months_events_are_counted_by_reason_age_and_sex(family: Any, counted: Callable[..., Report]):
    report = counted()
    assert (report.made.persons, report.made.households) == (2, 1)
    assert rows_of(report, "異動集計表（異動事由別）") == {
        "国内転入": ("3", "3", "0", "2", "1"),
        "死亡": ("1", "0", "1", "1", "0"),
        "計": ("4", "3", "1", "3", "1"),
    }
    ages = rows_of(report, "年齢（各歳）別の人口")
    assert ages["44歳"] == ("1", "0", "1", "1", "0")
    assert ages["計"][:3] == ("2", "1", "1")
    (town, figures), (_, total) = rows_of(report, "町別の異動").items()
    assert figures == total == ("0", "3", "1", "0", "0", "2"), town
    assert [(bar.label, bar.men, bar.women) for bar in report.pyramid if bar.men or bar.women] == [
        ("45～49歳", 1, 0), ("40～44歳", 0, 1),
    ]  # fmt: skip


def test_a_move_within_leaves_one_town_for_another(
    register_form: Callable[..., Any],
    move_in: Callable[..., Any],
    common: Callable[..., Any],
    town_codes: list[str],
    counted: Callable[..., Report],
):
    numbers = register_form("move_in", move_in())
    register_form(
        "move_within",
        common(
            moved_on=DAY.isoformat(), persons=list(numbers), address={"code": town_codes[1], "banchi": "２番"},
        ),
    )  # fmt: skip
    changes = rows_of(counted(), "町別の異動")
    assert sorted(changes.values()) == [
        ("0", "0", "0", "3", "0", "3"), ("0", "3", "0", "0", "3", "0"), ("0", "3", "0", "3", "3", "3"),
    ]  # fmt: skip


def test_a_later_day_begins_where_the_earlier_ended(family: Any, counted: Callable[..., Report]):
    counted()
    later = counted(first=DAY + timedelta(days=1), last=DAY + timedelta(days=1))
    assert rows_of(later, "異動集計表（異動事由別）") == {}
    assert rows_of(later, "町別の異動")["計"] == ("2", "0", "0", "0", "0", "2")


@pytest.mark.req("RES-027")
def test_who_counts_can_not_read_a_number_or_a_name(family: Any):
    for column in ("individual_number", "resident_code", "name", "name_kana", "address_banchi"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            database_roles.as_duty(Duty.STATISTICS),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT {column} FROM residents_version")


@pytest.mark.req("RES-027")
def test_no_table_has_a_column_of_a_person(family: Any, counted: Callable[..., Report]):
    counted()
    made = Statistics.objects.get()
    for data in (made.people_table, made.household_table, made.change_table):
        names = set(pl.read_parquet(bytes(data)).columns)
        assert names <= {
            "town", "sex", "kind", "nationality", "age", "persons", "composition", "households", "reason",
            "kind_before", "town_before",
        }  # fmt: skip
        assert names


def test_counting_needs_the_duty_and_a_day_that_is_over(officer: Desk, make_desk: Callable[..., Desk]):
    with pytest.raises(AccessDenied):
        services.request(make_desk({Duty.INQUIRY}), FIRST, DAY)
    with pytest.raises(Refused) as refusal:
        services.request(officer, DAY + timedelta(days=1), DAY)
    assert {finding.code for finding in refusal.value.findings} == {"RES-E-700", "RES-E-701"}
    assert not Job.objects.exists()
    with pytest.raises(Refused, match="RES-E-702"):
        services.read(officer, 1)


def test_a_count_is_made_once_however_often_its_job_runs(family: Any, officer: Desk, clock: FixedClock):
    clock.advance(timedelta(days=1))
    job = services.request(officer, FIRST, DAY)
    runner.execute(job.pk, clock)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING)  # killed after its last transaction
    runner.execute(job.pk, clock)
    assert Statistics.objects.count() == 1
    assert Entry.objects.filter(operation="batch", target=f"job:{job.pk}").count() == 1


def test_the_month_is_counted_once(officer: Desk, clock: FixedClock):
    job = services.request_due(officer)
    assert job is not None
    assert (job.arguments["first"], job.arguments["last"]) == ("2026-10-01", "2026-10-31")
    assert services.request_due(officer) is None
    Job.objects.update(state=State.FAILED)
    assert services.request_due(officer) is not None


_TOWNS = st.sampled_from(["東町", "西町", ""])
_KINDS = st.sampled_from(["1", "2"])


@given(st.lists(st.tuples(_TOWNS, _KINDS), max_size=8), st.data())
def test_what_does_not_add_up_is_no_statistics(people: list[tuple[str, str]], data: st.DataObject):
    """People of the beginning leave, stay or move; the counts hold, and with one change forgotten they don't."""
    births = "1985-04-12"
    after: list[tuple[str, str]] = []
    changed: list[tuple[str | None, str | None, str | None, str | None]] = []
    for town, kind in people:
        match data.draw(st.sampled_from(["stay", "leave", "move", "naturalise"])):
            case "stay":
                after.append((town, kind))
            case "leave":
                changed.append((kind, kind, town, None))
            case "move":
                to = data.draw(_TOWNS)
                after.append((to, kind))
                changed.append((kind, kind, town, to))
            case _:
                after.append((town, "1"))
                changed.append((kind, "1", town, town))

    def frame(rows: list[tuple[str, str]]) -> pl.DataFrame:
        return pl.DataFrame(
            [(serial, town, "1", kind, "", births) for serial, (town, kind) in enumerate(rows)],
            schema=tables._PEOPLE,
            orient="row",
        )

    changes = pl.DataFrame([("101", "1", *change, 1) for change in changed], schema=tables._CHANGE, orient="row")
    found = tables.count(frame(people), changes, frame(after), DAY)
    assert int(found.people["persons"].sum()) == int(found.households["households"].sum()) == len(after)
    forgotten = [place for place, (kind, now, town, to) in enumerate(changed) if (kind, town) != (now, to)]
    if forgotten:
        some = changes.with_row_index().filter(pl.col("index") != forgotten[0]).drop("index")
        with pytest.raises(tables.Unbalanced):
            tables.count(frame(people), some, frame(after), DAY)


def test_an_uncertain_birth_has_an_age_only_where_it_makes_no_difference():
    births = pl.Series(["1985-04-12", "1985-XX-XX", "XXXX-XX-XX", "[2026-11-01..2026-11-10]"])
    assert tables._ages(births, DAY)["age"].to_list() == [41, None, None, 0]


def test_the_screens_and_their_files(family: Any, signed_in: SignedIn, clock: FixedClock):
    clock.advance(timedelta(days=1))
    client = signed_in(Duty.STATISTICS, login="tokei1")
    wrong = client.post("/residents/statistics", {"first": "きのう", "last": ""})
    assert wrong.status_code == 422
    assert wrong.content.decode().count("年月日として読めません") == 2
    asked = client.post("/residents/statistics", {"first": "令和8年11月1日", "last": "2026-11-20"})
    assert (asked.status_code, asked["Location"]) == (302, "/jobs")
    runner.execute(Job.objects.get().pk, clock)
    number = Statistics.objects.get().pk
    assert f"/residents/statistics/{number}" in client.get("/residents/statistics").content.decode()
    page = client.get(f"/residents/statistics/{number}").content.decode()
    assert "人口ピラミッド" in page
    assert "<svg" in page
    file = client.get(f"/residents/statistics/{number}/3.csv")
    assert file.content.decode("utf-8-sig").splitlines()[:2] == ["異動事由,件数,増,減,男,女", "国内転入,3,3,0,2,1"]
    assert client.get(f"/residents/statistics/{number}/9.csv").status_code == 404
    assert client.get("/residents/statistics/999").status_code == 404
    assert signed_in(Duty.INQUIRY, login="hoka1").get("/residents/statistics").status_code == 403


def test_figures_in_a_file_have_no_separators():
    table = Table("見本", "町", ("総数",), (("東町, 一丁目", "1,234"),))
    assert table.csv() == '町,総数\r\n"東町, 一丁目",1234\r\n'
