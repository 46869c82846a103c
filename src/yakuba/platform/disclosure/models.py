from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from . import rules


class Case(models.Model):
    """A request, as it was received. `state` and `due` follow its steps, in the same transaction; all else never changes."""

    kind = models.CharField(max_length=12, help_text="a Kind")
    requester = models.CharField(max_length=10, help_text="a Requester")
    channel = models.CharField(max_length=10, help_text="a Channel")
    form_type = models.CharField(max_length=12, help_text="a FormType")
    received_on = models.DateField()
    subject = models.BigIntegerField(help_text="宛名番号 of the person concerned")
    requester_name = models.TextField()
    requester_address = models.TextField()
    requester_phone = models.TextField(default="")
    subject_name = models.TextField(default="", help_text="where a representative asks")
    subject_address = models.TextField(default="")
    matter = models.TextField(help_text="保有個人情報を特定するに足りる事項")
    sources = ArrayField(models.TextField(), help_text="names of Sources; empty: everything that is held")
    with_number = models.BooleanField(help_text="the person's own 個人番号 is asked for too")
    claim = models.TextField(default="", help_text="請求の趣旨")
    reason = models.TextField(default="")
    disclosed_on = models.DateField(null=True)
    shown = models.JSONField(help_text="[document, issued on or null]")
    confirmed = ArrayField(models.TextField(), help_text="codes of the warnings that were confirmed")
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    terminal = models.CharField(max_length=20)
    at = models.DateTimeField()
    state = models.CharField(max_length=12, help_text="a State")
    due = models.DateField(null=True, help_text="last day for what comes next")

    class Meta:
        db_table = "disclosure_case"
        indexes = [
            models.Index(fields=["subject"], name="disclosure_case_subject"),
            models.Index(fields=["due"], name="disclosure_case_due", condition=models.Q(due__isnull=False)),
        ]

    @property
    def kind_of(self) -> rules.Kind:
        return rules.Kind(self.kind)

    @property
    def number(self) -> str:
        """What people call it."""
        return f"{self.kind_of.label}第{self.pk}号"

    @property
    def state_label(self) -> str:
        return rules.State(self.state).label

    @property
    def requester_label(self) -> str:
        return rules.Requester(self.requester).label


class Decision(models.Model):
    """What was proposed for decision; it holds once its application is approved. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="decisions")
    application = models.OneToOneField("approvals.Application", models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, help_text="an Outcome")
    grounds = ArrayField(models.TextField(), help_text="codes of Grounds")
    reason = models.TextField(default="")
    withheld = ArrayField(models.TextField(), help_text="names of Sources that are kept back whole")
    as_of = models.DateTimeField(help_text="what was known then is what is decided about")
    content_hash = models.BinaryField(help_text="SHA-256 of what is disclosed, without 個人番号")
    masked = models.IntegerField(help_text="places that are blotted out")
    at = models.DateTimeField()
    account = models.CharField(max_length=60)

    class Meta:
        db_table = "disclosure_decision"

    @property
    def outcome_label(self) -> str:
        return rules.Outcome(self.outcome).label(self.case.kind_of)

    @property
    def ground_texts(self) -> list[tuple[str, str]]:
        """(article, text) of each ground."""
        return [(rules.ground(code).article, rules.ground(code).text) for code in self.grounds]


class Step(models.Model):
    """One act of a request's way. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    action = models.CharField(max_length=20, help_text="an Action")
    state = models.CharField(max_length=12, help_text="a State: where it stands afterwards")
    on = models.DateField(help_text="the day in law")
    text = models.TextField(default="")
    detail = models.JSONField(default=dict)
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "disclosure_step"

    @property
    def action_label(self) -> str:
        return rules.Action(self.action).label


class Inquiry(models.Model):
    """受付票 of an inquiry about how files are handled. `state` and `due` follow its steps."""

    received_at = models.DateTimeField()
    channel = models.CharField(max_length=10, help_text="an inquiries.Channel")
    inquirer = models.TextField(default="", help_text="empty: anonymous")
    contact = models.TextField(default="")
    text = models.TextField()
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    state = models.CharField(max_length=10, help_text="an inquiries.State")
    due = models.DateField(null=True, help_text="of a serious one: last day for finding the facts")

    class Meta:
        db_table = "disclosure_inquiry"


class InquiryStep(models.Model):
    """What was done about an inquiry. Append-only."""

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, related_name="steps")
    action = models.CharField(max_length=12, help_text="an inquiries.Action")
    text = models.TextField(default="")
    to = models.TextField(default="", help_text="who was told")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "disclosure_inquiry_step"


class NumberChange(models.Model):
    """個人番号の変更の請求 (番号法7条2項). `state` follows its steps; all else never changes."""

    subject = models.BigIntegerField()
    is_ex_officio = models.BooleanField()
    applied_on = models.DateField()
    requester = models.CharField(max_length=10, help_text="a Requester; of an ex officio change: person")
    requester_name = models.TextField(default="")
    reason = models.TextField(help_text="漏えいして不正に用いられるおそれがあると認められる事情")
    shown = models.JSONField()
    number_id = models.BigIntegerField(help_text="of the vault, when it was received: the number that shall go")
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, help_text="a number_changes.State")
    application = models.OneToOneField("approvals.Application", models.PROTECT, related_name="+")

    class Meta:
        db_table = "disclosure_number_change"


class NumberChangeStep(models.Model):
    """What became of it. Append-only."""

    change = models.ForeignKey(NumberChange, models.PROTECT, related_name="steps")
    state = models.CharField(max_length=10, help_text="a number_changes.State")
    text = models.TextField(default="")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "disclosure_number_change_step"


class Withholding(models.Model):
    """個人情報ファイル簿への不記載 (75条3項): from a day an item, or a whole file (`item` empty), is left out. Append-only."""

    file = models.CharField(max_length=40)
    item = models.TextField(default="")
    is_withheld = models.BooleanField(help_text="False: it is listed again")
    reason = models.TextField()
    start = models.DateField()
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "disclosure_withholding"
