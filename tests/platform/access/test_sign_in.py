"""Signing in: both factors, lock-out, replay, limits, sessions."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, timedelta

import pyotp
import pytest
from django.contrib.auth.hashers import make_password
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.staff import employ

from yakuba.core.findings import Refused
from yakuba.platform.access import attempts, policy, sign_in
from yakuba.platform.access.attempts import Counted
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, DutyAssignment, SecurityKey, Session, Terminal
from yakuba.platform.access.sign_in import Place, Signed, SignInRefused
from yakuba.platform.audit.log import breaches
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.vault import sealing

ADDRESS = "127.0.0.1"
PASSWORD = "とても長い合言葉-1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHED = make_password(PASSWORD)


@pytest.fixture
def account(town: None) -> Account:
    account = Account.objects.create(
        login="madoguchi9",
        name="見本　くみ",
        office_id="100",
        password=HASHED,
        totp_sealed=sealing.seal(sign_in.totp_context("madoguchi9"), SECRET.encode()),
        substitute_until=date(2027, 3, 31),
    )
    employ(account)
    begin, end = datetime(2026, 1, 1, tzinfo=JAPAN), datetime(2027, 1, 1, tzinfo=JAPAN)
    DutyAssignment.objects.create(account=account, duty=Duty.INQUIRY, period=(begin, end))
    return account


@pytest.fixture
def place(town: None, clock: FixedClock) -> Place:
    found = sign_in.place_of(ADDRESS, clock=clock)
    assert found is not None
    return found


def code(clock: FixedClock) -> str:
    return pyotp.TOTP(SECRET).at(clock.now())


def first(place: Place, clock: FixedClock, login: str = "madoguchi9", secret: str = PASSWORD) -> str:
    return sign_in.password(login, secret, place=place, clock=clock)


def open_session(place: Place, clock: FixedClock) -> str:
    return sign_in.one_time_code(first(place, clock), code(clock), clock=clock)


def signed(token: str, clock: FixedClock) -> Signed:
    found = sign_in.current(token, address=ADDRESS, clock=clock)
    assert found is not None
    return found


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def test_two_factors_open_a_desk(account: Account, place: Place, clock: FixedClock) -> None:
    half = first(place, clock)
    waiting = signed(half, clock)
    assert waiting.stage == "second_factor"
    assert waiting.desk.duties == frozenset()
    token = sign_in.one_time_code(half, code(clock), clock=clock)
    assert token != half
    assert sign_in.current(half, address=ADDRESS, clock=clock) is None
    desk = signed(token, clock).desk
    assert (desk.account, desk.office, desk.terminal, desk.printer) == ("madoguchi9", "100", "T01", "P01")
    assert desk.duties == {Duty.INQUIRY}
    assert [(e.operation, e.result) for e in Entry.objects.order_by("id")] == [("sign_in", "done"), ("sign_in", "done")]
    assert breaches() == []


def test_the_token_itself_is_nowhere_in_the_database(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    (row,) = Session.objects.all()
    assert token.encode() not in bytes(row.key_hash)
    assert len(bytes(row.key_hash)) == 32


def test_stranger_wrong_password_and_locked_account_get_one_answer(
    account: Account, place: Place, clock: FixedClock
) -> None:
    answers = []
    for login, secret in [("nobody", PASSWORD), ("madoguchi9", "wrong")]:
        with pytest.raises(SignInRefused) as refusal:
            first(place, clock, login, secret)
        answers.append(refusal.value.findings)
    Account.objects.update(locked_until=clock.now() + timedelta(minutes=1))
    with pytest.raises(SignInRefused) as refusal:
        first(place, clock)
    answers.append(refusal.value.findings)
    Account.objects.update(locked_until=None, is_active=False)
    with pytest.raises(SignInRefused) as refusal:
        first(place, clock)
    answers.append(refusal.value.findings)
    assert len(set(answers)) == 1


def test_a_stranger_costs_a_password_hash_too(
    account: Account, place: Place, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(secret: str, encoded: str) -> bool:
        checked.append(encoded)
        return False

    monkeypatch.setattr(sign_in, "check_password", check)
    for login in ("nobody", "madoguchi9"):
        with pytest.raises(SignInRefused):
            first(place, clock, login, "wrong")
    assert [encoded.split("$")[1] for encoded in checked] == ["argon2id", "argon2id"]


def test_five_failures_lock_for_fifteen_minutes(account: Account, place: Place, clock: FixedClock) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            first(place, clock, secret="wrong")
    with pytest.raises(SignInRefused):
        first(place, clock)
    clock.advance(timedelta(minutes=14, seconds=59))
    with pytest.raises(SignInRefused):
        first(place, clock)
    clock.advance(timedelta(seconds=1))
    assert first(place, clock)
    reasons = [entry.detail.get("reason") for entry in Entry.objects.order_by("id")]
    assert reasons == ["password"] * 5 + ["locked"] * 2 + [None]


def test_guessing_codes_locks_and_a_right_password_does_not_help(
    account: Account, place: Place, clock: FixedClock
) -> None:
    for attempt in range(5):
        half = first(place, clock)  # the password again does not set the count back
        with pytest.raises(SignInRefused) as refusal:
            sign_in.one_time_code(half, "000000", clock=clock)
        assert codes(refusal) == ({"SIGN-E-002"} if attempt < 4 else {"SIGN-E-004"})
    with pytest.raises(SignInRefused):
        first(place, clock)


def test_a_code_works_once(account: Account, place: Place, clock: FixedClock) -> None:
    used = code(clock)
    sign_in.one_time_code(first(place, clock), used, clock=clock)
    with pytest.raises(SignInRefused) as refusal:
        sign_in.one_time_code(first(place, clock), used, clock=clock)
    assert codes(refusal) == {"SIGN-E-002"}
    clock.advance(timedelta(seconds=30))
    assert sign_in.one_time_code(first(place, clock), code(clock), clock=clock)


@given(offset=st.integers(-200, 200))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_codes_of_the_neighbouring_steps_count(account: Account, offset: int) -> None:
    moment = datetime(2026, 11, 20, 12, 0, 10, tzinfo=JAPAN)
    account.totp_last_step = 0
    steps = (moment.timestamp() + offset) // 30 - moment.timestamp() // 30
    shown = pyotp.TOTP(SECRET).at(moment + timedelta(seconds=offset))
    assert sign_in._take_code(account, shown, FixedClock(moment)) is (abs(steps) <= 1)


def test_a_code_in_full_width_digits_and_groups(account: Account, place: Place, clock: FixedClock) -> None:
    plain = code(clock)
    wide = plain.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert sign_in.one_time_code(first(place, clock), f"{wide[:3]} {wide[3:]}", clock=clock)


def test_the_second_step_must_come_soon(account: Account, place: Place, clock: FixedClock) -> None:
    half = first(place, clock)
    clock.advance(timedelta(minutes=5, seconds=1))
    with pytest.raises(SignInRefused) as refusal:
        sign_in.one_time_code(half, code(clock), clock=clock)
    assert codes(refusal) == {"SIGN-E-004"}


def test_an_idle_session_ends_after_a_quarter_of_an_hour(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    clock.advance(timedelta(minutes=15))
    signed(token, clock)
    clock.advance(timedelta(minutes=15, seconds=1))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    assert not Session.objects.exists()


@pytest.mark.req("SEC-019")
def test_no_session_outlives_twelve_hours(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    for _ in range(144):
        clock.advance(timedelta(minutes=5))
        signed(token, clock)
    clock.advance(timedelta(minutes=1))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None


def test_a_request_is_one_query_and_writes_only_each_minute(
    account: Account, place: Place, clock: FixedClock, django_assert_num_queries: object
) -> None:
    token = open_session(place, clock)
    clock.advance(timedelta(seconds=59))
    with django_assert_num_queries(1):  # type: ignore[operator]
        signed(token, clock)
    clock.advance(timedelta(seconds=2))
    with django_assert_num_queries(2):  # type: ignore[operator]
        signed(token, clock)
    with django_assert_num_queries(1):  # type: ignore[operator]
        signed(token, clock)


def test_a_session_is_bound_to_its_terminal_and_its_person(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    assert sign_in.current(token, address="192.0.2.7", clock=clock) is None
    clock.advance(timedelta(seconds=30))
    token = open_session(place, clock)
    Terminal.objects.update(active=False)
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    Terminal.objects.update(active=True)
    clock.advance(timedelta(seconds=30))
    token = open_session(place, clock)
    Account.objects.update(is_active=False)
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None


def test_duties_end_with_their_period(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    DutyAssignment.objects.update(period=(datetime(2026, 1, 1, tzinfo=JAPAN), clock.now()))
    assert signed(token, clock).desk.duties == frozenset()


def test_the_narrowest_network_names_the_terminal(town: None, clock: FixedClock) -> None:
    Terminal.objects.create(code="T02", name="窓口2番", office_id="100", network="127.0.0.2/32")
    assert sign_in.place_of("127.0.0.2", clock=clock).code == "T02"  # type: ignore[union-attr]
    assert sign_in.place_of("127.0.0.3", clock=clock).code == "T01"  # type: ignore[union-attr]
    assert sign_in.place_of("192.0.2.1", clock=clock) is None
    assert sign_in.place_of("::1", clock=clock) is None


@pytest.mark.req("SEC-T-030")
def test_too_many_attempts_at_a_terminal_are_told_to_wait(
    account: Account, place: Place, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = attempts.count(Counted.ATTEMPTS, place.code, clock.now(), attempts.MINUTE)
    limit = policy.of(clock.now().date()).attempts_per_minute
    for _ in range(limit - given):
        attempts.count(Counted.ATTEMPTS, place.code, clock.now(), attempts.MINUTE)
    for _ in range(3):
        with pytest.raises(SignInRefused) as refusal:
            first(place, clock)
        assert codes(refusal) == {"SIGN-E-003"}
    assert Entry.objects.filter(detail__reason="too_many").count() == 1  # a storm doesn't fill the log
    clock.advance(timedelta(minutes=1))
    assert first(place, clock)


def test_a_terminal_at_which_many_accounts_are_tried_is_stopped(
    account: Account, place: Place, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = policy.of(clock.now().date()).failures_per_hour
    for _ in range(limit - 1):
        attempts.count(Counted.FAILURES, place.code, clock.now(), attempts.HOUR)
    with pytest.raises(SignInRefused) as refusal:
        first(place, clock, "nobody")
    assert codes(refusal) == {"SIGN-E-001"}
    with pytest.raises(SignInRefused) as refusal:
        first(place, clock)
    assert codes(refusal) == {"SIGN-E-012"}
    attempts.forget(Counted.FAILURES, place.code)
    assert first(place, clock)


def test_at_most_two_hashes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_WAIT_FOR_HASH_S", 0.01)
    with sign_in._turn_to_hash(), sign_in._turn_to_hash(), pytest.raises(SignInRefused), sign_in._turn_to_hash():
        pass
    done = threading.Event()
    with sign_in._turn_to_hash():
        done.set()
    assert done.is_set()


@pytest.mark.req("LOG-001")
def test_purpose_and_sign_out(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    sign_in.choose_purpose(signed(token, clock), Purpose.COUNTER_INQUIRY)
    assert signed(token, clock).desk.purpose == "counter_inquiry"
    sign_in.sign_out(signed(token, clock))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    assert Entry.objects.latest("id").operation == "sign_out"


def test_keys_want_the_second_factor_again(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    assert sign_in.enrolment_options(signed(token, clock))["rp"]["id"] == "localhost"
    clock.advance(timedelta(minutes=6))
    with pytest.raises(Refused) as refusal:
        sign_in.enrolment_options(signed(token, clock))
    assert codes(refusal) == {"SIGN-E-009"}
    with pytest.raises(Refused) as refusal:
        sign_in.confirm(signed(token, clock), code="000000")
    assert codes(refusal) == {"SIGN-E-002"}
    sign_in.confirm(signed(token, clock), code=code(clock))
    assert signed(token, clock).is_confirmed()


@pytest.mark.parametrize("response", ["", "{}", "null", "[]", '{"id": 3}', json.dumps({"id": "x", "rawId": "x"})])
def test_a_mangled_key_is_a_wrong_key(account: Account, place: Place, clock: FixedClock, response: str) -> None:
    half = first(place, clock)
    sign_in.key_challenge(half, clock=clock)
    with pytest.raises(SignInRefused) as refusal:
        sign_in.security_key(half, response, origin="http://localhost", clock=clock)
    assert codes(refusal) == {"SIGN-E-005"}
    token = open_session(place, clock)
    sign_in.enrolment_options(signed(token, clock))
    with pytest.raises(Refused) as enrolment:
        sign_in.enrol_key(signed(token, clock), response, "x", origin="http://localhost")
    assert codes(enrolment) == {"SIGN-E-006"}


def test_the_last_second_factor_stays(account: Account, place: Place, clock: FixedClock) -> None:
    token = open_session(place, clock)
    key = SecurityKey.objects.create(
        account=account, credential_id=b"1", public_key=b"2", sign_count=0, name="鍵", created_at=clock.now()
    )
    other = Account.objects.create(login="other", name="見本", office_id="100")
    foreign = SecurityKey.objects.create(
        account=other, credential_id=b"3", public_key=b"4", sign_count=0, name="鍵", created_at=clock.now()
    )
    with pytest.raises(Refused) as refusal:
        sign_in.remove_key(signed(token, clock), foreign.pk)
    assert codes(refusal) == {"SIGN-E-008"}
    Account.objects.filter(pk=account.pk).update(totp_sealed=None)
    with pytest.raises(Refused) as refusal:
        sign_in.remove_key(signed(token, clock), key.pk)
    assert codes(refusal) == {"SIGN-E-007"}
