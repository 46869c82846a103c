from __future__ import annotations

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Role(StrEnum):
    """What an office is to a key: the owner of a view (所管課), or the recipient of a provision (利用課)."""

    OWNER = "owner"
    RECIPIENT = "recipient"


class Assignment(models.Model):
    """Append-only switch: from `start` an office is, or no longer is, owner of a view or recipient of a provision.

    On a day the row with the latest `start`, and of those the latest one, says which.
    """

    role = models.CharField(max_length=10, help_text="a Role")
    key = models.TextField(help_text="a LinkView's or a Provision's")
    office = models.CharField(max_length=10)
    holds = models.BooleanField()
    start = models.DateField()
    account = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        db_table = "linkage_assignment"
        indexes = [models.Index(fields=["role", "key", "office", "start"], name="linkage_assignment_key")]


class Affair(models.Model):
    """独自利用事務 of the house's own ordinance (番号法9条2項): a provision that law's list doesn't have. Append-only."""

    office = models.CharField(max_length=10)
    dataset = models.CharField(max_length=30)
    ordinance = models.TextField(help_text="article of the ordinance")
    affair = models.TextField()
    items = ArrayField(models.TextField(), help_text="all that may ever be granted for it")
    method = models.CharField(max_length=20)
    start = models.DateField()
    end = models.DateField(null=True, help_text="first day that it no longer holds")
    application = models.ForeignKey("approvals.Application", models.PROTECT, related_name="+")

    class Meta:
        db_table = "linkage_affair"


class Grant(models.Model):
    """What an approved application opened. Append-only; whether it lives is its application's state, its days and its end."""

    application = models.OneToOneField("approvals.Application", models.PROTECT, related_name="linkage_grant")
    office = models.CharField(max_length=10)
    view = models.TextField()
    system = models.CharField(max_length=40, help_text="the using system")
    provision = models.TextField()
    items = ArrayField(models.TextField())
    purpose = models.TextField()
    method = models.CharField(max_length=20)
    start = models.DateField()
    end = models.DateField(help_text="last day on which it may be read")

    class Meta:
        db_table = "linkage_grant"
        indexes = [models.Index(fields=["office", "view"], name="linkage_grant_office")]


class GrantEnd(models.Model):
    """The using office gave a grant up before its time. Append-only."""

    grant = models.OneToOneField(Grant, models.PROTECT, related_name="given_up")
    account = models.CharField(max_length=40)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "linkage_grant_end"


class Record(models.Model):
    """提供・移転の記録, one a reading, refused ones too. Append-only until its years are over."""

    at = models.DateTimeField()
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10, help_text="to whom")
    terminal = models.CharField(max_length=20)
    grant = models.ForeignKey(Grant, models.PROTECT, null=True, related_name="records")
    view = models.TextField()
    system = models.CharField(max_length=40)
    flow = models.CharField(max_length=10)
    method = models.CharField(max_length=20)
    law = models.TextField()
    purpose = models.TextField()
    case = models.TextField()
    items = ArrayField(models.TextField())
    subjects = ArrayField(models.BigIntegerField())
    handed_out = models.IntegerField(help_text="persons of whom something was handed out")
    withheld = models.IntegerField(default=0, help_text="persons whom protection kept back")
    refusal = models.CharField(max_length=20, default="", help_text="code of the finding; empty: handed out")

    class Meta:
        db_table = "linkage_record"
        indexes = [
            GinIndex(fields=["subjects"], name="linkage_record_subjects"),
            models.Index(fields=["at"], name="linkage_record_at"),
        ]
