from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Print(models.Model):
    """Leave to print one screen once. Append-only.

    `screen`: its path, without what was asked; `subjects`: 宛名番号 that the path names; `application`: by which it was decided.
    """

    at = models.DateTimeField()
    account = models.CharField(max_length=40)
    name = models.TextField()
    office = models.CharField(max_length=10)
    terminal = models.CharField(max_length=20)
    purpose = models.CharField(max_length=30)
    screen = models.TextField()
    subjects = ArrayField(models.BigIntegerField(), default=list)
    reason = models.TextField()
    application = models.BigIntegerField(null=True)

    class Meta:
        db_table = "printing_print"
        indexes = [models.Index(fields=["account", "-id"], name="printing_print_account")]


class StepKind(models.TextChoices):
    PRINTED = "printed", "印刷"
    DISPOSED = "disposed", "廃棄"


class Step(models.Model):
    """What became of it. Append-only; each kind happens once."""

    print = models.ForeignKey(Print, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    account = models.CharField(max_length=40)
    note = models.TextField(default="")

    class Meta:
        db_table = "printing_step"
        constraints = [models.UniqueConstraint(fields=["print", "kind"], name="printing_step_once")]
