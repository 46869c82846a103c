from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
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
    """One act. `leaf` commits to salt and content, `hash` to the lane up to here."""

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
    salt = models.UUIDField()
    leaf = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_entry"
        constraints = [models.UniqueConstraint(fields=["lane", "sequence"], name="audit_entry_chain")]
        indexes = [
            GinIndex(fields=["subjects"], name="audit_entry_subjects"),
            models.Index(fields=["account", "at"], name="audit_entry_account"),
            BrinIndex(fields=["at"], name="audit_entry_at"),
        ]


class Leaf(models.Model):
    """A place in the tree; it outlives the entry's content. `leaf` and `hash` are the entry's."""

    position = models.BigIntegerField(primary_key=True)
    lane = models.SmallIntegerField()
    sequence = models.BigIntegerField()
    leaf = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_leaf"
        constraints = [models.UniqueConstraint(fields=["lane", "sequence"], name="audit_leaf_chain")]


class Node(models.Model):
    """The root of a complete subtree of 2^`level` leaves; every eighth level is kept."""

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_node"
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="audit_node_place")]


class Checkpoint(models.Model):
    """A signed tree head: `note` is what was signed with its signature."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        db_table = "audit_checkpoint"


class Erasure(models.Model):
    """That entries of before `before` lost content and salt: how many, SHA-256 of their leaves, and the log's entry of it."""

    at = models.DateTimeField()
    before = models.DateTimeField()
    account = models.TextField()
    ground = models.TextField()
    entries = models.BigIntegerField()
    digest = models.BinaryField()
    lane = models.SmallIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        db_table = "audit_erasure"


class ErasedRange(models.Model):
    """Entries of a lane that an erasure took."""

    erasure_id = models.BigIntegerField()
    lane = models.SmallIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        db_table = "audit_erased_range"
        indexes = [models.Index(fields=["lane", "first"], name="audit_erased_lane")]


class Inspection(models.Model):
    """点検: one day of the log was examined. `summary`: office -> account -> counts by kind of act."""

    day = models.DateField(unique=True)
    at = models.DateTimeField()
    account = models.TextField()
    entries = models.IntegerField()
    concerns = models.IntegerField()
    summary = models.JSONField()

    class Meta:
        db_table = "audit_inspection"


class Mark(models.Model):
    """That somebody saw an inspection's result: the officer for the whole, a head of section for his office."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="marks")
    at = models.DateTimeField()
    account = models.TextField()
    name = models.TextField()
    office = models.TextField(help_text="empty: of the whole")
    text = models.TextField()

    class Meta:
        db_table = "audit_mark"


class Concern(models.Model):
    """点検の指摘: what a rule or a person wants looked at. Never changed; its steps say what became of it."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, null=True, related_name="found")
    rule = models.TextField()
    day = models.DateField()
    at = models.DateTimeField()
    account = models.TextField()
    name = models.TextField()
    office = models.TextField()
    count = models.IntegerField()
    text = models.TextField()
    entries = ArrayField(models.BigIntegerField(), default=list)
    subjects = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "audit_concern"
        indexes = [models.Index(fields=["office", "day"], name="audit_concern_office")]


class Step(models.Model):
    """What somebody did about a concern: `state` is the state that it has from then on."""

    concern = models.ForeignKey(Concern, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    account = models.TextField()
    name = models.TextField()
    state = models.CharField(max_length=12)
    text = models.TextField()
    case = models.TextField(help_text="the application document that was compared")

    class Meta:
        db_table = "audit_concern_step"


class Usage(models.Model):
    """使用簿: one use of a terminal by one person, from signing in to signing out."""

    terminal = models.TextField()
    office = models.TextField()
    account = models.TextField()
    name = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    searches = models.IntegerField()
    persons = models.IntegerField()
    method = models.TextField()

    class Meta:
        db_table = "audit_usage"
        constraints = [
            models.UniqueConstraint(fields=["account", "terminal", "started_at"], name="audit_usage_once"),
        ]


class UsageApproval(models.Model):
    """The security officer's approval of one line of the 使用簿."""

    usage = models.OneToOneField(Usage, models.PROTECT, related_name="approval")
    at = models.DateTimeField()
    account = models.TextField()
    name = models.TextField()

    class Meta:
        db_table = "audit_usage_approval"


class StaffLink(models.Model):
    """Which resident a clerk is, if the house knows: only inspections read it."""

    account = models.TextField()
    subject = models.BigIntegerField()
    since = models.DateField()
    until = models.DateField(null=True, help_text="first day on which it no longer holds")

    class Meta:
        db_table = "audit_staff_link"
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=models.Q(until=None), name="audit_staff_link_present")
        ]
