"""Terminals: registered, known by their key, closed; what is done there only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.platform.access.authenticator import SoftKey
from tests.platform.access.test_factors import UseProfile, account, use_profile, with_key
from tests.staff import give

from yakuba.core.findings import Refused
from yakuba.platform.access import attempts, sign_in, terminals
from yakuba.platform.access.attempts import Counted
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Session, Terminal, TerminalKey
from yakuba.platform.access.terminals import Registration
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.profiles import Profile

__all__ = ["use_profile"]  # a fixture
ADDRESS = "127.0.0.1"
NEW = Registration("T07", "窓口7番", "100", "192.0.2.16/28", "P07", "見本　はなこ")
MakeDesk = Callable[..., Desk]


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def bind(desk: Desk, clock: FixedClock, code: str = "T01", address: str = ADDRESS) -> str:
    made = terminals.make_code(desk, code)
    found, token = terminals.bind(made.lower(), address=address, clock=clock)
    assert found == code
    return token


def at(address: str, clock: FixedClock, key: str = "") -> str:
    place = sign_in.place_of(address, key, clock=clock)
    return place.code if place else ""


@pytest.mark.req("SEC-006", "MYNA-012", "MADOGUCHI-014")
def test_a_terminal_is_registered_used_and_closed(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk = make_desk()
    assert at("192.0.2.20", clock) == ""
    terminals.register(desk, NEW)
    assert at("192.0.2.20", clock) == "T07"
    key = SoftKey(verifies=False)
    key.register_directly(account(), clock.now())
    token = with_key(key, clock)
    Session.objects.update(terminal="T07")
    assert sign_in.current(token, address="192.0.2.20", clock=clock) is not None
    assert terminals.close(desk, "T07", "廃止") == 1
    assert sign_in.current(token, address="192.0.2.20", clock=clock) is None
    assert at("192.0.2.20", clock) == ""
    terminals.reopen(desk, "T07")
    assert at("192.0.2.20", clock) == "T07"
    acts = Entry.objects.filter(target="terminal:T07").order_by("id").values_list("detail__act", flat=True)
    assert list(acts) == ["register", "close", "reopen"]


def test_a_session_ends_with_the_request_after_its_terminal_was_closed(town: None, clock: FixedClock) -> None:
    key = SoftKey(verifies=False)
    key.register_directly(account(), clock.now())
    token = with_key(key, clock)
    Terminal.objects.update(active=False)
    assert sign_in.current(token, address=ADDRESS, clock=clock) is None
    assert Entry.objects.latest("id").detail["reason"] == "revoked"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"code": "t 7"}, "TRM-E-002"),
        ({"name": " "}, "TRM-E-003"),
        ({"office": "999"}, "TRM-E-004"),
        ({"printer": "P" * 21}, "TRM-E-005"),
        ({"network": "三丁目"}, "TRM-E-006"),
        ({"network": "0.0.0.0/0"}, "TRM-E-007"),
        ({"network": "2001:db8::/16"}, "TRM-E-007"),
        ({"code": "T01"}, "TRM-E-001"),
    ],
)
def test_what_is_wrong_with_a_registration(town: None, make_desk: MakeDesk, wrong: dict[str, Any], code: str) -> None:
    from dataclasses import replace

    with pytest.raises(Refused) as refusal:
        terminals.register(make_desk(), replace(NEW, **wrong))
    assert codes(refusal) == {code}


def test_all_findings_at_once(town: None, make_desk: MakeDesk) -> None:
    with pytest.raises(Refused) as refusal:
        terminals.register(make_desk(), Registration("", "", "", ""))
    assert codes(refusal) == {"TRM-E-002", "TRM-E-003", "TRM-E-004", "TRM-E-006"}


def test_only_the_duty_that_administers_touches_terminals(town: None, make_desk: MakeDesk) -> None:
    desk = make_desk(duties=frozenset(Duty) - {Duty.ADMINISTRATION})
    for act in (
        lambda: terminals.register(desk, NEW),
        lambda: terminals.change(desk, NEW),
        lambda: terminals.close(desk, "T01", "x"),
        lambda: terminals.reopen(desk, "T01"),
        lambda: terminals.make_code(desk, "T01"),
        lambda: terminals.take_key(desk, "T01"),
        lambda: terminals.release(desk, "T01"),
        lambda: terminals.all_of_them(desk),
        lambda: terminals.register_office(desk, "200", "税務課"),
    ):
        with pytest.raises(AccessDenied):
            act()


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.req("SEC-006")
def test_a_bound_terminal_is_that_browser_only(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk = make_desk()
    token = bind(desk, clock)
    assert at(ADDRESS, clock, token) == "T01"
    assert at(ADDRESS, clock) == ""  # the same network without the key
    assert at(ADDRESS, clock, "f" * 64) == ""
    assert at("192.0.2.20", clock, token) == ""  # the key elsewhere
    row = TerminalKey.objects.get()
    assert token.encode() not in bytes(row.key_hash)
    assert row.code_hash is None


def test_a_session_needs_the_key_at_every_request(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk = make_desk()
    token = bind(desk, clock)
    key = SoftKey(verifies=False)
    key.register_directly(account(), clock.now())
    session = with_key(key, clock)
    assert sign_in.current(session, address=ADDRESS, clock=clock, terminal_key=token) is not None
    again = bind(desk, clock)  # another browser is the terminal now
    assert sign_in.current(session, address=ADDRESS, clock=clock, terminal_key=token) is None
    assert at(ADDRESS, clock, token) == ""
    assert at(ADDRESS, clock, again) == "T01"
    terminals.take_key(desk, "T01")
    assert at(ADDRESS, clock) == "T01"


def test_a_code_binds_once_in_time_at_its_own_network(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk = make_desk()
    terminals.register(desk, NEW)
    made = terminals.make_code(desk, "T07")
    for address, late in (("127.0.0.1", timedelta()), ("192.0.2.20", timedelta(minutes=16))):
        clock.advance(late)
        with pytest.raises(Refused) as refusal:
            terminals.bind(made, address=address, clock=clock)
        assert codes(refusal) == {"TRM-E-010"}
    made = terminals.make_code(desk, "T07")
    terminals.bind(made, address="192.0.2.20", clock=clock)
    with pytest.raises(Refused):
        terminals.bind(made, address="192.0.2.20", clock=clock)


def test_guessing_codes_is_bounded(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    made = terminals.make_code(make_desk(), "T01")
    for _ in range(10):
        with pytest.raises(Refused):
            terminals.bind("AAAAA-AAAAA", address=ADDRESS, clock=clock)
    with pytest.raises(Refused):
        terminals.bind(made, address=ADDRESS, clock=clock)
    clock.advance(timedelta(minutes=1))
    assert terminals.bind(made, address=ADDRESS, clock=clock)


def test_a_profile_may_want_a_key_of_every_terminal(
    use_profile: UseProfile, make_desk: MakeDesk, clock: FixedClock
) -> None:
    use_profile(Profile.YAMAGUCHI)
    assert at(ADDRESS, clock) == ""
    assert at(ADDRESS, clock, bind(make_desk(), clock)) == "T01"


@pytest.mark.req("SEC-T-024")
def test_a_lost_terminal_that_knocks_is_named_in_the_log(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk = make_desk()
    terminals.register(desk, NEW)
    token = bind(desk, clock, "T07", "192.0.2.20")
    terminals.close(desk, "T07", "紛失")
    assert at("192.0.2.20", clock, token) == ""
    sign_in.log_unregistered("192.0.2.20", clock, token)
    entry = Entry.objects.latest("id")
    assert (entry.result, entry.terminal) == ("denied", "T07")
    assert (entry.detail["reason"], entry.detail["holder"]) == ("terminal_closed", "見本　はなこ")
    for _ in range(20):
        sign_in.log_unregistered("192.0.2.20", clock, token)
    assert Entry.objects.filter(detail__reason="terminal_closed").count() == 5  # a storm doesn't fill the log
    terminals.reopen(desk, "T07")
    assert not TerminalKey.objects.filter(terminal="T07").exists()  # whoever found it has the old key


def test_some_duties_are_for_named_terminals(use_profile: UseProfile, make_desk: MakeDesk, clock: FixedClock) -> None:
    use_profile(Profile.YAMAGUCHI)
    desk = make_desk()
    token = bind(desk, clock)
    key, who = SoftKey(), account()
    key.register_directly(who, clock.now())
    give(who, [Duty.BULK, Duty.INQUIRY])
    session = with_key(key, clock)

    def duties() -> frozenset[Duty]:
        found = sign_in.current(session, address=ADDRESS, clock=clock, terminal_key=token)
        assert found is not None
        return found.desk.duties

    assert duties() == {Duty.INQUIRY}
    terminals.change(desk, Registration("T01", "代表端末", "100", "127.0.0.0/8", duties=frozenset({Duty.BULK})))
    assert duties() == {Duty.INQUIRY, Duty.BULK}


def test_a_stopped_terminal_is_released(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    attempts.count(Counted.FAILURES, "T01", clock.now(), attempts.HOUR)
    terminals.release(make_desk(), "T01")
    assert attempts.counted(Counted.FAILURES, "T01", clock.now(), attempts.HOUR) == 0


def test_offices(town: None, make_desk: MakeDesk) -> None:
    desk = make_desk()
    terminals.register_office(desk, "200", "税務課")
    terminals.register_office(desk, "200", "課税課")
    assert [(office.code, office.name) for office in terminals.offices()][-1] == ("200", "課税課")
    with pytest.raises(Refused):
        terminals.register_office(desk, "二百", "")
