"""Rights: who may have which, from whom, for how long, and how they are taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from tests.platform.people.conftest import Door, MakeDesk, account_of
from tests.staff import employ

from yakuba.core.findings import Refused
from yakuba.platform import profiles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, DutyAssignment, DutyEntry
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN, FixedClock, midnight
from yakuba.platform.people import grants, records
from yakuba.platform.people.affairs import affairs, conflicts, separations
from yakuba.platform.people.grants import Wanted
from yakuba.platform.people.models import Employment, OfficeAffair, Person
from yakuba.platform.people.records import Engagement, Roster
from yakuba.platform.profiles.organisation import Profile

APRIL = date(2026, 4, 1)
TODAY = date(2026, 11, 20)


@pytest.fixture
def head(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1", purpose=Purpose.SYSTEM)


@pytest.fixture
def information(make_desk: MakeDesk) -> Desk:
    return replace(make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM), office="900")


@pytest.fixture
def administrator(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.ADMINISTRATION}, account="kanri1", purpose=Purpose.SYSTEM)


@pytest.fixture
def worker(administrator: Desk) -> Account:
    """Somebody of office 100, which does registration and papers."""
    for affair in ("resident_registration", "certificates", "inspection"):
        grants.take_on(administrator, "100", affair, APRIL)
    account = account_of("shokuin1")
    employ(account)
    return account


def number(account: Account) -> str:
    return Person.objects.get(account=account).number


def wanted(account: Account, *duties: Duty, affair: str = "resident_registration", **more: object) -> Wanted:
    start = more.pop("start", datetime(2026, 11, 20, 12, 0, tzinfo=JAPAN))
    return Wanted(number(account), affair, frozenset(duties), start, reason="窓口を担当するため", **more)  # type: ignore[arg-type]


def held(account: Account, at: datetime) -> set[str]:
    return set(DutyAssignment.objects.filter(account=account, period__contains=at).values_list("duty", flat=True))


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def granted(head: Desk, information: Desk, ask: Wanted) -> Application:
    return approvals.decide(information, grants.apply(head, ask).pk, grant=True)


@pytest.mark.req("SEC-013", "SEC-T-009", "PSEC-003")
def test_applied_permitted_issued(worker: Account, head: Desk, information: Desk, door: Door):
    application = grants.apply(head, wanted(worker, Duty.INQUIRY, Duty.REGISTRATION))
    assert application.state == State.PENDING
    assert held(worker, head.now) == set()
    approvals.decide(information, application.pk, grant=True)
    assert held(worker, head.now) == {"inquiry", "registration"}
    entries = DutyEntry.objects.filter(account=worker)
    assert {(entry.application, entry.changed_by, entry.office_id, entry.affair) for entry in entries} == {
        (application.pk, "joho1", "100", "resident_registration")
    }
    assert [decision.account for decision in application.decisions.all()] == ["joho1"]
    assert application.account == "kacho1"
    assert Entry.objects.filter(operation="settings", target=f"person:{number(worker)}").exists()
    token = door.enter("shokuin1")
    desk = door.desk(token)
    assert desk is not None
    with pytest.raises(AccessDenied):
        desk.for_purpose(Purpose.MOVE_FILING).require(Duty.REVIEW)


@pytest.mark.req("SEC-013", "PSEC-003")
def test_without_an_approval_there_is_no_right(worker: Account, head: Desk, information: Desk, make_desk: MakeDesk):
    application = grants.apply(head, wanted(worker, Duty.INQUIRY))
    approvals.decide(information, application.pk, grant=False, reason="担当が決まっていない")
    assert held(worker, head.now) == set()
    with pytest.raises(AccessDenied):
        grants.apply(make_desk(set(Duty) - {Duty.APPROVAL}), wanted(worker, Duty.INQUIRY))
    both = replace(head, duties=frozenset({Duty.APPROVAL, Duty.INFORMATION_MANAGEMENT}))
    again = grants.apply(both, wanted(worker, Duty.INQUIRY))
    with pytest.raises(AccessDenied):
        approvals.decide(both, again.pk, grant=True)


@pytest.mark.req("SEC-011", "SEC-T-040", "PSEC-007")
def test_only_what_stands_in_the_table_for_an_affair_of_the_office(
    worker: Account, head: Desk, information: Desk, administrator: Desk
):
    with pytest.raises(Refused) as refusal:
        grants.apply(head, wanted(worker, Duty.INQUIRY, Duty.BULK))
    assert codes(refusal) == {"PPL-E-036"}
    with pytest.raises(Refused) as refusal:
        grants.apply(head, wanted(worker, Duty.PROTECTION, affair="protection"))
    assert codes(refusal) == {"PPL-E-043"}
    with pytest.raises(Refused) as refusal:
        grants.apply(head, Wanted("404", "nothing", frozenset(), head.now - timedelta(days=2), head.now))
    assert codes(refusal) == {"PPL-E-018", "PPL-E-030", "PPL-E-037", "PPL-E-033", "PPL-E-034", "PPL-E-013"}
    grants.take_on(administrator, "100", "protection", TODAY)
    granted(head, information, wanted(worker, Duty.PROTECTION, affair="protection"))
    assert held(worker, head.now) == {"protection"}
    every = frozenset(Duty)
    assert all(affair.duties < every for affair in affairs().values())
    assert frozenset().union(*(affair.duties for affair in affairs().values())) == every


def test_an_affair_that_an_office_lays_down_takes_its_rights_along(
    worker: Account, head: Desk, information: Desk, administrator: Desk, clock: FixedClock
):
    granted(head, information, wanted(worker, Duty.CERTIFICATE, affair="certificates"))
    granted(head, information, wanted(worker, Duty.INQUIRY))
    until = TODAY + timedelta(days=10)
    assert grants.lay_down(administrator, "100", "certificates", until) == 1
    assert held(worker, midnight(until) - timedelta(seconds=1)) == {"certificate", "inquiry"}
    assert held(worker, midnight(until)) == {"inquiry"}
    with pytest.raises(Refused):
        grants.lay_down(administrator, "100", "certificates", until)
    with pytest.raises(Refused) as refusal:
        grants.take_on(administrator, "404", "nothing", TODAY)
    assert codes(refusal) == {"PPL-E-030", "PPL-E-012"}
    with pytest.raises(Refused):
        grants.take_on(administrator, "100", "resident_registration", TODAY)
    assert OfficeAffair.objects.filter(office="100").count() == 3


@pytest.mark.req("PSEC-004")
@pytest.mark.parametrize("day", [date(2025, 6, 1), date(2026, 2, 1)], ids=["june", "february"])
def test_in_the_prefecture_a_right_lasts_to_the_end_of_the_following_fiscal_year(
    monkeypatch: pytest.MonkeyPatch, worker: Account, head: Desk, information: Desk, door: Door, clock: FixedClock, day: date
):  # fmt: skip
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: Profile.YAMAGUCHI)
    OfficeAffair.objects.update(period=(date(2025, 4, 1), None))
    clock.moment = datetime(day.year, day.month, day.day, 9, 0, tzinfo=JAPAN)
    granted(head, information, wanted(worker, Duty.INQUIRY, start=clock.now()))
    clock.moment = datetime(2027, 3, 31, 23, 50, tzinfo=JAPAN)
    assert door.refusal("shokuin1") == set()
    clock.moment = datetime(2027, 4, 1, 0, 0, tzinfo=JAPAN)
    assert door.refusal("shokuin1") == {"PPL-E-005"}


@pytest.mark.req("SEC-T-012")
def test_when_the_fiscal_year_changes_only_who_was_applied_for_again_gets_in(
    worker: Account, head: Desk, information: Desk, door: Door, clock: FixedClock
):
    other = account_of("shokuin2")
    employ(other)
    for account in (worker, other):
        granted(head, information, wanted(account, Duty.INQUIRY))
    new_year = datetime(2027, 4, 1, tzinfo=JAPAN)
    clock.moment = datetime(2027, 3, 20, 9, 0, tzinfo=JAPAN)
    token = door.enter("shokuin2")
    granted(head, information, wanted(worker, Duty.INQUIRY, start=new_year))  # reserved by the new head of the section
    clock.moment = new_year - timedelta(minutes=3)
    token = door.enter("shokuin2")
    clock.moment = new_year
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == set()
    assert door.refusal("shokuin2") == {"PPL-E-005"}
    assert door.refusal("shokuin1") == set()


def test_not_beyond_the_fiscal_year(worker: Account, head: Desk):
    with pytest.raises(Refused) as refusal:
        grants.apply(head, wanted(worker, Duty.INQUIRY, end=datetime(2027, 4, 1, 0, 1, tzinfo=JAPAN)))
    assert codes(refusal) == {"PPL-E-035"}


def test_for_hours_and_from_later_on(worker: Account, head: Desk, information: Desk, clock: FixedClock):
    morning, noon = datetime(2026, 11, 24, 9, 0, tzinfo=JAPAN), datetime(2026, 11, 24, 12, 0, tzinfo=JAPAN)
    granted(head, information, wanted(worker, Duty.REVIEW, start=morning, end=noon))
    assert [held(worker, at) for at in (morning - timedelta(seconds=1), morning, noon)] == [set(), {"review"}, set()]
    granted(head, information, wanted(worker, Duty.REVIEW, start=noon, end=noon + timedelta(hours=1)))
    assert held(worker, noon) == {"review"}


@pytest.mark.req("SEC-T-010")
def test_not_beyond_the_employment(worker: Account, head: Desk, information: Desk, personnel: Desk):
    records.engage(personnel, Engagement("R1", "見本　臨時", Employment.TEMPORARY, "100", APRIL, date(2026, 12, 28)))
    records.record_pledge(personnel, "R1", APRIL)
    ask = Wanted("R1", "certificates", frozenset({Duty.CERTIFICATE}), head.now, reason="窓口")
    with pytest.raises(Refused) as refusal:
        grants.apply(head, replace(ask, end=datetime(2026, 12, 29, 0, 1, tzinfo=JAPAN)))
    assert codes(refusal) == {"PPL-E-039"}
    granted(head, information, ask)
    assert DutyAssignment.objects.get(account__login="r1").period.upper == datetime(2026, 12, 29, tzinfo=JAPAN)
    with pytest.raises(Refused) as refusal:
        grants.apply(head, replace(ask, start=datetime(2026, 12, 29, tzinfo=JAPAN)))
    assert "PPL-E-038" in codes(refusal)


@pytest.mark.req("SEC-039", "SEC-003")
def test_the_account_comes_with_the_first_right_and_not_before_the_pledge(
    worker: Account, head: Desk, information: Desk, personnel: Desk
):
    records.engage(personnel, Engagement("1009", "見本　新人", Employment.REGULAR, "100", APRIL))
    application = grants.apply(
        head, Wanted("1009", "certificates", frozenset({Duty.CERTIFICATE}), head.now, reason="窓口")
    )
    with pytest.raises(Refused) as refusal:
        approvals.decide(information, application.pk, grant=True)
    assert codes(refusal) == {"PPL-E-040"}
    assert Application.objects.get(pk=application.pk).state == State.PENDING
    assert not Account.objects.filter(login="1009").exists()
    records.record_pledge(personnel, "1009", APRIL)
    approvals.decide(information, application.pk, grant=True)
    account = Account.objects.get(login="1009")
    assert not account.has_usable_password()
    assert Person.objects.get(pk="1009").account_id == account.pk


def test_nobody_for_himself(worker: Account, head: Desk, information: Desk):
    for login, act in (
        ("shokuin1", lambda desk: grants.apply(replace(head, account="shokuin1"), wanted(worker, Duty.INQUIRY))),
        (
            "shokuin1",
            lambda desk: approvals.decide(desk, grants.apply(head, wanted(worker, Duty.INQUIRY)).pk, grant=True),
        ),
    ):
        with pytest.raises(Refused) as refusal:
            act(replace(information, account=login))
        assert codes(refusal) == {"PPL-E-044"}
    assert held(worker, head.now) == set()


def test_another_offices_people(worker: Account, head: Desk):
    with pytest.raises(Refused) as refusal:
        grants.apply(replace(head, office="110"), wanted(worker, Duty.INQUIRY))
    assert codes(refusal) == {"PPL-E-041"}


def test_duties_that_exclude_each_other(worker: Account, head: Desk, information: Desk):
    granted(head, information, wanted(worker, Duty.REGISTRATION))
    with pytest.raises(Refused) as refusal:
        grants.apply(head, wanted(worker, Duty.AUDIT, affair="inspection"))
    assert codes(refusal) == {"PPL-E-042"}
    with pytest.raises(Refused) as refusal:
        grants.apply(head, wanted(worker, Duty.REGISTRATION))
    assert codes(refusal) == {"PPL-E-045"}
    assert all(pair.one != pair.other and pair.reason for pair in separations())
    assert len({frozenset((pair.one, pair.other)) for pair in separations()}) == len(separations())
    assert [pair.reason for pair in conflicts({Duty.AUDIT, Duty.INQUIRY})] == []


def test_what_became_wrong_meanwhile_is_not_issued(worker: Account, head: Desk, information: Desk):
    first = grants.apply(head, wanted(worker, Duty.REGISTRATION))
    second = grants.apply(head, wanted(worker, Duty.AUDIT, affair="inspection"))
    approvals.decide(information, first.pk, grant=True)
    with pytest.raises(Refused) as refusal:
        approvals.decide(information, second.pk, grant=True)
    assert codes(refusal) == {"PPL-E-042"}
    assert held(worker, head.now) == {"registration"}


@pytest.mark.req("SEC-014", "PSEC-005")
def test_revoking_goes_the_same_way_and_works_at_once(worker: Account, head: Desk, information: Desk, door: Door):
    granted(head, information, wanted(worker, Duty.INQUIRY, Duty.REGISTRATION))
    token = door.enter("shokuin1")
    registration = DutyAssignment.objects.get(account=worker, duty="registration")
    application = grants.apply_to_revoke(head, number(worker), [registration.pk], "担当が替わった")
    assert "registration" in held(worker, door.clock.now())
    approvals.decide(information, application.pk, grant=True)
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == {Duty.INQUIRY}
    last = DutyEntry.objects.filter(assignment=registration).latest("pk")
    assert (last.application, last.changed_by, last.reason) == (application.pk, "joho1", "担当が替わった")
    with pytest.raises(Refused) as refusal:
        grants.apply_to_revoke(head, number(worker), [registration.pk], "もう一度")
    assert codes(refusal) == {"PPL-E-046"}


def test_the_information_section_revokes_at_once(worker: Account, head: Desk, information: Desk):
    granted(head, information, wanted(worker, Duty.INQUIRY))
    inquiry = DutyAssignment.objects.get(account=worker)
    with pytest.raises(AccessDenied):
        grants.revoke(head, number(worker), [inquiry.pk], "見本")
    with pytest.raises(Refused):
        grants.revoke(information, number(worker), [inquiry.pk], " ")
    with pytest.raises(Refused) as refusal:
        grants.revoke(replace(information, account="shokuin1"), number(worker), [inquiry.pk], "見本")
    assert codes(refusal) == {"PPL-E-044"}
    assert grants.revoke(information, number(worker), [inquiry.pk], "不正な利用の疑い") == 1
    assert held(worker, head.now) == set()


@pytest.mark.req("SEC-025", "SEC-026")
def test_contractors_work_is_permitted_and_attended(
    head: Desk, information: Desk, personnel: Desk, worker: Account, door: Door, clock: FixedClock, make_desk: MakeDesk
):
    roster = Roster("K-1", "100", APRIL, date(2027, 3, 31), (("X1", "見本　一郎"),))
    records.take_roster(personnel, roster)
    records.record_pledge(personnel, "X1", TODAY)
    records.record_training(personnel, ["X1"], "委託先の研修", TODAY)
    account = account_of("x1")
    Person.objects.filter(pk="X1").update(account=account)
    granted(head, information, Wanted("X1", "certificates", frozenset({Duty.INQUIRY}), head.now, reason="保守"))
    start, end = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=3)
    application = grants.apply_for_work(head, "X1", "障害の調査", start, end, "緊急の障害対応に不可欠なため")
    witness = make_desk({Duty.APPROVAL}, account="shokuin1", purpose=Purpose.SYSTEM)
    for wrong in (lambda: grants.attend(witness, application.pk), lambda: grants.attend(witness, 0)):
        with pytest.raises(Refused) as refusal:
            wrong()
        assert codes(refusal) == {"PPL-E-049"}
    clock.moment = start
    with pytest.raises(Refused) as refusal:
        grants.attend(witness, application.pk)
    assert codes(refusal) == {"APR-E-009"}  # nobody permitted it yet
    approvals.decide(information, application.pk, grant=True)
    assert door.refusal("x1") == {"PPL-E-004"}
    with pytest.raises(Refused) as refusal:
        grants.attend(make_desk({Duty.APPROVAL}, account="x1", purpose=Purpose.SYSTEM), application.pk)
    assert codes(refusal) == {"PPL-E-050"}
    attendance = grants.attend(witness, application.pk)
    assert (attendance.application, attendance.witness_id) == (application.pk, worker.pk)
    token = door.enter("x1")
    grants.end_attendance(witness, attendance.pk)
    assert door.desk(token) is None
    with pytest.raises(Refused):
        grants.end_attendance(witness, attendance.pk)
    with pytest.raises(Refused) as refusal:
        grants.apply_for_work(head, number(worker), "", end, start, "")
    assert codes(refusal) == {"PPL-E-047", "PPL-E-048", "PPL-E-013"}


@pytest.mark.req("SEC-008")
def test_regular_staff_has_by_its_post_what_the_profile_gives(
    monkeypatch: pytest.MonkeyPatch, worker: Account, personnel: Desk, clock: FixedClock
):
    records.engage(personnel, Engagement("1010", "見本　正規", Employment.REGULAR, "100", APRIL))
    records.engage(personnel, Engagement("R010", "見本　臨時", Employment.TEMPORARY, "100", APRIL, date(2027, 3, 31)))
    regular, temporary = Person.objects.get(pk="1010"), Person.objects.get(pk="R010")
    with personnel.acting(Duty.PERSONNEL):
        assert grants.give_by_post(personnel, regular, regular.posts.get()) == set()
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: Profile.CHIBA)
    with personnel.acting(Duty.PERSONNEL):
        assert grants.give_by_post(personnel, regular, regular.posts.get()) == {Duty.INQUIRY, Duty.CERTIFICATE}
        assert grants.give_by_post(personnel, temporary, temporary.posts.get()) == set()
    assert held(Account.objects.get(login="1010"), clock.now()) == {"inquiry", "certificate"}
    assert not Account.objects.filter(login="r010").exists()
    assert profiles.house_profile() == Profile.KADOMA
