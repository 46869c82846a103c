"""Protected persons: what a grant opens of them, until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from tests.platform.linkage.conftest import PEOPLE

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.linkage.models import Grant, Record
from yakuba.platform.linkage.reading import Reading, read
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder, set_flags
from yakuba.platform.protection.policy import POLICY, FlagKind, Outcome

LAST = date(2026, 12, 31)


@pytest.fixture
def ask(granted: Callable[..., Grant], clerk: Desk) -> Callable[..., Reading]:
    grant = granted()

    def run(on: date = date(2026, 11, 20)) -> Reading:
        desk = replace(clerk, clock=FixedClock(datetime.combine(on, time(9), JAPAN)))
        return read(desk, grant.pk, "sample:people", [1, 2], ["name", "town"], system="welfare", case="R8-1")

    return run


def flag(make_desk: Any, kind: FlagKind, way: Way = Way.LINKAGE) -> None:
    set_flags(
        make_desk({Duty.PROTECTION}, account="shien1"),
        FlagOrder(
            subjects=(2,), kind=kind, ways=(way,), starts_on=date(2026, 11, 20), last_day=LAST, reason="見本",
        ),
    )  # fmt: skip


def test_where_a_protected_person_lives_is_masked_until_the_flag_ends(ask: Callable[..., Reading], make_desk: Any):
    assert ask().rows[2] == {"name": "見本　二", "town": "見本町二"}
    flag(make_desk, FlagKind.SUPPORT)
    for day in (date(2026, 11, 20), LAST):
        got = ask(day)
        assert got.rows == {1: {"name": "見本　一", "town": "見本町一"}, 2: {"name": "見本　二", "town": None}}
        assert (got.masked, got.withheld) == (1, 0)
    after = ask(date(2027, 1, 1))
    assert (after.rows[2]["town"], after.masked) == (PEOPLE[2]["town"], 0)
    assert Record.objects.count() == 4


def test_a_refused_person_is_missing_like_an_unknown_one(
    ask: Callable[..., Reading], make_desk: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(POLICY[Way.LINKAGE], FlagKind.SUPPORT, Outcome.REFUSED)
    flag(make_desk, FlagKind.SUPPORT)
    got = ask()
    assert set(got.rows) == {1}
    assert (got.withheld, Record.objects.get().withheld, Record.objects.get().handed_out) == (1, 1, 1)
