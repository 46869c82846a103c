"""Publishing inside the act's transaction, and delivering after it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import connection

from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.rights import Task
from yakuba.platform.clock import Clock

from . import registry
from .models import Delivery, Event

CHANNEL = "yakuba_events"
MAX_ATTEMPTS = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """An event about to be published: `subject` is the 宛名番号 it is about, by which deliveries keep their order."""

    type: registry.EventType
    subject: int | None
    legal_date: date
    payload: Any


def publish(desk: Desk, publications: Iterable[Publication]) -> list[Event]:
    """Write events and outbox rows in the current transaction; wake the dispatcher when it commits.

    Raises TypeError for a payload of another type and RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("events are published in the transaction of the act")
    rows = []
    for item in publications:
        if not isinstance(item.payload, item.type.payload):
            raise TypeError(f"{item.type.name} carries {item.type.payload.__name__}")
        rows.append(
            Event(
                name=registry.event_type(item.type.name).name,
                subject=item.subject,
                legal_date=item.legal_date,
                recorded_at=desk.now,
                account=desk.account,
                terminal=desk.terminal,
                office=desk.office,
                purpose=desk.purpose,
                payload=asdict(item.payload),
            )
        )
    events = Event.objects.bulk_create(rows)
    deliveries = [
        Delivery(event=event, subscriber=subscriber.name, subject=event.subject)
        for event in events
        for subscriber in registry.subscribers(event.name)
    ]
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return events


def dispatch(clock: Clock, limit: int = 500) -> int:
    """Deliver what is open, oldest first; return how many were delivered.

    One dispatcher at a time per node (advisory lock), so order per subject holds. A failing delivery is kept with its
    error and holds back only the later ones of the same subject and subscriber; after `MAX_ATTEMPTS` it waits for a
    person (`open_failures`).
    """
    delivered = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [CHANNEL])
        if not cursor.fetchone()[0]:
            return 0
    try:
        held: set[tuple[str, int | None]] = set()
        with database_roles.task(Task.DELIVERY):
            waiting = Delivery.objects.filter(done_at__isnull=True).select_related("event").order_by("event_id", "id")
            rows = list(waiting[:limit])
        for delivery in rows:
            key = (delivery.subscriber, delivery.subject)
            if delivery.attempts >= MAX_ATTEMPTS or key in held:
                if delivery.subject is not None:
                    held.add(key)
                continue
            if _deliver(delivery, clock):
                delivered += 1
            else:
                held.add(key)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [CHANNEL])
    return delivered


def _deliver(delivery: Delivery, clock: Clock) -> bool:
    event = delivery.event
    type_ = registry.event_type(event.name)
    try:
        with database_roles.task(Task.DELIVERY, savepoint=True):
            registry.subscriber(delivery.subscriber, event.name).handle(
                registry.Delivered(
                    event.id,
                    event.name,
                    event.subject,
                    event.legal_date,
                    event.recorded_at,
                    registry.load_payload(type_, event.payload),
                )
            )
            Delivery.objects.filter(pk=delivery.pk).update(done_at=clock.now(), error="")
    except Exception as error:  # noqa: BLE001 -- whatever a subscriber raises is kept, counted and shown
        with database_roles.task(Task.DELIVERY):
            Delivery.objects.filter(pk=delivery.pk).update(
                attempts=delivery.attempts + 1, error=f"{type(error).__name__}: {error}"[:2000]
            )
        _log.error("delivery %s of %s to %s failed: %s", delivery.pk, event.name, delivery.subscriber, type(error))
        return False
    return True


def open_failures() -> list[Delivery]:
    """Deliveries that gave up and wait for a person."""
    with database_roles.task(Task.DELIVERY):
        return list(Delivery.objects.filter(done_at__isnull=True, attempts__gte=MAX_ATTEMPTS).select_related("event"))
