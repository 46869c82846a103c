from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models


class State(models.TextChoices):
    REQUESTED = "requested", "依頼済み"
    LISTED = "listed", "一覧作成済み"
    ENDED = "ended", "廃棄済み"
    CANCELLED = "cancelled", "取りやめ"


class Run(models.Model):
    """廃棄処理: one kind of record as of one base date."""

    kind = models.TextField(help_text="name of a RecordKind")
    base_date = models.DateField(help_text="基準日")
    disposal_date = models.DateField(help_text="廃棄日: erased on it or later, never before")
    state = models.TextField(choices=State.choices, default=State.REQUESTED)
    account = models.TextField()
    office = models.TextField()
    requested_at = models.DateTimeField()
    salt = models.BinaryField(
        null=True, help_text="of list_hash; goes with the list, so that it can't be guessed from it"
    )
    list_hash = models.BinaryField(default=b"", help_text="SHA-256 of salt and list")

    class Meta:
        db_table = "retention_run"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "base_date"], condition=~models.Q(state="cancelled"), name="retention_run_once"
            )
        ]


class Item(models.Model):
    """One record of a run's list, until it is erased."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="items")
    key = models.BigIntegerField(help_text="of the record, as its kind counts")
    office = models.TextField(help_text="管理する部署")
    since = models.DateField(help_text="from when its period ran")
    is_approved = models.BooleanField(default=False)

    class Meta:
        db_table = "retention_item"
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="retention_item_once")]


class Outcome(models.Model):
    """Evidence, append-only and without personal content: what became of a run's records at an office, and why."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="outcomes")
    office = models.TextField()
    result = models.TextField(help_text="a Result")
    records = models.IntegerField()
    rows = models.JSONField(default=dict, help_text="table -> rows erased")
    at = models.DateTimeField()
    account = models.TextField()

    class Meta:
        db_table = "retention_outcome"


class Hold(models.Model):
    """廃棄の停止: a record that is kept beyond its period, for a litigation, an investigation, a request for disclosure."""

    kind = models.TextField()
    key = models.BigIntegerField()
    period = DateRangeField(help_text="from, to exclusive; no end: until lifted")
    reason = models.TextField()
    account = models.TextField()
    placed_at = models.DateTimeField()

    class Meta:
        db_table = "retention_hold"
        indexes = [models.Index(fields=["kind", "key"], name="retention_hold_key")]
