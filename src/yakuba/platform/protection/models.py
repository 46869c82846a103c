"""Tables of the protection. All of them are append-only: what ends gets a row that says so."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Flag(models.Model):
    """A flag on a person for days `starts_on` to `ends_before` (exclusive; NULL: until it is ended)."""

    subject = models.BigIntegerField(help_text="宛名番号")
    kind = models.CharField(max_length=2, help_text="a FlagKind")
    ways = ArrayField(models.CharField(max_length=20), help_text="the Ways that it covers")
    starts_on = models.DateField()
    ends_before = models.DateField(null=True)
    set_at = models.DateTimeField()
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)

    class Meta:
        db_table = "protection_flag"
        indexes: ClassVar = [models.Index(fields=["subject"], name="protection_flag_subject")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_before=None) | Q(ends_before__gt=F("starts_on")), name="protection_flag_period"
            )
        ]


class FlagReason(models.Model):
    """Why a flag was set, kept apart: only those who care for flags may read it."""

    flag = models.OneToOneField(Flag, models.PROTECT, primary_key=True, related_name="reason")
    reason = models.TextField()
    case = models.TextField(help_text="申出書・文書番号")

    class Meta:
        db_table = "protection_flag_reason"


class FlagEnd(models.Model):
    """A flag was ended: from `ends_before` on it doesn't hold, whatever it said itself."""

    flag = models.OneToOneField(Flag, models.PROTECT, primary_key=True, related_name="end")
    ends_before = models.DateField()
    ended_at = models.DateTimeField()
    account = models.CharField(max_length=60)
    reason = models.TextField()

    class Meta:
        db_table = "protection_flag_end"


class Release(models.Model):
    """一時解除: one person's record is open to one clerk, in one way, from a moment to another."""

    subject = models.BigIntegerField(help_text="宛名番号")
    way = models.CharField(max_length=20, help_text="a Way")
    account = models.CharField(max_length=60, help_text="to whom")
    starts_at = models.DateTimeField()
    until = models.DateTimeField(help_text="exclusive")
    uses = models.IntegerField(null=True, help_text="how often; NULL: as often as wanted until then")
    released_by = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    reason = models.TextField()
    case = models.TextField()

    class Meta:
        db_table = "protection_release"
        indexes: ClassVar = [models.Index(fields=["account", "until"], name="protection_release_account")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gt=F("starts_at")), name="protection_release_period"),
            models.CheckConstraint(condition=~Q(account=F("released_by")), name="protection_release_other_person"),
            models.CheckConstraint(condition=Q(uses=None) | Q(uses__gt=0), name="protection_release_uses"),
        ]


class ReleaseUse(models.Model):
    """Something went out by a release. What has the same `reference` (a request sent twice) is one use."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="used")
    exit = models.CharField(max_length=80)
    reference = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "protection_release_use"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["release", "reference"], name="protection_release_use_reference")
        ]


class ReleaseEnd(models.Model):
    """A release was taken back before its time."""

    release = models.OneToOneField(Release, models.PROTECT, primary_key=True, related_name="end")
    at = models.DateTimeField()
    account = models.CharField(max_length=60)
    reason = models.TextField()

    class Meta:
        db_table = "protection_release_end"
