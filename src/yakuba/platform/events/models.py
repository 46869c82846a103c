from __future__ import annotations

from django.db import models


class Event(models.Model):
    """What happened. Append-only."""

    name = models.TextField()
    subject = models.BigIntegerField(null=True)
    legal_date = models.DateField()
    recorded_at = models.DateTimeField()
    account = models.TextField()
    terminal = models.TextField()
    office = models.TextField()
    purpose = models.TextField()
    payload = models.JSONField()

    class Meta:
        db_table = "events_event"
        indexes = [models.Index(fields=["subject", "id"], name="events_event_subject")]


class Delivery(models.Model):
    """One subscriber's copy of an event: the outbox row."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    subscriber = models.TextField()
    subject = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    error = models.TextField(default="")

    class Meta:
        db_table = "events_delivery"
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="events_delivery_once")]
        indexes = [
            models.Index(
                fields=["subscriber", "event"],
                name="events_delivery_open",
                condition=models.Q(done_at__isnull=True),
            )
        ]
