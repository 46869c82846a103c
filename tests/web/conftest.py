"""Signed-in clients for the screens' tests."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable

import pytest
from django.test import Client
from tests.staff import employ, give
from tests.systems.residents.conftest import common, move_in, person, town_codes

from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, Session
from yakuba.platform.clock import FixedClock

__all__ = ["common", "move_in", "person", "town_codes"]  # the registry's fixtures, for screens too

SignedIn = Callable[..., Client]


def open_session(
    clock: FixedClock, login: str, duties: Iterable[Duty], purpose: Purpose | str = Purpose.MOVE_FILING
) -> str:
    """The token of an open session, made without the hundred milliseconds of a password."""
    account, _ = Account.objects.get_or_create(login=login, defaults={"name": f"見本　{login}", "office_id": "100"})
    employ(account)
    give(account, duties)
    token = secrets.token_hex(32)
    Session.objects.create(
        key_hash=hashlib.sha256(token.encode()).digest(),
        account=account,
        terminal_id="T01",
        stage="open",
        purpose=str(purpose),
        started_at=clock.now(),
        seen_at=clock.now(),
        confirmed_at=clock.now(),
    )
    return token


@pytest.fixture
def web(settings: object, clock: FixedClock) -> FixedClock:
    """The web's clock is the test's."""
    settings.CLOCK = clock  # type: ignore[attr-defined]
    return clock


@pytest.fixture
def signed_in(town: None, web: FixedClock) -> SignedIn:
    """Factory: `signed_in(Duty.INQUIRY, login=…, purpose=…)` is a client with an open session; all duties unless stated."""

    def make(*duties: Duty, login: str = "madoguchi1", purpose: Purpose | str = Purpose.MOVE_FILING) -> Client:
        client = Client()
        client.cookies["yakuba_session"] = open_session(web, login, duties or tuple(Duty), purpose)
        return client

    return make
