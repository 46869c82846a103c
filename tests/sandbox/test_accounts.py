"""The sandbox's staff can sign in with what their file says, and only they can read it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.conf import settings

from yakuba.platform.access import sign_in
from yakuba.platform.access.models import Account
from yakuba.platform.clock import FixedClock
from yakuba.platform.people.affairs import conflicts
from yakuba.sandbox import accounts


@pytest.fixture
def made(town: None, clock: FixedClock) -> Path:
    accounts.create_all(clock)
    return Path(settings.DATA) / "secrets" / "sandbox-accounts.json"


def test_everybody_signs_in_with_both_factors(made: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    place = sign_in.place_of("127.0.0.1", clock=clock)
    assert place is not None
    rows = accounts.accounts(clock)
    assert [row["login"] for row in rows] == [sample.login for sample in accounts.SAMPLES]
    assert {"madoguchi1", "madoguchi2", "shinsa1", "shomei1", "kansa1", "kanri1", "kacho1", "joho1"} <= {
        row["login"] for row in rows
    }
    assert all(not conflicts(sample.duties) for sample in accounts.SAMPLES)
    for sample, row in zip(accounts.SAMPLES, rows, strict=True):
        half = sign_in.password(row["login"], row["password"], place=place, clock=clock)
        token = sign_in.one_time_code(half, row["one_time_code"], clock=clock)
        found = sign_in.current(token, address="127.0.0.1", clock=clock)
        assert found is not None
        assert found.desk.duties == set(sample.duties)


def test_the_file_is_closed_to_others(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_set_up_again_changes_nothing_and_a_lost_file_is_made_anew(made: Path, clock: FixedClock) -> None:
    before = accounts.accounts(clock)
    accounts.create_all(clock)
    assert accounts.accounts(clock) == before
    made.unlink()
    assert accounts.accounts(clock) == []
    accounts.create_all(clock)
    assert {row["login"] for row in accounts.accounts(clock)} == {row["login"] for row in before}
    assert accounts.accounts(clock) != before
    assert Account.objects.filter(login__in=[row["login"] for row in before]).count() == len(accounts.SAMPLES)
