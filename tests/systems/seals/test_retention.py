"""What of a seal is kept how long, and that it is then gone with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import JAPAN
from yakuba.platform.retention import services as retention
from yakuba.platform.retention.models import Item
from yakuba.sandbox.seal_pictures import draw
from yakuba.systems.seals import services
from yakuba.systems.seals.models import Card, Imprint, Registration, SealApplication, Step

pytestmark = pytest.mark.django_db


def at(make_desk: Any, day: date, duty: Duty, account: str) -> Desk:
    moment = datetime.combine(day, datetime.min.time(), JAPAN) + timedelta(hours=9)
    desk: Desk = make_desk({duty}, account=account, at=moment)
    return desk


def listed(officer: Desk, kind: str) -> tuple[int, list[int]]:
    run = retention.request(officer, kind, officer.today, officer.today)
    retention.extract(officer, run.pk)
    return run.pk, list(Item.objects.filter(run=run).values_list("key", flat=True))


@pytest.mark.req("RET-002")
def test_an_ended_registration_goes_after_five_years_and_one_that_holds_never(
    clerk: Desk, family: Any, make_desk: Any, register_seal: Any, holder_form: Callable[..., Any]
) -> None:
    gone, kept = register_seal(family[0]), register_seal(family[1], "花子", seed=2)
    services.abolish(clerk, holder_form(family[0]))
    before, expires = date(2031, 11, 19), date(2031, 11, 20)
    run, found = listed(at(make_desk, before, Duty.RETENTION, "officer"), "ended_seal")
    assert found == []
    retention.cancel(at(make_desk, before, Duty.RETENTION, "officer"), run)
    officer = at(make_desk, expires, Duty.RETENTION, "officer")
    run, found = listed(officer, "ended_seal")
    assert found == [gone.number]
    head = at(make_desk, expires, Duty.APPROVAL, "head")
    for waiting in approvals.waiting_for(head):
        approvals.decide(head, waiting.application.pk, grant=True)
    retention.dispose(officer, run)
    assert list(Registration.objects.values_list("number", flat=True)) == [kept.number]
    assert list(Card.objects.values_list("number", flat=True)) == [kept.card]
    assert (Imprint.objects.count(), SealApplication.objects.count()) == (1, 1)
    assert set(Step.objects.values_list("person", flat=True)) == {family[1]}


def test_an_application_that_led_nowhere_goes_after_two_years(
    clerk: Desk, reviewer: Desk, family: Any, make_desk: Any, seal_form: Callable[..., Any]
) -> None:
    receipt = services.apply(clerk, seal_form(family[0]), draw("見本", 1))
    services.send_back(reviewer, receipt.application, "印影が不鮮明")
    expires = date(2028, 11, 20)
    early = at(make_desk, expires - timedelta(days=1), Duty.RETENTION, "officer")
    run, found = listed(early, "seal_application")
    assert found == []
    retention.cancel(early, run)
    officer = at(make_desk, expires, Duty.RETENTION, "officer")
    run, found = listed(officer, "seal_application")
    assert found == [receipt.application]
    head = at(make_desk, expires, Duty.APPROVAL, "head")
    for waiting in approvals.waiting_for(head):
        approvals.decide(head, waiting.application.pk, grant=True)
    retention.dispose(officer, run)
    assert (Imprint.objects.count(), SealApplication.objects.count(), Step.objects.count()) == (0, 0, 0)
