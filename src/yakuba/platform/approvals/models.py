from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    PENDING = "pending", "決裁中"
    APPROVED = "approved", "承認"
    REFUSED = "refused", "不承認"
    WITHDRAWN = "withdrawn", "取下げ"
    REVOKED = "revoked", "承認の取消し"


class Act(models.TextChoices):
    """What happened to an application, in `Decision` rows."""

    GRANT = "grant", "承認"
    REFUSE = "refuse", "不承認"
    WITHDRAW = "withdraw", "取下げ"
    REVOKE = "revoke", "承認の取消し"
    USE = "use", "使用"


class Application(models.Model):
    """One application. `state`, `step` and `used` follow its decisions, in the same transaction; all else never changes."""

    kind = models.CharField(max_length=40)
    about = models.TextField(help_text="what it is about: a key that the kind understands")
    payload = models.JSONField(default=dict, help_text="what the decision makers are shown; no personal content")
    content_hash = models.BinaryField(default=b"", help_text="SHA-256 of the content that is approved; empty: none")
    account = models.CharField(max_length=40)
    office = models.CharField(max_length=10)
    applied_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    step = models.SmallIntegerField(default=0, help_text="index of the step that waits")
    expires_at = models.DateTimeField(null=True, help_text="of the approval")
    used = models.IntegerField(default=0)

    class Meta:
        db_table = "approvals_application"
        indexes = [
            models.Index(fields=["kind", "about"], name="approvals_about"),
            models.Index(fields=["id"], name="approvals_pending", condition=models.Q(state=State.PENDING)),
        ]


class Decision(models.Model):
    """Append-only: who did what to an application, and why. The database refuses a second grant by one person."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="decisions")
    step = models.SmallIntegerField()
    act = models.CharField(max_length=10, choices=Act.choices)
    account = models.CharField(max_length=40)
    office = models.CharField(max_length=10)
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        db_table = "approvals_decision"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "account"], condition=models.Q(act="grant"), name="approvals_one_grant_a_person"
            ),
            models.UniqueConstraint(
                fields=["application", "step"], condition=models.Q(act="grant"), name="approvals_one_grant_a_step"
            ),
        ]
