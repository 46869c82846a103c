"""Erasure is the municipality's own act: an operator without the duty is refused, by program and database, and it is logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import psycopg
import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.ledgers import services as ledgers
from yakuba.platform.ledgers.models import Case
from yakuba.platform.retention import services

pytestmark = pytest.mark.usefixtures("town")
DAY = date(2034, 4, 3)


@pytest.mark.req("RET-021", "RET-T-005")
def test_only_the_municipality_erases_and_every_attempt_is_logged(make_desk: Callable[..., Desk]) -> None:
    officer = make_desk({Duty.SECURITY}, purpose=Purpose.SYSTEM)
    told = {"held_on": "2026-11-19", "scenario": "見本", "participants": "3"}
    case = ledgers.open_case(officer, "drill", "訓練", told)
    ledgers.record(officer, case.pk, "result", {"result": "見本", "improvements": "なし"})
    then = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=JAPAN)
    city = make_desk({Duty.RETENTION}, account="shi1", at=then)
    run = services.request(city, "ledgers_case", DAY, DAY)
    services.extract(city, run.pk)
    head = make_desk({Duty.APPROVAL}, account="kacho1", at=then)
    (waiting,) = approvals.waiting_for(head)
    approvals.decide(head, waiting.application.pk, grant=True)

    provider = make_desk(set(Duty) - {Duty.RETENTION}, account="jigyosha1", at=then)
    for attempt in (
        lambda: services.request(provider, "ledgers_case", DAY, DAY),
        lambda: services.extract(provider, run.pk),
        lambda: services.dispose(provider, run.pk),
    ):
        with pytest.raises(AccessDenied):
            attempt()
    assert Entry.objects.filter(account="jigyosha1", operation="erase", result="denied").count() == 3
    for duty in sorted(set(Duty) - {Duty.RETENTION}):
        with pytest.raises(ProgrammingError) as refused, database_roles.stretch(savepoint=True):
            database_roles.take(duty)
            with connection.cursor() as cursor:
                cursor.execute("SELECT retention_erase_ledgers_case(%s, %s)", [run.pk, DAY])
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege), duty
    assert Case.objects.filter(pk=case.pk).exists()

    services.dispose(city, run.pk)
    assert not Case.objects.filter(pk=case.pk).exists()
    assert Entry.objects.filter(account="shi1", operation="erase", result="done", detail__step="dispose").exists()
