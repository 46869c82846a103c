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
