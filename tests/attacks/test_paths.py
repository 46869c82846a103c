"""Every address, asked as every set of duties: nobody is told of a person beyond what his set and the person's protection allow.

The oracle here knows nothing of the program but which exits an address declares: who may look people up at all, and which ways
of handing out a flag closes.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.attacks.small_town import TODAY, UNKNOWN, Home, answer, build, protect, requests, without_its_own
from tests.test_exits import VIEWS
from tests.web.conftest import SignedIn, open_session, signed_in, web

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.clock import FixedClock
from yakuba.platform.protection.exits import Exit, Way
from yakuba.platform.protection.policy import FlagKind, coverable
from yakuba.web import exits as web_exits

__all__ = ["signed_in", "web"]  # fixtures

READERS = frozenset({Duty.INQUIRY, Duty.REGISTRATION, Duty.REVIEW, Duty.CERTIFICATE, Duty.PROTECTION})
"""Whoever has none of these is told no person's name, wherever he asks."""
PLACES = frozenset({Duty.INQUIRY, Duty.REGISTRATION, Duty.REVIEW, Duty.CERTIFICATE})
"""Whoever has none of these is told nowhere where somebody lives."""
MASKING = frozenset({FlagKind.SUPPORT, FlagKind.PROVISIONAL_SUPPORT})


@dataclass(frozen=True)
class Viewer:
    """Who asks; `closed` says for each household which ways its flag closes to him."""

    duties: frozenset[Duty]
    purpose: str
    closed: tuple[frozenset[Way], ...]

    def may_read(self, declared: tuple[Exit, ...]) -> bool:
        return bool(declared and self.duties & READERS)

    def may_place(self, declared: tuple[Exit, ...], home: int) -> bool:
        if not declared or not self.duties & PLACES:
            return False
        return Duty.PROTECTION in self.duties or any(exit_.way not in self.closed[home] for exit_ in declared)


@pytest.fixture
def homes(town: None, make_desk: Callable[..., Desk]) -> tuple[Home, ...]:
    return build(make_desk)


@pytest.fixture
def ask(homes: tuple[Home, ...], web: FixedClock) -> Callable[[Viewer], int]:
    """Ask every address as this viewer and compare what is told with what may be; the number of requests."""

    def run(viewer: Viewer) -> int:
        client = Client()
        login = "shirabe" + hashlib.sha256(repr(sorted(viewer.duties)).encode()).hexdigest()[:16]
        client.cookies["yakuba_session"] = open_session(web, login, viewer.duties, viewer.purpose)
        asked = 0
        for name, view, method in VIEWS:
            said = web_exits.of_view(view, method)
            assert said is not None
            if name.endswith(" /sign-out"):
                continue
            for request in requests(name, homes, thoroughly=bool(said.exits)):
                asked += 1
                status, told = answer(client, request)
                assert status < 500, (request, told[:400])
                for place, home in enumerate(homes):
                    found = home.told(told, home.numbers) if "individual-number" not in name else []
                    if not viewer.may_read(said.exits):
                        found += home.told(told, home.names)
                    if not viewer.may_place(said.exits, place):
                        found += home.places_in(
                            told.replace(str(home.household), "") if request.names(home.household) else told
                        )
                    assert found == [], (request, sorted(viewer.duties), viewer.closed[place])
        return asked

    return run


SHUT = (frozenset(Way), frozenset[Way](), frozenset(Way))
CARING = {Duty.PROTECTION, Duty.PROTECTION_RELEASE}
SETS: dict[str, frozenset[Duty]] = {
    **{str(duty): frozenset({duty}) for duty in sorted(READERS)},
    "all that may not look anybody up": frozenset(Duty) - READERS,
    "all but protection": frozenset(Duty) - CARING,
}


@pytest.mark.req("SEC-T-003")
@pytest.mark.parametrize("duties", SETS)
def test_a_set_of_duties_opens_what_is_its_own(
    ask: Callable[[Viewer], int], homes: tuple[Home, ...], make_desk: Callable[..., Desk], duties: str
) -> None:
    """Two of three households under protection."""
    for home in (homes[0], homes[2]):
        protect(make_desk(account="hogo1"), home)
    assert ask(Viewer(SETS[duties], Purpose.COUNTER_INQUIRY, SHUT)) > 200


def test_the_search_for_secrets_would_find_them(homes: tuple[Home, ...], signed_in: SignedIn) -> None:
    """What the oracle looks for does stand where it may."""
    client = signed_in()
    for home in homes:
        told = "".join(
            client.get(address).content.decode()
            for address in (
                f"/residents/{home.persons[0]}", f"/residents/filings/{home.registered}", f"/residents/filings/{home.waiting}",
                f"/residents/households/{home.household}",
            )
        )  # fmt: skip
        assert home.told(told, home.names) == list(home.names)
        assert set(home.whereabouts) - set(home.places_in(told)) <= set(
            home.whereabouts[4:6]
        )  # a notifier's phone and address
        assert f"世帯{home.household}" in home.places_in(told)


# -- existence ----------------------------------------------------------------------------------------------------------

ADDRESSES = (
    "/residents/{}", "/api/residents/{}", "/residents/{}/individual-number", "/residents/households/{}", "/protection/{}",
    "/residents/filings/{}", "/residents/certificates/new?person={}", "/residents/filings/new/move_out?person={}",
    "/residents/filings/new/move_in?household={}",
)  # fmt: skip


@pytest.mark.parametrize("duty", sorted(set(Duty) - READERS - {Duty.INDIVIDUAL_NUMBER}))
def test_who_may_not_look_up_cannot_tell_whether_somebody_is_there(
    homes: tuple[Home, ...], signed_in: SignedIn, make_desk: Callable[..., Desk], duty: Duty
) -> None:
    protect(make_desk(account="hogo1"), homes[0])
    client = signed_in(duty)
    for address in ADDRESSES:
        numbers = [
            UNKNOWN,
            homes[0].persons[0],
            homes[1].persons[0],
            homes[0].household,
            homes[1].household,
            homes[0].waiting,
        ]
        answers = set()
        for number in numbers:
            response = client.get(address.format(number))
            answers.add((response.status_code, without_its_own(response.content.decode(), number)))
        assert len(answers) == 1, (address, _difference(*sorted(answers)[:2]))


def _difference(one: tuple[int, str], other: tuple[int, str]) -> list[str]:
    return [f"{one[0]} {other[0]}", *difflib.unified_diff(one[1].splitlines(), other[1].splitlines(), lineterm="", n=0)]


def test_a_protected_household_answers_like_one_that_does_not_exist(
    homes: tuple[Home, ...], signed_in: SignedIn, make_desk: Callable[..., Desk]
) -> None:
    protect(make_desk(account="hogo1"), homes[0])
    client = signed_in(*(set(Duty) - {Duty.PROTECTION, Duty.PROTECTION_RELEASE}))
    for address in ("/residents/households/{}", "/residents/filings/new/move_in?household={}"):
        told = [
            (response.status_code, without_its_own(response.content.decode(), number))
            for number in (homes[0].household, UNKNOWN)
            for response in [client.get(address.format(number))]
        ]
        assert told[0] == told[1], address


SEARCHES: dict[str, Callable[[Home], dict[str, str]]] = {
    "address": lambda home: {"address": home.whereabouts[0]},
    "katagaki": lambda home: {"katagaki": home.whereabouts[1]},
    "household": lambda home: {"household": str(home.household)},
    "address and name": lambda home: {"address": home.whereabouts[0], "name": home.name_start},
    "relationship and name": lambda home: {"relationship": "世帯主", "name": home.name_start},
}


@pytest.mark.parametrize("keys", sorted(SEARCHES))
def test_no_search_by_what_is_masked_differs_from_one_that_finds_nothing(
    homes: tuple[Home, ...], signed_in: SignedIn, make_desk: Callable[..., Desk], keys: str
) -> None:
    client = signed_in(*(set(Duty) - {Duty.PROTECTION, Duty.PROTECTION_RELEASE}))
    asked = SEARCHES[keys](homes[0])
    before = client.post("/api/residents/search", {"keys": asked}, content_type="application/json").json()
    assert before["hits"], "the key finds them while nothing is masked"
    protect(make_desk(account="hogo1"), homes[0])
    after = client.post("/api/residents/search", {"keys": asked}, content_type="application/json")
    assert (after.status_code, after.json()) == (200, {"hits": [], "more": False})
    page = client.post("/residents/search", asked).content.decode()
    assert not any(str(number) in page for number in homes[0].persons)


# -- at random ----------------------------------------------------------------------------------------------------------


@st.composite
def viewers(draw: st.DrawFn) -> tuple[Viewer, tuple[tuple[int, FlagKind, frozenset[Way]], ...]]:
    """A set of duties, a purpose, and flags of any kind and extent at some of the households."""
    duties = draw(st.frozensets(st.sampled_from(sorted(Duty)), max_size=5))
    placed, closed = [], [frozenset[Way]()] * 3
    for home in draw(st.sets(st.integers(0, 2))):
        kind = draw(st.sampled_from(sorted(FlagKind)))
        ways = frozenset(draw(st.sets(st.sampled_from(sorted(coverable(kind, TODAY))), min_size=1)))
        placed.append((home, kind, ways))
        closed[home] = frozenset(map(Way, ways)) if kind in MASKING else frozenset()
    purpose = draw(st.sampled_from(["", *sorted(Purpose)]))
    return Viewer(duties, purpose, tuple(closed)), tuple(placed)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(case=viewers())
def test_no_address_tells_more_than_the_viewers_set(
    case: Any, ask: Callable[[Viewer], int], homes: tuple[Home, ...], make_desk: Callable[..., Desk]
) -> None:
    viewer, placed = case
    with transaction.atomic():
        for home, kind, ways in placed:
            protect(make_desk(account="hogo1"), homes[home], kind, ways)
        ask(viewer)
        transaction.set_rollback(True)
