from __future__ import annotations

from django.db import models


class Number(models.Model):
    """One 個人番号. Rows are never changed; who holds it, and since when, is in the register's history."""

    sealed = models.BinaryField()
    blind_index = models.BinaryField(unique=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "vault_number"
