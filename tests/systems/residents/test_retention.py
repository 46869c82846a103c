"""Records of closed persons: what expires when, who lets them go, and that they are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.events.models import Event
from yakuba.platform.retention import services
from yakuba.platform.retention.kinds import Rhythm
from yakuba.platform.retention.models import Item, Outcome, Run, State
from yakuba.systems.residents.models import (
    Filing,
    ImportRefusal,
    Resident,
    ResidentVersion,
    SearchAddress,
    SearchName,
)  # fmt: skip

MakeDesk = Callable[..., Desk]
DIED = date(2026, 11, 19)
EXPIRES = date(2176, 11, 20)
"""150 years after the day on which the death was notified, 20 November 2026."""


def _at(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), JAPAN) + timedelta(hours=9)


@pytest.fixture
def officer(make_desk: MakeDesk) -> Callable[[date], Desk]:
    return lambda day: make_desk({Duty.RETENTION}, account="officer", at=_at(day))


@pytest.fixture
def head(make_desk: MakeDesk) -> Callable[[date], Desk]:
    return lambda day: make_desk({Duty.APPROVAL}, account="head", at=_at(day))


@pytest.fixture
def family(
    register_form: Callable[..., Any], move_in: Callable[..., Any], common: Callable[..., Any]
) -> tuple[int, ...]:
    """Three people, of whom the third has died."""
    numbers = register_form("move_in", move_in())
    register_form("death", common(person=numbers[2], notifier_kind="3", died_on=DIED.isoformat()))
    return numbers


def _run(officer: Desk) -> Run:
    run = services.request(officer, "closed_record", officer.today, officer.today)
    services.extract(officer, run.pk)
    return run


def _approve_all(head: Desk) -> None:
    for waiting in approvals.waiting_for(head):
        approvals.decide(head, waiting.application.pk, grant=True)


@pytest.mark.req("RET-001", "RET-002", "RET-009", "PRET-002")
def test_expired_after_150_years_and_not_a_day_earlier(family: Any, officer: Callable[[date], Desk]):
    for day, expected in ((EXPIRES - timedelta(days=1), []), (EXPIRES, [family[2]])):
        run = _run(officer(day))
        assert list(Item.objects.filter(run=run).values_list("key", flat=True)) == expected
        services.cancel(officer(day), run.pk)


@pytest.mark.req("RET-004")
def test_no_list_without_a_request(family: Any, officer: Callable[[date], Desk]):
    with pytest.raises(Refused, match="RTN-E-001"):
        services.extract(officer(EXPIRES), 1)


@pytest.mark.req("RET-003", "RET-005", "RET-007", "RET-015", "RET-016", "RET-T-010")
def test_listed_approved_erased_and_proved(family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk]):
    dead = family[2]
    later = EXPIRES + timedelta(days=10)
    run = services.request(officer(EXPIRES), "closed_record", EXPIRES, later)
    table = services.extract(officer(EXPIRES), run.pk)
    assert sum(count.listed for count in table) == Item.objects.filter(run=run).count() == 1
    _approve_all(head(EXPIRES))
    with pytest.raises(Refused, match="RTN-E-008"):
        services.dispose(officer(later - timedelta(days=1)), run.pk)
    assert ResidentVersion.objects.filter(person=dead).exists()

    outcomes = services.dispose(officer(later), run.pk)

    assert [(o.office, o.result, o.records) for o in outcomes] == [("100", "erased", 1)]
    assert outcomes[0].rows["residents_version"] == 2
    for rows in (
        ResidentVersion.objects.filter(person=dead),
        Resident.objects.filter(number=dead),
        SearchName.objects.filter(person=dead),
        SearchAddress.objects.filter(person=dead),
        Event.objects.filter(subject=dead),
        Filing.objects.filter(persons=[dead]),
        Item.objects.all(),
    ):
        assert not rows.exists()
    assert ResidentVersion.objects.filter(person__in=family[:2]).count() == 2
    assert Filing.objects.filter(persons__contains=[family[0]]).exists()
    entry = Entry.objects.filter(operation="erase", target=f"retention:{run.pk}").order_by("-pk").first()
    assert entry is not None
    assert entry.detail["results"] == {"erased": 1, "held": 0, "not_approved": 0, "changed": 0}
    assert str(dead) not in str(entry.detail)


@pytest.mark.req("RET-003")
def test_a_second_run_of_the_year_selects_nothing(
    family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk]
):
    run = _run(officer(EXPIRES))
    _approve_all(head(EXPIRES))
    services.dispose(officer(EXPIRES), run.pk)
    with pytest.raises(Refused, match="RTN-E-007"):
        services.request(officer(EXPIRES), "closed_record", EXPIRES, EXPIRES)
    again = _run(officer(EXPIRES + timedelta(days=30)))
    assert services.counts(again) == []


@pytest.mark.req("RET-006")
def test_what_an_office_did_not_approve_stays(family: Any, officer: Callable[[date], Desk]):
    run = _run(officer(EXPIRES))
    outcomes = services.dispose(officer(EXPIRES), run.pk)
    assert [(o.office, o.result, o.records) for o in outcomes] == [("100", "not_approved", 1)]
    assert ResidentVersion.objects.filter(person=family[2]).count() == 2


@pytest.mark.req("RET-006")
def test_another_office_cannot_approve(family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk]):
    from dataclasses import replace

    _run(officer(EXPIRES))
    elsewhere = replace(head(EXPIRES), office="110")
    assert approvals.waiting_for(elsewhere) == []
    application = Application.objects.get()
    with pytest.raises(AccessDenied, match="決められた部署"):
        approvals.decide(elsewhere, application.pk, grant=True)


def test_a_hold_keeps_the_record(family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk]):
    run = _run(officer(EXPIRES))
    _approve_all(head(EXPIRES))
    hold = services.place_hold(officer(EXPIRES), "closed_record", family[2], None, "訴訟のため")
    outcomes = services.dispose(officer(EXPIRES), run.pk)
    assert [(o.result, o.records) for o in outcomes] == [("held", 1)]
    assert ResidentVersion.objects.filter(person=family[2]).count() == 2

    next_year = EXPIRES + timedelta(days=365)
    services.lift_hold(officer(next_year), hold.pk)
    run = _run(officer(next_year))
    _approve_all(head(next_year))
    assert [(o.result, o.records) for o in services.dispose(officer(next_year), run.pk)] == [("erased", 1)]


@pytest.mark.req("RET-002")
def test_a_record_that_came_alive_again_after_the_list_stays(
    family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk]
):
    run = _run(officer(EXPIRES))
    _approve_all(head(EXPIRES))
    Resident.objects.filter(number=family[2]).update(is_open=True)
    assert [(o.result, o.records) for o in services.dispose(officer(EXPIRES), run.pk)] == [("changed", 1)]
    assert ResidentVersion.objects.filter(person=family[2]).count() == 2


def test_a_wrong_request_is_refused_with_everything(town: None, officer: Callable[[date], Desk]):
    desk = officer(date(2026, 11, 20))
    with pytest.raises(Refused) as refusal:
        services.request(desk, "unknown", date(2026, 11, 21), date(2026, 11, 19))
    assert [finding.code for finding in refusal.value.findings] == ["RTN-E-003", "RTN-E-005", "RTN-E-006"]


@pytest.mark.req("RET-C-004")
def test_nothing_is_erased_while_nobody_has_set_the_period(town: None, officer: Callable[[date], Desk]):
    before_the_law = date(2019, 6, 19)
    with pytest.raises(Refused, match="RTN-E-004"):
        services.request(officer(before_the_law), "closed_record", before_the_law, before_the_law)
    assert "closed_record" in {kind.name for kind in services.unset(before_the_law)}


def test_only_the_duty_erases(family: Any, make_desk: MakeDesk):
    desk = make_desk({Duty.BULK, Duty.ADMINISTRATION}, at=_at(EXPIRES))
    with pytest.raises(AccessDenied):
        services.request(desk, "closed_record", EXPIRES, EXPIRES)


@pytest.mark.parametrize("state", [State.REQUESTED, State.ENDED])
def test_the_database_erases_only_for_a_listed_run(
    family: Any, officer: Callable[[date], Desk], head: Callable[[date], Desk], state: State
):
    run = _run(officer(EXPIRES))
    _approve_all(head(EXPIRES))
    Run.objects.filter(pk=run.pk).update(state=state)
    with (
        pytest.raises(DatabaseError, match="廃棄できる状態"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT retention_erase_closed_record(%s, %s)", [run.pk, EXPIRES])
    assert ResidentVersion.objects.filter(person=family[2]).count() == 2


@pytest.mark.req("RET-010", "PRET-003")
def test_the_night_erases_by_itself_what_needs_nobody(town: None, make_desk: MakeDesk):
    night = make_desk({Duty.RETENTION}, account="system:retention", at=_at(date(2026, 11, 20)))
    for row, days in ((1, 364), (2, 365)):
        ImportRefusal.objects.create(
            job=1, row=row, findings=[], line="見本", resolved_at=night.now - timedelta(days=days)
        )
    ImportRefusal.objects.create(job=1, row=3, findings=[], line="見本")
    outcomes = services.erase_due(night, Rhythm.DAILY)
    assert [(o.run.kind, o.records) for o in outcomes if o.records] == [("import_refusal", 1)]
    assert list(ImportRefusal.objects.order_by("row").values_list("row", flat=True)) == [1, 3]
    assert services.erase_due(night, Rhythm.DAILY) == []
    assert Outcome.objects.filter(run__kind="import_refusal").count() == 1
