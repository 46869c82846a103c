"""A small personnel section, and people who sign in with both factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pyotp
import pytest
from django.contrib.auth.hashers import make_password

from yakuba.core.findings import Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, Office
from yakuba.platform.clock import FixedClock
from yakuba.platform.vault import sealing

PASSWORD = "とても長い合言葉-1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHED = make_password(PASSWORD)
ADDRESS = "127.0.0.1"
MakeDesk = Callable[..., Desk]


@pytest.fixture(autouse=True)
def house(town: None) -> None:
    """A second office."""
    Office.objects.get_or_create(code="110", defaults={"name": "税務課"})
    Office.objects.get_or_create(code="900", defaults={"name": "情報政策課"})


@pytest.fixture
def personnel(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.PERSONNEL}, account="jinji1", purpose=Purpose.SYSTEM)


def account_of(login: str, office: str = "100") -> Account:
    """An account with a password and a one-time code, and nothing else."""
    return Account.objects.create(
        login=login,
        name=f"見本　{login}",
        office_id=office,
        password=HASHED,
        totp_sealed=sealing.seal(sign_in.totp_context(login), SECRET.encode()),
        substitute_until=date.max,
    )


@dataclass
class Door:
    """Tries to sign in."""

    clock: FixedClock

    def enter(self, login: str) -> str:
        """The token of an open session. Raises SignInRefused."""
        self.clock.advance(timedelta(seconds=90))  # a code counts once
        place = sign_in.place_of(ADDRESS, clock=self.clock)
        assert place is not None
        half = sign_in.password(login, PASSWORD, place=place, clock=self.clock)
        return sign_in.one_time_code(half, pyotp.TOTP(SECRET).at(self.clock.now()), clock=self.clock)

    def refusal(self, login: str) -> set[str]:
        """The codes with which signing in is refused; empty when it isn't."""
        try:
            self.enter(login)
        except Refused as refusal:
            return {finding.code for finding in refusal.findings}
        return set()

    def desk(self, token: str) -> Desk | None:
        """What the next request of a session is: a desk, or none."""
        signed = sign_in.current(token, address=ADDRESS, clock=self.clock)
        return signed.desk if signed else None


@pytest.fixture
def door(clock: FixedClock) -> Door:
    return Door(clock)
