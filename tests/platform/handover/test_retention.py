"""Books go seven years after what they tell of has ended, and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.platform.handover.conftest import order, written
from tests.platform.handover.test_ledgers import new

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import JAPAN
from yakuba.platform.handover import ledgers, media, outgoing
from yakuba.platform.handover.models import (
    Draft,
    DraftEnd,
    Item,
    ItemStep,
    Ledger,
    Medium,
    MediumAct,
    Outcome,
    Receipt,
    Release,
    Step,
)  # fmt: skip
from yakuba.platform.retention import services
from yakuba.platform.retention.models import Item as Listed

EXPIRES = date(2033, 11, 20)
"""Seven years after 20 November 2026, on which everything here ends."""

OnDay = Callable[[date], Desk]


@pytest.fixture
def officer(make_desk: Any) -> OnDay:
    return lambda day: make_desk({Duty.RETENTION}, account="officer", at=datetime.combine(day, time(9), JAPAN))


@pytest.fixture
def approve(make_desk: Any) -> OnDay:
    def everything(day: date) -> Desk:
        desk: Desk = make_desk({Duty.APPROVAL}, account="kacho9", at=datetime.combine(day, time(9), JAPAN))
        for waiting in approvals.waiting_for(desk):
            approvals.decide(desk, waiting.application.pk, grant=True)
        return desk

    return everything


def listed(officer: Desk, kind: str) -> list[int]:
    run = services.request(officer, kind, officer.today, officer.today)
    services.extract(officer, run.pk)
    found = list(Listed.objects.filter(run=run).values_list("key", flat=True))
    services.cancel(officer, run.pk)
    return found


def erase(kind: str, officer: OnDay, approve: OnDay) -> dict[str, int]:
    run = services.request(officer(EXPIRES), kind, EXPIRES, EXPIRES)
    services.extract(officer(EXPIRES), run.pk)
    approve(EXPIRES)
    (outcome,) = services.dispose(officer(EXPIRES), run.pk)
    assert outcome.result == "erased"
    rows: dict[str, int] = outcome.rows
    return rows


@pytest.fixture
def closed(clerk: Desk, recipient: None) -> Release:
    release = outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    outgoing.confirm(clerk, release.pk, Outcome.RECEIVED, "県市町課　見本係", sha256=release.sealed_sha256)
    return release


@pytest.mark.req("RET-C-003")
def test_the_book_of_what_left_is_kept_seven_years(closed: Release, officer: OnDay, approve: OnDay):
    assert listed(officer(EXPIRES - timedelta(days=1)), "handover_outgoing") == []
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM handover_receipt")
    assert listed(officer(EXPIRES), "handover_outgoing") == [closed.draft_id]
    assert erase("handover_outgoing", officer, approve) == {
        "handover_receipt": 1, "handover_release": 1, "handover_draft_end": 1, "handover_draft": 1,
    }  # fmt: skip
    for model in (Receipt, Release, DraftEnd, Draft):
        assert not model.objects.exists()


def test_a_file_that_nobody_confirmed_stays_in_the_book(clerk: Desk, recipient: None, officer: OnDay):
    outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    assert listed(officer(EXPIRES + timedelta(days=3650)), "handover_outgoing") == []


def test_items_go_after_they_were_given_back(clerk: Desk, officer: OnDay, approve: OnDay):
    kept = ledgers.enter(clerk, new(Ledger.CONTRACTOR, number="契約7-3"))
    gone = ledgers.enter(clerk, new(Ledger.CONTRACTOR, number="契約7-4"))
    for step in (Step.VERIFIED, Step.RETURNED):
        ledgers.record(clerk, gone.pk, step, 120, note="一致")
    assert listed(officer(EXPIRES - timedelta(days=1)), "handover_item") == []
    assert listed(officer(EXPIRES), "handover_item") == [gone.pk]
    assert erase("handover_item", officer, approve) == {"handover_item_step": 2, "handover_item": 1}
    assert list(Item.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not ItemStep.objects.exists()


def test_a_medium_goes_after_its_files(
    clerk: Desk, security: Desk, medium: Medium, filled: Medium, officer: OnDay, approve: OnDay
):
    media.confirm_erasure(clerk, filled.pk, "上書き消去")
    media.apply_for_disposal(clerk, filled.pk, "物理破壊", "使用の終わり")
    for waiting in approvals.waiting_for(security):
        approvals.decide(security, waiting.application.pk, grant=True)
    media.dispose(clerk, filled.pk, "物理破壊", "")
    assert listed(officer(EXPIRES), "handover_medium") == [], "the book of files names it"
    for release in Release.objects.all():
        outgoing.confirm(clerk, release.pk, Outcome.RECEIVED, "県市町課　見本係", sha256=release.sealed_sha256)
    erase("handover_outgoing", officer, approve)
    assert listed(officer(EXPIRES), "handover_medium") == [filled.pk]
    erase("handover_medium", officer, approve)
    assert not MediumAct.objects.exists()
    assert not Medium.objects.exists()
