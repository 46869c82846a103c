"""An account becomes its person's by a code that works once, and by nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client
from tests.platform.people.conftest import ADDRESS, MakeDesk
from tests.staff import give

from yakuba.core.findings import Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, Office, SecurityKey, Session
from yakuba.platform.access.sign_in import Place, Signed
from yakuba.platform.clock import FixedClock
from yakuba.platform.people import enrolment, records
from yakuba.platform.people.models import Employment, Enrolment, Person
from yakuba.platform.people.records import Engagement

PASSWORD = "青い山と白い川と広い野原-7"
APRIL = date(2026, 4, 1)


@pytest.fixture
def administrator(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.ADMINISTRATION}, account="kanri1", purpose=Purpose.SYSTEM)


@pytest.fixture
def place(clock: FixedClock) -> Place:
    found = sign_in.place_of(ADDRESS, clock=clock)
    assert found is not None
    return found


@pytest.fixture
def newcomer(personnel: Desk) -> Account:
    """In post, trained, with an account that nobody can use yet; without a pledge."""
    records.engage(personnel, Engagement("2001", "見本　新人", Employment.REGULAR, "100", APRIL))
    office = Office.objects.get(code="100")
    account = Account(login="2001", name="見本　新人", office=office, substitute_until=date.max)
    account.set_unusable_password()
    account.save()
    Person.objects.filter(pk="2001").update(account=account)
    give(account, [Duty.INQUIRY])
    records.record_training(personnel, ["2001"], "研修", APRIL)
    return account


@pytest.fixture
def code(newcomer: Account, personnel: Desk, administrator: Desk) -> str:
    records.record_pledge(personnel, "2001", APRIL)
    return enrolment.issue_code(administrator, "2001").code


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def signed(token: str, clock: FixedClock) -> Signed:
    found = sign_in.current(token, address=ADDRESS, clock=clock)
    assert found is not None
    return found


def begin(place: Place, clock: FixedClock, code: str, login: str = "2001", password: str = PASSWORD) -> str:
    return enrolment.begin(login, code, password, password, place=place, clock=clock)


@pytest.mark.req("SEC-039")
def test_no_code_before_the_pledge(newcomer: Account, personnel: Desk, administrator: Desk):
    with pytest.raises(Refused) as refusal:
        enrolment.issue_code(administrator, "2001")
    assert codes(refusal) == {"PPL-E-040"}
    records.record_pledge(personnel, "2001", APRIL)
    assert enrolment.issue_code(administrator, "2001").login == "2001"


def test_code_password_and_app_open_the_account(code: str, place: Place, clock: FixedClock):
    token = begin(place, clock, code.lower().replace("-", "－"))
    half = signed(token, clock)
    assert half.desk.duties == set()
    secret, uri = enrolment.offered_secret(half)
    assert secret in uri
    with pytest.raises(Refused) as refusal:
        enrolment.finish_with_app(half, "000000")
    assert codes(refusal) == {"SIGN-E-002"}
    enrolment.finish_with_app(half, pyotp.TOTP(secret).at(clock.now()))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    used = Enrolment.objects.get()
    assert (used.is_used, used.password, used.totp_sealed) == (True, "", None)
    first = sign_in.password("2001", PASSWORD, place=place, clock=clock)
    with pytest.raises(Refused):  # the code by which it was enrolled has been shown already
        sign_in.one_time_code(first, pyotp.TOTP(secret).at(clock.now()), clock=clock)
    clock.advance(timedelta(seconds=60))
    opened = sign_in.one_time_code(first, pyotp.TOTP(secret).at(clock.now()), clock=clock)
    assert signed(opened, clock).desk.duties == {Duty.INQUIRY}
    with pytest.raises(Refused) as refusal:
        begin(place, clock, code)
    assert codes(refusal) == {"PPL-E-082"}


def test_an_app_only_where_the_profile_lets_the_person_use_one(
    code: str, newcomer: Account, place: Place, clock: FixedClock
):
    Account.objects.filter(pk=newcomer.pk).update(substitute_until=None)
    half = signed(begin(place, clock, code), clock)
    for act in (lambda: enrolment.offered_secret(half), lambda: enrolment.finish_with_app(half, "000000")):
        with pytest.raises(Refused) as refusal:
            act()
        assert codes(refusal) == {"PPL-E-089"}


def test_who_is_enrolling_gets_no_screen(code: str, place: Place, clock: FixedClock, settings: Any):
    settings.CLOCK = clock
    client = Client()
    client.cookies["yakuba_session"] = begin(place, clock, code)
    answer = client.get("/audit")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=/audit")


def test_nothing_counts_before_all_of_it_is_there(code: str, place: Place, clock: FixedClock):
    token = begin(place, clock, code)
    with pytest.raises(Refused):
        sign_in.password("2001", PASSWORD, place=place, clock=clock)
    with pytest.raises(Refused):
        sign_in.one_time_code(token, "123456", clock=clock)
    clock.advance(timedelta(hours=1))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    assert begin(place, clock, code)  # and it can be begun again


@pytest.mark.parametrize("wrong", ["AAAA-AAAA-AAAA", "", "ｱｱｱｱ"])
def test_a_code_takes_few_wrong_tries(code: str, place: Place, clock: FixedClock, wrong: str):
    for _ in range(enrolment.TRIES):
        with pytest.raises(Refused) as refusal:
            begin(place, clock, wrong)
        assert codes(refusal) == {"PPL-E-082"}
    with pytest.raises(Refused):
        begin(place, clock, code)
    assert not Session.objects.exists()


def test_an_unknown_login_and_an_old_code_say_the_same(code: str, place: Place, clock: FixedClock):
    messages = set()
    for login, given in (("nobody", code), ("2001", "WRONG")):
        with pytest.raises(Refused) as refusal:
            begin(place, clock, given, login)
        messages.add(str(refusal.value))
    clock.advance(timedelta(hours=72))
    with pytest.raises(Refused) as refusal:
        begin(place, clock, code)
    assert {str(refusal.value)} == messages


@pytest.mark.parametrize(
    ("password", "again", "expected"),
    [
        ("短い", "短い", {"PPL-E-083", "PPL-E-086"}),
        ("xx2001xx-yyzz", "xx2001xx-yyzz", {"PPL-E-084"}),
        ("passwordpassword", "passwordpassword1", {"PPL-E-087"}),
        ("qwertyasdfgh", "qwertyasdfgh", {"PPL-E-085"}),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", {"PPL-E-086"}),
    ],
    ids=["short", "login", "twice", "common", "repeated"],
)
def test_passwords(code: str, place: Place, clock: FixedClock, password: str, again: str, expected: set[str]):
    with pytest.raises(Refused) as refusal:
        enrolment.begin("2001", code, password, again, place=place, clock=clock)
    assert expected <= codes(refusal)


def test_a_new_code_takes_everything_back(
    code: str, newcomer: Account, place: Place, clock: FixedClock, administrator: Desk
):
    half = signed(begin(place, clock, code), clock)
    secret, _ = enrolment.offered_secret(half)
    enrolment.finish_with_app(half, pyotp.TOTP(secret).at(clock.now()))
    SecurityKey.objects.create(
        account=newcomer, credential_id=b"1", public_key=b"1", sign_count=0, name="見本", created_at=clock.now()
    )
    with pytest.raises(Refused) as refusal:
        enrolment.issue_code(administrator, "2001")
    assert codes(refusal) == {"PPL-E-033"}
    enrolment.issue_code(administrator, "2001", "キーをなくした")
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()
    assert newcomer.totp_sealed is None
    assert not SecurityKey.objects.exists()
    with pytest.raises(Refused):
        sign_in.password("2001", PASSWORD, place=place, clock=clock)


def test_who_may_issue_a_code_and_to_whom(newcomer: Account, make_desk: MakeDesk, administrator: Desk):
    with pytest.raises(AccessDenied):
        enrolment.issue_code(make_desk(set(Duty) - {Duty.ADMINISTRATION}), "2001")
    with pytest.raises(Refused) as refusal:
        enrolment.issue_code(make_desk({Duty.ADMINISTRATION}, account="2001", purpose=Purpose.SYSTEM), "2001")
    assert codes(refusal) == {"PPL-E-081", "PPL-E-040"}
    with pytest.raises(Refused) as refusal:
        enrolment.issue_code(administrator, "404")
    assert codes(refusal) == {"PPL-E-080"}


def test_a_code_that_was_replaced_ends_what_it_had_begun(
    code: str, place: Place, clock: FixedClock, administrator: Desk
):
    half = signed(begin(place, clock, code), clock)
    enrolment.issue_code(administrator, "2001")
    with pytest.raises(Refused) as refusal:
        enrolment.offered_secret(half)
    assert codes(refusal) == {"PPL-E-088"}
