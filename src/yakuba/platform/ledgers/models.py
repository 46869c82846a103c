from __future__ import annotations

from django.db import models
from django.db.models import Q


class Case(models.Model):
    """One case of a kind, as it was opened. Append-only: what changes is an entry."""

    kind = models.TextField(help_text="name of a Kind")
    title = models.TextField()
    fields = models.JSONField(default=dict)
    checklist = models.JSONField(default=list, help_text="items of a self-check: key, label, carried")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    account = models.TextField()
    office = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledgers_case"
        indexes = [models.Index(fields=["kind", "id"], name="ledgers_case_kind")]


class Task(models.Model):
    """What must be done in a case, until the end of `due`, by `office` (empty: who handles the kind). Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    name = models.TextField()
    label = models.TextField()
    office = models.TextField(default="")
    due = models.DateField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledgers_task"
        indexes = [models.Index(fields=["due"], name="ledgers_task_due")]


class Entry(models.Model):
    """One step of a case; with `task`, the one that completes it. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries")
    act = models.TextField(help_text="name of an Act of the kind, or close")
    task = models.OneToOneField(Task, models.PROTECT, null=True, related_name="completion")
    fields = models.JSONField(default=dict)
    documents = models.JSONField(default=list, help_text="name, SHA-256 and place of what was attached")
    account = models.TextField()
    office = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledgers_entry"
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(act="close"), name="ledgers_entry_one_end"),
        ]
