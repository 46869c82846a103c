"""Nobody acts who does not work here, has not pledged or was not trained; a contractor only while he is attended to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.platform.people.conftest import Door, MakeDesk, account_of
from tests.staff import employ, give

from yakuba.core.findings import Refused
from yakuba.platform.access.conditions import Condition, conditions, register
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, DutyEntry
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.people import records
from yakuba.platform.people.models import Attendance, Employment, Person, Pledge, Post, PostEntry, Training
from yakuba.platform.people.records import Engagement, Roster

APRIL = date(2026, 4, 1)


@pytest.fixture
def worker(personnel: Desk) -> Account:
    """Somebody in service with an account and a right, without pledge and training."""
    account = account_of("shokuin1")
    records.engage(personnel, Engagement("1001", account.name, Employment.REGULAR, "100", APRIL))
    Person.objects.filter(number="1001").update(account=account)
    give(account, [Duty.INQUIRY])
    return account


def complete(personnel: Desk) -> None:
    records.record_pledge(personnel, "1001", APRIL)
    records.record_training(personnel, ["1001"], "年度初めの研修", date(2026, 4, 10))


@pytest.mark.req("PSEC-008", "SEC-039")
def test_without_pledge_and_training_nobody_signs_in_and_is_told_everything_at_once(
    worker: Account, personnel: Desk, door: Door
):
    assert door.refusal("shokuin1") == {"PPL-E-002", "PPL-E-003"}
    records.record_pledge(personnel, "1001", APRIL)
    assert door.refusal("shokuin1") == {"PPL-E-003"}
    records.record_training(personnel, ["1001"], "年度初めの研修", date(2026, 4, 10))
    token = door.enter("shokuin1")
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == {Duty.INQUIRY}


def test_who_has_not_shown_both_factors_learns_nothing_of_the_reasons(worker: Account, door: Door):
    from yakuba.platform.access import sign_in

    place = sign_in.place_of("127.0.0.1", clock=door.clock)
    assert place is not None
    with pytest.raises(Refused) as refusal:
        sign_in.password("shokuin1", "wrong", place=place, clock=door.clock)
    assert {finding.code for finding in refusal.value.findings} == {"SIGN-E-001"}
    assert sign_in.password("shokuin1", "とても長い合言葉-1", place=place, clock=door.clock)


@pytest.mark.req("PSEC-008", "POPS-003", "OPS-010")
def test_training_counts_until_the_next_fiscal_years(worker: Account, personnel: Desk, door: Door, clock: FixedClock):
    complete(personnel)
    clock.moment = datetime(2027, 4, 30, 12, 0, tzinfo=JAPAN)  # 1 April and thirty days: until the end of 30 April
    token = door.enter("shokuin1")
    assert door.desk(token) is not None
    assert records.untrained(personnel) == []
    clock.moment = datetime(2027, 5, 1, 0, 0, tzinfo=JAPAN)
    assert door.desk(token) is None
    assert door.refusal("shokuin1") == {"PPL-E-003"}
    assert [(row.number, row.last) for row in records.untrained(personnel)] == [("1001", date(2026, 4, 10))]
    records.record_training(personnel, ["1001"], "年度初めの研修", date(2027, 5, 1))
    assert door.refusal("shokuin1") == set()


@pytest.mark.req("SEC-T-010", "SEC-009")
def test_the_day_after_the_end_of_employment_nobody_gets_in_and_who_is_in_is_out(
    personnel: Desk, door: Door, clock: FixedClock
):
    account = account_of("rinji1")
    last = clock.now().date()
    records.engage(personnel, Engagement("R001", account.name, Employment.TEMPORARY, "100", APRIL, last))
    Person.objects.filter(number="R001").update(account=account)
    give(account, [Duty.INQUIRY])
    records.record_pledge(personnel, "R001", APRIL)
    records.record_training(personnel, ["R001"], "研修", APRIL)
    token = door.enter("rinji1")
    clock.moment = datetime.combine(last, datetime.max.time(), JAPAN) - timedelta(hours=11)
    token = door.enter("rinji1")
    assert door.desk(token) is not None
    clock.moment = datetime.combine(last + timedelta(days=1), datetime.min.time(), JAPAN)
    assert door.desk(token) is None
    assert door.refusal("rinji1") == {"PPL-E-001", "PPL-E-002"}


def test_before_the_first_day_nobody_gets_in(personnel: Desk, door: Door, clock: FixedClock):
    account = account_of("shin1")
    start = clock.now().date() + timedelta(days=3)
    records.engage(personnel, Engagement("2001", account.name, Employment.REGULAR, "100", start))
    Person.objects.filter(number="2001").update(account=account)
    give(account, [Duty.INQUIRY])
    records.record_pledge(personnel, "2001", clock.now().date())
    records.record_training(personnel, ["2001"], "採用前の研修", clock.now().date())
    assert "PPL-E-001" in door.refusal("shin1")
    clock.advance(timedelta(days=3))
    assert door.refusal("shin1") == set()


def test_an_account_of_nobody_opens_nothing(door: Door):
    account_of("dareka")
    assert {"PPL-E-001", "PPL-E-002", "PPL-E-003"} <= door.refusal("dareka")


@pytest.mark.req("SEC-043", "SEC-T-039", "SEC-025", "SEC-026")
def test_a_contractor_stands_on_the_roster_and_works_while_somebody_attends(
    personnel: Desk, door: Door, clock: FixedClock
):
    account, witness = account_of("itaku1"), account_of("shokuin2")
    day = clock.now().date()
    roster = Roster("K2026-01", "100", APRIL, date(2027, 3, 31), (("X001", account.name), ("X002", "見本　二郎")))
    assert records.take_roster(personnel, roster).added == ("X001", "X002")
    Person.objects.filter(number="X001").update(account=account)
    give(account, [Duty.INQUIRY])
    records.record_pledge(personnel, "X001", day)
    records.record_training(personnel, ["X001"], "委託先の研修", day)
    assert door.refusal("itaku1") == {"PPL-E-004"}
    now = clock.now()
    Attendance.objects.create(
        person_id="X001",
        witness=witness,
        application=1,
        work="点検",
        period=(now, now + timedelta(hours=2)),
    )
    token = door.enter("itaku1")
    clock.moment = now + timedelta(hours=1)
    token = door.enter("itaku1")
    clock.moment = now + timedelta(hours=2)
    assert door.desk(token) is None
    assert door.refusal("itaku1") == {"PPL-E-004"}
    shorter = Roster("K2026-01", "100", APRIL, date(2027, 3, 31), (("X002", "見本　二郎"),))
    result = records.take_roster(personnel, shorter)
    assert (result.added, result.kept, result.removed) == ((), ("X002",), ("X001",))
    assert {"PPL-E-001", "PPL-E-002"} <= door.refusal("itaku1")
    assert not DutyAssignment.objects.filter(account=account, period__contains=clock.now()).exists()


def test_a_roster_is_taken_whole_or_not_at_all(personnel: Desk):
    roster = Roster("", "404", APRIL, date(2026, 3, 1), (("X 1", ""), ("X2", "見本"), ("X2", "見本")))
    with pytest.raises(Refused) as refusal:
        records.take_roster(personnel, roster)
    assert {finding.code for finding in refusal.value.findings} == {
        "PPL-E-010", "PPL-E-011", "PPL-E-012", "PPL-E-013", "PPL-E-015", "PPL-E-024",
    }  # fmt: skip
    assert not Post.objects.filter(person__number="X2").exists()


@pytest.mark.req("SEC-003", "SEC-T-013")
def test_a_number_is_one_persons(worker: Account, personnel: Desk):
    with pytest.raises(Refused) as refusal:
        records.engage(personnel, Engagement("1001", "見本　別人", Employment.REGULAR, "100", date(2026, 6, 1)))
    assert {finding.code for finding in refusal.value.findings} == {"PPL-E-016", "PPL-E-017"}
    with pytest.raises(Refused) as refusal:
        records.engage(personnel, Engagement("1002", " ", Employment.TEMPORARY, "100", APRIL))
    assert {finding.code for finding in refusal.value.findings} == {"PPL-E-011", "PPL-E-014"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Person.objects.create(number="1003", name="見本　三人目", account=worker)


def test_only_the_personnel_section_enters(make_desk: MakeDesk):
    for duty in set(Duty) - {Duty.PERSONNEL}:
        with pytest.raises(AccessDenied):
            records.engage(make_desk({duty}), Engagement("1", "見本", Employment.REGULAR, "100", APRIL))
    assert Entry.objects.filter(result="denied").exists()


@pytest.mark.parametrize(
    ("act", "codes"),
    [
        (lambda desk: records.record_pledge(desk, "9", date(2027, 1, 1)), {"PPL-E-018", "PPL-E-019"}),
        (
            lambda desk: records.record_training(desk, ["9"], " ", date(2027, 1, 1)),
            {"PPL-E-018", "PPL-E-021", "PPL-E-022"},
        ),
        (lambda desk: records.record_training(desk, [], "研修", date(2026, 1, 1)), {"PPL-E-023"}),
    ],
    ids=["pledge", "training", "nobody"],
)
def test_records_of_nobody_and_of_the_future_are_refused(personnel: Desk, act, codes: set[str]):
    with pytest.raises(Refused) as refusal:
        act(personnel)
    assert {finding.code for finding in refusal.value.findings} == codes


@pytest.mark.req("SEC-017")
def test_ledgers_have_every_version_and_nobody_changes_them(worker: Account, personnel: Desk, clock: FixedClock):
    person = Person.objects.get(number="1001")
    now = clock.now()
    assert records.end_rights(personnel, worker.pk, now, "見本の理由") == 1
    assignment = DutyAssignment.objects.get(account=worker)
    entries = list(DutyEntry.objects.filter(assignment=assignment).order_by("pk"))
    assert [entry.period.upper for entry in entries] == [None, now]
    assert (entries[-1].changed_by, entries[-1].reason) == ("jinji1", "見本の理由")
    records.end_posts(personnel, person, clock.now().date(), "退職")
    assert [entry.reason for entry in PostEntry.objects.filter(person=person).order_by("pk")] == ["採用", "退職"]
    for model in (DutyEntry, PostEntry, DutyAssignment, Post):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all().delete()
    for model in (DutyEntry, PostEntry, Pledge, Training):
        table = model._meta.db_table
        employ(account_of(f"x{table}"))
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET id = id")


def test_the_database_lets_nobody_change_his_own_rights(worker: Account):
    with pytest.raises(DatabaseError), transaction.atomic():
        DutyAssignment.objects.filter(account=worker).update(changed_by="shokuin1")
    with pytest.raises(DatabaseError), transaction.atomic():
        DutyAssignment.objects.create(account=worker, duty=Duty.AUDIT, period=(None, None), changed_by="shokuin1")


def test_conditions_are_registered_once():
    known = conditions()[0]
    assert register(known) is known
    with pytest.raises(ValueError, match="twice"):
        register(Condition(known.name, "TRUE", known.finding))
    with pytest.raises(ValueError, match="every request"):
        register(Condition("other", "TRUE", known.finding, parameters=lambda _day: {}))
    assert [condition.name for condition in conditions()].count(known.name) == 1
