from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

LANES = 16


class Lane(models.Model):
    """One hash chain. Only `audit_append` moves its head."""

    number = models.SmallIntegerField(primary_key=True)
    length = models.BigIntegerField(default=0)
    head = models.BinaryField(default=b"")

    class Meta:
        db_table = "audit_lane"


class Entry(models.Model):
    lane = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    account = models.TextField()
    terminal = models.TextField()
    office = models.TextField()
    purpose = models.TextField()
    operation = models.TextField()
    subjects = ArrayField(models.BigIntegerField(), default=list)
    target = models.TextField()
    result = models.TextField()
    detail = models.JSONField(default=dict)
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_entry"
        constraints = [models.UniqueConstraint(fields=["lane", "sequence"], name="audit_entry_chain")]
        indexes = [
            GinIndex(fields=["subjects"], name="audit_entry_subjects"),
            models.Index(fields=["account", "at"], name="audit_entry_account"),
        ]
