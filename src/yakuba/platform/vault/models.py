from __future__ import annotations

from django.db import models
from django.db.models import Q


class Number(models.Model):
    """One 個人番号. A row changes only from an older key to the primary one; who holds it, and since when, is in the
    register's history."""

    sealed = models.BinaryField()
    blind_index = models.BinaryField(unique=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "vault_number"


class State(models.TextChoices):
    PRIMARY = "primary", "使用中"
    ACTIVE = "active", "復号のみ"
    RETIRED = "retired", "廃止"


class Key(models.Model):
    """What the database knows of a key: that it is, its state, and by which mark it is recognised. Never the key."""

    id = models.IntegerField(primary_key=True)
    state = models.CharField(max_length=10, choices=State.choices)
    fingerprint = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_key"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="primary"), name="vault_key_primary")
        ]


class SealedColumn(models.Model):
    """A column of another room that holds secrets under the vault's keys; filled at set-up from what rooms declare."""

    table_name = models.TextField()
    column_name = models.TextField()
    context = models.TextField(help_text="SQL expression over the row: what `sealing.seal` was told")

    class Meta:
        db_table = "vault_column"
        constraints = [models.UniqueConstraint(fields=["table_name", "column_name"], name="vault_column_once")]
