"""Reading by a grant: exactly what it names, while it lives, and never without a record."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.django_fixtures import NOON, set_up_town
from tests.platform.linkage.conftest import PEOPLE, PROVISION, use

from yakuba.core.findings import Refused
from yakuba.platform import profiles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.linkage import applications, reading, views
from yakuba.platform.linkage.connections import connections as matrix_of
from yakuba.platform.linkage.intake import Interface, take_in
from yakuba.platform.linkage.models import Assignment, Grant, Record, Role
from yakuba.platform.linkage.reading import LinkageDenied, read
from yakuba.platform.linkage.views import LinkView
from yakuba.platform.profiles.models import Organisation
from yakuba.platform.retention import services as retention
from yakuba.platform.retention.kinds import Rhythm

TODAY = date(2026, 11, 20)


def at(desk: Desk, day: date) -> Desk:
    return replace(desk, clock=FixedClock(datetime.combine(day, time(9), JAPAN)))


def ask(desk: Desk, grant: Grant, *items: str, **more: Any) -> reading.Reading:
    wanted = {"view": "sample:people", "subjects": [1, 2], "system": "welfare", "case": "R8-12", **more}
    return read(
        desk, grant.pk, wanted["view"], wanted["subjects"], items or ("name",),
        system=wanted["system"], case=wanted["case"],
    )  # fmt: skip


def test_a_grant_opens_exactly_its_items(granted: Callable[..., Grant], clerk: Desk):
    got = ask(clerk, granted(), "name", "town", subjects=[2, 1, 2, 99])
    assert got.rows == {n: {"name": PEOPLE[n]["name"], "town": PEOPLE[n]["town"]} for n in (1, 2)}
    assert (got.withheld, got.masked) == (0, 0)


@pytest.mark.req("PLOG-006", "SEC-041")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"items": ("sex",)}, "LNK-E-208"),
        ({"items": ("name", "sex")}, "LNK-E-208"),
        ({"view": "residents:basic"}, "LNK-E-203"),
        ({"view": "sample:nothing"}, "LNK-E-203"),
        ({"system": "tax"}, "LNK-E-212"),
        ({"case": " "}, "LNK-E-213"),
        ({"office": "400"}, "LNK-E-202"),
        ({"grant": 0}, "LNK-E-201"),
        ({"day": date(2026, 11, 19)}, "LNK-E-206"),
        ({"day": date(2027, 4, 1)}, "LNK-E-207"),
    ],
)
def test_what_the_grant_does_not_name_is_denied_and_recorded(
    granted: Callable[..., Grant], clerk: Desk, change: dict[str, Any], code: str
):
    grant = granted()
    desk = at(replace(clerk, office=change.get("office", "300")), change.get("day", TODAY))
    grant.pk = change.get("grant", grant.pk)
    items = change.get("items", ("name",))
    more = {key: change[key] for key in ("view", "system", "case") if key in change}
    with pytest.raises(LinkageDenied) as denied:
        ask(desk, grant, *items, **more)
    assert denied.value.finding.code == code
    record = Record.objects.get()
    assert (record.refusal, record.handed_out, record.subjects, record.items) == (code, 0, [1, 2], list(items))
    entry = Entry.objects.get(operation="provide")
    assert (entry.result, entry.detail["code"], entry.account) == ("denied", code, "fukushi1")


def test_the_last_day_still_opens(granted: Callable[..., Grant], clerk: Desk):
    assert ask(at(clerk, date(2027, 3, 31)), granted()).rows


def test_without_the_duty_nothing_is_read(granted: Callable[..., Grant], make_desk: Any):
    with pytest.raises(AccessDenied):
        ask(replace(make_desk({Duty.INQUIRY}), office="300"), granted())
    assert not Record.objects.exists()
    assert Entry.objects.filter(operation="provide", result="denied").count() == 1


def test_more_persons_than_one_reading_holds(granted: Callable[..., Grant], clerk: Desk):
    with pytest.raises(Refused, match="LNK-E-219"):
        ask(clerk, granted(), subjects=range(reading.MOST_SUBJECTS + 1))


def test_an_affair_that_passed_to_another_office_is_closed(
    granted: Callable[..., Grant], clerk: Desk, information: Desk
):
    grant = granted()
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", TODAY, holding=False)
    with pytest.raises(LinkageDenied, match="LNK-E-210"):
        ask(clerk, grant)


def test_a_view_that_hands_out_more_hands_out_nothing(granted: Callable[..., Grant], clerk: Desk):
    grant = granted()
    honest = views._views["sample:people"]
    views._views["sample:people"] = replace(honest, read=lambda subjects, items: {3: {"name": "x"}})
    try:
        with pytest.raises(RuntimeError, match="not asked for"):
            ask(clerk, grant)
    finally:
        views._views["sample:people"] = honest
    assert not Record.objects.exists()


@pytest.mark.req("LOG-014", "SEC-T-043", "ATENA-021", "PLOG-005", "PLOG-008")
def test_each_reading_is_one_record_that_leads_back(granted: Callable[..., Grant], clerk: Desk, make_desk: Any):
    grant = granted()
    ask(clerk, grant, "name")
    ask(clerk, grant, "name", "town", subjects=[3], case="R8-13")
    record = Record.objects.latest("pk")
    assert Record.objects.count() == Entry.objects.filter(operation="provide", result="done").count() == 2
    assert (record.at, record.account, record.office, record.terminal) == (NOON, "fukushi1", "300", "T01")
    assert (record.view, record.system, record.flow, record.method) == (
        "sample:people", "welfare", "transfer", "in_house",
    )  # fmt: skip
    assert (record.items, record.subjects, record.handed_out, record.case) == (["name", "town"], [3], 1, "R8-13")
    assert record.law.endswith("第9の項")
    assert record.purpose == "障害児通所給付の支給決定のため"
    decided = record.grant.application.decisions.filter(act="grant").order_by("step")
    assert [decision.account for decision in decided] == ["kacho1", "joho1"]

    officer = make_desk({Duty.DISCLOSURE}, account="kaiji1")
    assert [row.case for row in reading.records_of(officer, 3)] == ["R8-13"]
    assert [row.case for row in reading.records_of(officer, 2)] == ["R8-12"]
    assert [row.case for row in reading.records_between(officer, TODAY, TODAY)] == ["R8-13", "R8-12"]
    assert reading.records_between(officer, TODAY - timedelta(days=2), TODAY - timedelta(days=1)) == []
    assert Entry.objects.filter(account="kaiji1", operation="view", subjects=[3]).count() == 1
    with pytest.raises(AccessDenied):
        reading.records_of(clerk, 3)


def test_records_are_neither_changed_nor_erased(granted: Callable[..., Grant], clerk: Desk):
    ask(clerk, granted())
    for statement in ("UPDATE linkage_record SET purpose = ''", "DELETE FROM linkage_record"):
        with pytest.raises(DatabaseError, match="履歴は変更できません"), transaction.atomic():
            connection.cursor().execute(statement)


# -- the matrix, called pair by pair -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        pytest.param("tsukuba", "082201", marks=pytest.mark.req("SEC-T-041")),
        pytest.param("kanazawa", "172014", marks=pytest.mark.req("SEC-C-019", "BANGO-011")),
    ],
)
def test_every_pair_of_systems_called_once(granted: Callable[..., Grant], clerk: Desk, profile: str, code: str):
    """Grants as if somebody had slipped them in: the matrix alone decides."""
    template = granted()
    Organisation.objects.update(profile=profile)
    profiles.house_profile.cache_clear()
    law = next(key for key in applications.provisions.of_profile(profiles.house_profile()) if ":t:schedule:" in key)
    matrix = matrix_of(TODAY)
    Assignment.objects.create(
        role=Role.RECIPIENT, key=law, office="300", holds=True, start=TODAY, account="joho1", at=clerk.now
    )
    names = [*matrix.systems, "unknown"]
    original = views._views["sample:people"]
    refused = 0
    try:
        for one, other in product(names, names):
            views._views["sample:people"] = replace(original, system=other)
            application = Application.objects.create(
                kind="linkage_use", about=f"{one}|{other}", account="x", office="300", applied_at=NOON,
                state=State.APPROVED,
            )  # fmt: skip
            grant = Grant.objects.create(
                application=application, office="300", view="sample:people", system=one, provision=law,
                items=["name"], purpose="見本", method="in_house", start=TODAY, end=TODAY,
            )  # fmt: skip
            if matrix.permitted(one, other):
                assert ask(clerk, grant, system=one).rows
            else:
                refused += 1
                with pytest.raises(LinkageDenied, match="LNK-E-211"):
                    ask(clerk, grant, system=one)
    finally:
        views._views["sample:people"] = original
    assert template.office == "300"
    assert refused > len(names)
    assert Record.objects.filter(refusal="LNK-E-211").count() == refused
    assert Entry.objects.filter(operation="provide", result="denied").count() == refused


# -- no reading outside a live grant, whatever the order of things ------------------------------------------------------

_ITEMS = ("name", "town", "sex")
_DAYS = st.integers(0, 40).map(lambda days: TODAY + timedelta(days=days))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    plans=st.lists(
        st.tuples(
            st.sets(st.sampled_from(_ITEMS), min_size=1), _DAYS, _DAYS, st.sampled_from(["", "revoke", "give_up"])
        ),
        min_size=1,
        max_size=3,
    ),
    tries=st.lists(
        st.tuples(st.integers(0, 2), st.sets(st.sampled_from(_ITEMS), min_size=1), _DAYS), min_size=1, max_size=6
    ),
)
def test_nothing_is_read_outside_a_live_grant(
    house: LinkView, clerk: Desk, owner: Desk, information: Desk, plans: Any, tries: Any
):
    with transaction.atomic():
        made = []
        for items, start, end, fate in plans:
            first, last = min(start, end), max(start, end)
            application = Application.objects.create(
                kind="linkage_use", about="sample", account="x", office="300", applied_at=NOON, state=State.APPROVED,
                payload={"owner_office": "100"},
            )  # fmt: skip
            grant = Grant.objects.create(
                application=application, office="300", view="sample:people", system="welfare", provision=PROVISION,
                items=sorted(items), purpose="見本", method="in_house", start=first, end=last,
            )  # fmt: skip
            if fate == "revoke":
                applications.revoke(owner, grant.pk, "取消し")
            elif fate == "give_up" and last >= TODAY:
                applications.give_up(clerk, grant.pk, "終了")
            made.append((grant, items, first, last, not fate))
        for number, wanted, day in tries:
            grant, items, first, last, lives = made[number % len(made)]
            may = lives and first <= day <= last and wanted <= items
            try:
                got = ask(at(clerk, day), grant, *sorted(wanted))
            except LinkageDenied:
                assert not may
            else:
                assert may
                assert all(set(row) == wanted for row in got.rows.values())
        transaction.set_rollback(True)


def test_a_revocation_by_somebody_else_holds_in_the_next_reading(fresh_database: str, view: LinkView):
    """Two connections that commit: one reads in turn with the other's revocation."""
    set_up_town()
    Office.objects.bulk_create([Office(code="200", name="情報政策課"), Office(code="300", name="障がい福祉課")])

    def desk(account: str, office: str, *duties: Duty) -> Desk:
        return Desk(
            account=account, name=account, office=office, terminal="T01", purpose=Purpose.SYSTEM.value,
            duties=frozenset(duties), clock=FixedClock(NOON),
        )  # fmt: skip

    clerk = desk("fukushi1", "300", Duty.LINKAGE)
    owner = desk("kacho1", "100", Duty.APPROVAL)
    information = desk("joho1", "200", Duty.INFORMATION_MANAGEMENT)
    applications.assign(information, Role.OWNER, view.name, "100", date(2026, 4, 1))
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", date(2026, 4, 1))
    application = applications.apply_for(clerk, use())
    applications.approvals.decide(owner, application.pk, grant=True)
    applications.approvals.decide(information, application.pk, grant=True)
    grant = Grant.objects.get()
    failures: list[Exception] = []
    turns = [threading.Event() for _ in range(2)]

    def reader() -> None:
        try:
            assert ask(clerk, grant).rows
            turns[0].set()
            assert turns[1].wait(10)
            with pytest.raises(LinkageDenied, match="LNK-E-204"):
                ask(clerk, grant)
        except Exception as error:  # noqa: BLE001 -- shown by the test
            failures.append(error)
            turns[0].set()
        finally:
            connections.close_all()

    thread = threading.Thread(target=reader)
    thread.start()
    assert turns[0].wait(10)
    applications.revoke(owner, grant.pk, "取消し")
    turns[1].set()
    thread.join(10)
    assert not failures, failures


# -- what others send us -----------------------------------------------------------------------------------------------

TAX_FILE = Interface("sample", "number", frozenset({"income", "year"}), frozenset({"income"}))


@pytest.mark.req("SEC-T-044", "SEC-C-016")
def test_unlisted_items_and_persons_are_dropped_and_reported():
    intake = take_in(
        TAX_FILE, ["number", "income", "religion"], [["1", "100", "x"], ["2", "200", "y"], ["9", "1", "z"]], {"1", "2"}
    )
    assert [dict(row) for row in intake.rows] == [{"number": "1", "income": "100"}, {"number": "2", "income": "200"}]
    assert [(f.code, f.position.row, f.position.column) for f in intake.findings] == [
        ("LNK-W-102", 1, 3),
        ("LNK-W-106", 4, None),
    ]


def test_short_rows_and_missing_items_are_refused():
    assert take_in(TAX_FILE, ["number", "year"], [["1", "2026"]], None).rows == ()
    intake = take_in(TAX_FILE, ["number", "income"], [["1"], ["2", " "], ["3", "5"]], None)
    assert [dict(row) for row in intake.rows] == [{"number": "3", "income": "5"}]
    assert [finding.code for finding in intake.findings.errors] == ["LNK-E-104", "LNK-E-105"]


@given(
    header=st.lists(st.sampled_from(["number", "income", "year", "a", "b"]), unique=True),
    rows=st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=5),
)
def test_nothing_that_was_not_agreed_is_kept(header: list[str], rows: list[list[str]]):
    for row in take_in(TAX_FILE, header, rows, {"1", "2"}).rows:
        assert set(row) <= {"number", "income", "year"}
        assert row["number"] in {"1", "2"}
        assert row["income"].strip()


def test_records_are_kept_seven_years(granted: Callable[..., Grant], clerk: Desk, make_desk: Any):
    ask(clerk, granted())
    last = make_desk({Duty.RETENTION}, at=datetime(2033, 11, 19, 23, 0, tzinfo=JAPAN))
    retention.erase_due(last, Rhythm.DAILY)
    assert Record.objects.count() == 1
    retention.erase_due(make_desk({Duty.RETENTION}, at=datetime(2033, 11, 20, 1, 0, tzinfo=JAPAN)), Rhythm.DAILY)
    assert not Record.objects.exists()
