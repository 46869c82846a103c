"""Sessions: locking and unlocking, seeing and ending them, the end of those that nobody uses, releasing locks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from tests.platform.access.test_factors import SECRET, account, half, sealed

from yakuba.core.findings import Refused
from yakuba.platform.access import attempts, sessions, sign_in
from yakuba.platform.access.attempts import Counted
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, AttemptCount, Session
from yakuba.platform.access.sign_in import Signed, SignInRefused
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock

ADDRESS = "127.0.0.1"
MakeDesk = Callable[..., Desk]


@pytest.fixture
def token(town: None, clock: FixedClock) -> str:
    account(totp_sealed=sealed(), substitute_until=clock.now().date())
    return sign_in.one_time_code(half(clock), code(clock), clock=clock)


def code(clock: FixedClock) -> str:
    return str(pyotp.TOTP(SECRET).at(clock.now()))


def signed(token: str, clock: FixedClock, **more: bool) -> Signed:
    found = sign_in.current(token, address=ADDRESS, clock=clock, **more)
    assert found is not None
    return found


@pytest.mark.req("SEC-018", "SEC-T-020")
def test_a_locked_screen_has_no_duty_and_opens_by_the_factor_only(token: str, clock: FixedClock) -> None:
    sessions.lock(signed(token, clock), "person")
    locked = signed(token, clock)
    assert (locked.stage, locked.desk.duties) == ("locked", frozenset())
    clock.advance(timedelta(seconds=30))
    for wrong in ("", "000000", "とても長い合言葉-2"):  # not by the password
        with pytest.raises(Refused):
            sessions.unlock(locked, code=wrong)
    assert signed(token, clock).stage == "locked"
    sessions.unlock(locked, code=code(clock))
    assert signed(token, clock).stage == "open"
    operations = Entry.objects.order_by("id").values_list("operation", "result", "target")
    assert list(operations)[2:] == [
        ("lock", "done", "screen"), *[("second_factor", "refused", "unlock")] * 3, ("second_factor", "done", "unlock"),
    ]  # fmt: skip


def test_wrong_factors_at_a_locked_screen_end_the_session(token: str, clock: FixedClock) -> None:
    sessions.lock(signed(token, clock), "person")
    locked = signed(token, clock)
    for _ in range(5):
        with pytest.raises(Refused):
            sessions.unlock(locked, code="000000")
    assert not Session.objects.exists()
    assert Account.objects.get(login="madoguchi9").locked_until is not None


@pytest.mark.req("SEC-018", "SEC-019", "SEC-020")
def test_the_house_locks_a_screen_at_which_nobody_is_and_ends_the_session_later(token: str, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=7))
    assert signed(token, clock).stage == "open"
    clock.advance(timedelta(minutes=7, seconds=1))
    assert signed(token, clock).stage == "locked"
    assert Entry.objects.latest("id").detail["reason"] == "idle"
    clock.advance(timedelta(minutes=9))
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    entry = Entry.objects.latest("id")
    assert (entry.operation, entry.detail["reason"]) == ("sign_out", "idle")
    assert not Session.objects.exists()


def test_what_a_page_asks_by_itself_is_no_use(token: str, clock: FixedClock) -> None:
    for _ in range(8):
        clock.advance(timedelta(minutes=1))
        found = signed(token, clock, is_attended=False)
    assert found.stage == "locked"


@pytest.mark.req("SEC-019")
def test_sessions_that_ask_no_more_end_too(token: str, clock: FixedClock) -> None:
    half(clock)
    attempts.count(Counted.FAILURES, "T01", clock.now(), attempts.HOUR)
    assert sessions.sweep(clock) == 0
    clock.advance(timedelta(minutes=15, seconds=1))
    assert sessions.sweep(clock) == 2
    assert not Session.objects.exists()
    entry = Entry.objects.latest("id")
    assert (entry.operation, entry.account, entry.detail["reason"]) == ("sign_out", "madoguchi9", "idle")
    clock.advance(timedelta(days=2))
    sessions.sweep(clock)
    assert not AttemptCount.objects.exists()


def test_an_administrator_sees_and_ends_sessions_with_a_reason(
    token: str, make_desk: MakeDesk, clock: FixedClock
) -> None:
    desk = make_desk()
    (line,) = sessions.living(desk)
    assert (line.login, line.terminal, line.stage_label) == ("madoguchi9", "T01", "サインイン中")
    with pytest.raises(Refused):
        sessions.end_other(desk, line.id, " ")
    with pytest.raises(Refused):
        sessions.end_other(desk, 0, "退庁")
    with pytest.raises(AccessDenied):
        sessions.end_other(make_desk(duties={Duty.INQUIRY}), line.id, "退庁")
    sessions.end_other(desk, line.id, "退庁")
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None


def test_ones_own_sessions(token: str, clock: FixedClock) -> None:
    mine = signed(token, clock)
    other = Session.objects.create(
        key_hash=b"x", account_id=mine.account_id, terminal_id="T01", stage="open", started_at=clock.now(),
        seen_at=clock.now(),
    )  # fmt: skip
    stranger = Session.objects.create(
        key_hash=b"y", account=account("other"), terminal_id="T01", stage="open", started_at=clock.now(),
        seen_at=clock.now(),
    )  # fmt: skip
    assert [line.id for line in sessions.own(mine)] == [mine.session_id, other.pk]
    sessions.end_own(mine, other.pk)
    with pytest.raises(Refused):
        sessions.end_own(mine, stranger.pk)
    assert [line.id for line in sessions.own(mine)] == [mine.session_id]


@pytest.mark.req("SEC-T-030")
def test_an_account_locked_again_and_again_is_released_by_another_person(
    token: str, make_desk: MakeDesk, clock: FixedClock
) -> None:
    for _ in range(3):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                half(clock, secret="wrong")
        clock.advance(timedelta(minutes=15))
    clock.advance(timedelta(days=30))
    with pytest.raises(SignInRefused):
        half(clock)
    (locked,) = sessions.locked_accounts(make_desk())
    assert (locked.login, locked.until_release) == ("madoguchi9", True)
    with pytest.raises(AccessDenied):
        sessions.release(make_desk(account="madoguchi9"), "madoguchi9", "本人です")
    for reason, login in ((" ", "madoguchi9"), ("電話で確認", "nobody")):
        with pytest.raises(Refused):
            sessions.release(make_desk(), login, reason)
    sessions.release(make_desk(), "madoguchi9", "来庁して身分証を確認")
    assert half(clock)
    assert sessions.locked_accounts(make_desk()) == []
