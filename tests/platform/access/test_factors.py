"""Which factors each organisation's profile wants: a card or key, the body, a code where somebody can't use either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pyotp
import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from tests.platform.access.authenticator import SoftKey
from tests.staff import employ, give

from yakuba.core.findings import Refused
from yakuba.platform.access import first_keys, sign_in
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, Session, Stage, Terminal, TerminalKey
from yakuba.platform.access.sign_in import Place, SignInRefused
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.profiles import Profile, house_profile
from yakuba.platform.profiles.models import Organisation
from yakuba.platform.vault import sealing

PASSWORD = "とても長い合言葉-2"
HASHED = make_password(PASSWORD)
ADDRESS = "127.0.0.1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
UseProfile = Callable[[Profile], None]


@pytest.fixture
def use_profile(town: None) -> UseProfile:
    def use(profile: Profile) -> None:
        Organisation.objects.update(profile=profile)
        house_profile.cache_clear()

    return use


def account(login: str = "madoguchi9", **more: object) -> Account:
    made = Account.objects.create(login=login, name=f"見本　{login}", office_id="100", password=HASHED, **more)
    employ(made)
    give(made, [Duty.INQUIRY])
    return made


def sealed(login: str = "madoguchi9") -> bytes:
    return sealing.seal(sign_in.totp_context(login), SECRET.encode())


def place(clock: FixedClock) -> Place:
    terminal = Terminal.objects.select_related("office").get(code="T01")
    return Place(terminal.code, terminal.name, "100", terminal.office.name, terminal.printer)


def half(clock: FixedClock, login: str = "madoguchi9", secret: str = PASSWORD) -> str:
    return sign_in.password(login, secret, place=place(clock), clock=clock)


def with_key(key: SoftKey, clock: FixedClock, token: str = "", login: str = "madoguchi9") -> str:
    token = token or half(clock, login)
    answer = key.answer(sign_in.key_challenge(token, clock=clock))
    return sign_in.security_key(token, answer, origin="http://localhost", clock=clock)


def codes(refusal: pytest.ExceptionInfo[SignInRefused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


@pytest.mark.req("SEC-001")
def test_kadoma_wants_the_card_and_the_password(use_profile: UseProfile, clock: FixedClock) -> None:
    use_profile(Profile.KADOMA)
    card, foreign = SoftKey(verifies=False), SoftKey(verifies=False)
    card.register_directly(account(), clock.now())
    foreign.register_directly(account("other"), clock.now())
    with pytest.raises(SignInRefused) as refusal:
        half(clock, secret="wrong")
    assert codes(refusal) == {"SIGN-E-001"}
    token = half(clock)
    with pytest.raises(SignInRefused) as refusal:
        sign_in.one_time_code(token, "123456", clock=clock)  # no card
    assert codes(refusal) == {"SIGN-E-002"}
    with pytest.raises(SignInRefused) as refusal:
        with_key(foreign, clock, token)
    assert codes(refusal) == {"SIGN-E-005"}
    assert with_key(card, clock, token)


BODY = [Profile.CHIBA, Profile.TSUKUBA, Profile.YAMAGUCHI, Profile.KANAZAWA]


@pytest.mark.req("SEC-002", "JUKI-046", "PSEC-001", "SEC-T-006", "SEC-C-004", "SEC-T-015")
@pytest.mark.parametrize("profile", BODY)
def test_a_profile_with_biometrics_wants_a_key_that_knew_its_owner(
    use_profile: UseProfile, clock: FixedClock, profile: Profile
) -> None:
    use_profile(profile)
    key, anothers = SoftKey(), SoftKey()
    key.register_directly(account(), clock.now())
    anothers.register_directly(account("other"), clock.now())
    token = half(clock)
    assert sign_in.key_challenge(token, clock=clock)["userVerification"] == "required"
    for wrong in (replace(key, verifies=False), anothers):
        with pytest.raises(SignInRefused) as refusal:
            with_key(wrong, clock, token)
        assert codes(refusal) == {"SIGN-E-005"}
    with pytest.raises(SignInRefused):
        half(clock, secret="wrong")
    assert with_key(key, clock, token)
    entries = Entry.objects.order_by("id").values_list("operation", "result", "account", "terminal", "detail__step")
    assert list(entries)[-1] == ("sign_in", "done", "madoguchi9", "T01", "key")
    assert Entry.objects.filter(operation="second_factor", result="refused").count() == 2


@pytest.mark.parametrize("profile", BODY)
def test_where_the_body_is_wanted_no_code_helps(use_profile: UseProfile, clock: FixedClock, profile: Profile) -> None:
    use_profile(profile)
    who = account(totp_sealed=sealed(), substitute_until=date.max)
    assert not sign_in.takes_codes(who, clock)
    with pytest.raises(SignInRefused):
        sign_in.one_time_code(half(clock), "123456", clock=clock)


@pytest.mark.req("JUKI-047")
def test_only_who_is_registered_as_unable_shows_a_code_instead_and_the_log_says_so(
    use_profile: UseProfile, clock: FixedClock
) -> None:
    use_profile(Profile.KADOMA)
    who = account(totp_sealed=sealed())
    code = pyotp.TOTP(SECRET).at(clock.now())
    with pytest.raises(SignInRefused):
        sign_in.one_time_code(half(clock), code, clock=clock)
    Account.objects.filter(pk=who.pk).update(substitute_until=clock.now().date())
    assert sign_in.one_time_code(half(clock), code, clock=clock)
    assert Entry.objects.latest("id").detail["substitute"] is True
    clock.advance(timedelta(days=1))
    Account.objects.filter(pk=who.pk).update(totp_last_step=0)
    code = pyotp.TOTP(SECRET).at(clock.now())
    with pytest.raises(SignInRefused):
        sign_in.one_time_code(half(clock), code, clock=clock)


def test_registering_a_key_wants_what_signing_in_will_want(use_profile: UseProfile, clock: FixedClock) -> None:
    use_profile(Profile.CHIBA)
    first = SoftKey()
    first.register_directly(account(), clock.now())
    signed = sign_in.current(with_key(first, clock), address=ADDRESS, clock=clock)
    assert signed is not None
    blind, second = SoftKey(verifies=False), SoftKey()
    with pytest.raises(Refused):
        sign_in.enrol_key(signed, blind.create(sign_in.enrolment_options(signed)), "", origin="http://localhost")
    sign_in.enrol_key(signed, second.create(sign_in.enrolment_options(signed)), "指", origin="http://localhost")
    assert with_key(second, clock)


def test_a_copied_key_is_noticed(use_profile: UseProfile, clock: FixedClock) -> None:
    use_profile(Profile.KANAZAWA)
    key = SoftKey()
    key.register_directly(account(), clock.now())
    copy = replace(key)
    with_key(key, clock)
    with_key(key, clock)
    with pytest.raises(SignInRefused):
        with_key(copy, clock)


# -- a second session -------------------------------------------------------------------------------------------------


@pytest.mark.req("MYNA-008", "EAPP-015")
def test_a_second_session_elsewhere_is_refused_or_ends_the_first(use_profile: UseProfile, clock: FixedClock) -> None:
    use_profile(Profile.STANDARD)
    key = SoftKey()
    key.register_directly(account(), clock.now())
    Terminal.objects.create(code="T02", name="窓口2番", office_id="100", network="127.0.2.0/24")
    first = with_key(key, clock)
    Session.objects.update(terminal="T02")
    second = with_key(key, clock)
    assert sign_in.current(first, address="127.0.2.1", clock=clock) is None
    ended = Entry.objects.get(operation="sign_out")
    assert (ended.terminal, ended.detail["reason"]) == ("T02", "second_session:T01")
    assert sign_in.current(second, address=ADDRESS, clock=clock) is not None

    use_profile(Profile.TSUKUBA)
    Session.objects.update(terminal="T02")
    with pytest.raises(SignInRefused) as refusal:
        with_key(key, clock)
    assert codes(refusal) == {"SIGN-E-013"}
    assert Entry.objects.latest("id").detail == {"reason": "second_session", "elsewhere": "T02"}
    assert Session.objects.filter(stage=Stage.OPEN).count() == 1
    clock.advance(timedelta(minutes=16))  # nobody is there any more
    assert with_key(key, clock)


# -- the first key ----------------------------------------------------------------------------------------------------


def test_the_first_key_wants_the_password_and_a_code_from_another_hand(
    use_profile: UseProfile, clock: FixedClock, make_desk: Callable[..., Desk]
) -> None:
    use_profile(Profile.CHIBA)
    account()
    with pytest.raises(AccessDenied):
        first_keys.invite(make_desk(account="madoguchi9"), "madoguchi9")
    with pytest.raises(Refused):
        first_keys.invite(make_desk(), "nobody")
    key, token = SoftKey(), half(clock)
    with pytest.raises(SignInRefused):
        first_keys.options(token, "AAAAA-AAAAA", clock=clock)
    code = first_keys.invite(make_desk(), "madoguchi9")
    wanted = first_keys.options(token, code.lower(), clock=clock)
    assert wanted["authenticatorSelection"]["userVerification"] == "required"
    with pytest.raises(SignInRefused):  # one that doesn't know its owner
        first_keys.register(
            token, code, replace(key, verifies=False).create(wanted), origin="http://localhost", clock=clock
        )
    wanted = first_keys.options(token, code, clock=clock)
    first_keys.register(token, code, key.create(wanted), origin="http://localhost", clock=clock)
    assert with_key(key, clock, token)
    with pytest.raises(SignInRefused):  # once
        first_keys.options(half(clock), code, clock=clock)


def test_an_invitation_ends_and_guessing_locks(
    use_profile: UseProfile, clock: FixedClock, make_desk: Callable[..., Desk]
) -> None:
    use_profile(Profile.CHIBA)
    who = account()
    code = first_keys.invite(make_desk(), "madoguchi9")
    clock.advance(timedelta(minutes=30, seconds=1))
    token = half(clock)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            first_keys.options(token, code, clock=clock)
    who.refresh_from_db()
    assert who.locked_until is not None
    assert not Session.objects.exists()


def test_who_cannot_use_a_key_is_registered_by_another_for_a_time(
    town: None, clock: FixedClock, make_desk: Callable[..., Desk]
) -> None:
    who, today = account(totp_sealed=sealed()), clock.now().date()
    with pytest.raises(AccessDenied):
        first_keys.register_substitute(make_desk(account="madoguchi9"), "madoguchi9", today, "けが")
    for until, reason in ((today, " "), (today + timedelta(days=400), "けが")):
        with pytest.raises(Refused):
            first_keys.register_substitute(make_desk(), "madoguchi9", until, reason)
    first_keys.register_substitute(make_desk(), "madoguchi9", today, "けがで指紋を読めない")
    who.refresh_from_db()
    assert sign_in.takes_codes(who, clock)
    clock.advance(timedelta(days=1))
    assert not sign_in.takes_codes(who, clock)


@pytest.mark.req("SEC-T-007")
def test_tsukuba_wants_the_body_again_when_the_business_system_starts(
    use_profile: UseProfile, clock: FixedClock, settings: object
) -> None:
    use_profile(Profile.TSUKUBA)
    settings.CLOCK = clock  # type: ignore[attr-defined]
    key, who = SoftKey(), account()
    key.register_directly(who, clock.now())
    terminal_key = "a" * 64
    TerminalKey.objects.create(terminal_id="T01", key_hash=sign_in.hashed(terminal_key))
    client = Client()
    client.cookies["yakuba_session"] = token = with_key(key, clock)
    client.cookies["yakuba_terminal"] = terminal_key
    assert client.get("/").status_code == 200
    started = client.get("/residents/search")
    assert (started.status_code, started["Location"]) == (302, "/confirm?next=/residents/search")
    assert client.get("/residents/search", headers={"HX-Request": "true"}).status_code == 422
    answer = key.answer(sign_in.key_challenge(token, clock=clock), "http://testserver")
    confirmed = client.post("/confirm", {"response": answer, "next": "/residents/search"})
    assert (confirmed.status_code, confirmed["Location"]) == (302, "/residents/search")
    client.post("/purpose", {"purpose": "counter_inquiry"})
    assert client.get("/residents/search").status_code == 200
