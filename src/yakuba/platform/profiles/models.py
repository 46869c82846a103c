from __future__ import annotations

from django.db import models


class Organisation(models.Model):
    """The organisation whose house this is: one row, made at set-up."""

    code = models.CharField(max_length=6, primary_key=True, help_text="団体コード with check digit")
    profile = models.CharField(max_length=20, help_text="a Profile")

    class Meta:
        db_table = "profiles_organisation"
