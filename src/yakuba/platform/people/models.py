from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db import models
from django.db.models.functions import Now

from yakuba.platform.access.models import Account, DutyAssignment, Office


class Employment(models.TextChoices):
    """What somebody works here as; a pledge holds for one of them."""

    REGULAR = "regular", "常勤の職員"
    TEMPORARY = "temporary", "会計年度任用職員等"
    CONTRACTOR = "contractor", "委託先の作業者"


class Person(models.Model):
    """Somebody who works here, with or without an account. The number is the personnel section's, or the contractor's."""

    number = models.CharField(max_length=20, primary_key=True, help_text="職員番号・作業者番号")
    name = models.TextField()
    account = models.OneToOneField(Account, models.PROTECT, null=True, related_name="person")
    reopened_at = models.DateTimeField(null=True, help_text="when the suspended account was opened again")

    class Meta:
        db_table = "people_person"


class PostVersion(models.Model):
    kind = models.CharField(max_length=12, choices=Employment.choices)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    period = DateRangeField(help_text="from, to exclusive; leave interrupts it")
    contract = models.CharField(max_length=40, default="", help_text="of a contractor")
    changed_by = models.CharField(max_length=60)
    reason = models.TextField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class Post(PostVersion):
    """在職・配属: in service at an office. The database refuses two at a time."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts")

    class Meta:
        db_table = "people_post"


class PostEntry(PostVersion):
    """Every version of every post. Written by the database itself."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="post_entries")
    post = models.ForeignKey(Post, models.PROTECT, related_name="entries")

    class Meta:
        db_table = "people_post_entry"


class Pledge(models.Model):
    """誓約書 on record. Append-only."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="pledges")
    kind = models.CharField(max_length=12, choices=Employment.choices)
    signed_on = models.DateField()
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "people_pledge"
        constraints = [models.UniqueConstraint(fields=["person", "kind", "signed_on"], name="people_one_pledge")]


class Training(models.Model):
    """A training (研修) that somebody attended, and until when it counts. Append-only."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="trainings")
    title = models.TextField()
    held_on = models.DateField()
    counts = DateRangeField(help_text="when it lets somebody in")
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "people_training"
        constraints = [models.UniqueConstraint(fields=["person", "held_on", "title"], name="people_one_attendance")]


class Attendance(models.Model):
    """立会い: a contractor works, for the time that was allowed, while a member of the staff attends."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="attendances")
    witness = models.ForeignKey(Account, models.PROTECT, related_name="+")
    application = models.BigIntegerField(help_text="the application by which the work was allowed")
    work = models.TextField()
    period = DateTimeRangeField()

    class Meta:
        db_table = "people_attendance"


class OfficeAffair(models.Model):
    """Which office does which work (事務), dated: rights are given for these only. The database refuses overlaps."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="affairs")
    affair = models.CharField(max_length=40, help_text="a name of affairs.yaml")
    period = DateRangeField()
    changed_by = models.CharField(max_length=60)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "people_office_affair"


class NoticeKind(models.TextChoices):
    """What the personnel section tells, in its own words."""

    APPOINTMENT = "採用", "採用"
    TRANSFER = "異動", "異動"
    LEAVE = "休職", "休職"
    RETURN = "復職", "復職"
    RETIREMENT = "退職", "退職"
    NEW_NAME = "氏名変更", "氏名変更"


class NoticeFile(models.Model):
    """A file of personnel changes that was taken in. Their sequence has no gap."""

    sequence = models.IntegerField(unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    rows = models.IntegerField()
    made_on = models.DateField()
    taken_by = models.CharField(max_length=60)
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "people_notice_file"


class NoticeState(models.TextChoices):
    APPLIED = "applied", "反映済み"
    REFUSED = "refused", "未解決"
    RESOLVED = "resolved", "解決済み"


class Notice(models.Model):
    """One row of a file. One that was refused stays in sight until somebody resolves it, or a later one replaces it."""

    file = models.ForeignKey(NoticeFile, models.PROTECT, related_name="notices")
    row = models.IntegerField(help_text="line of the file")
    reference = models.CharField(max_length=40, help_text="通知番号")
    content = models.JSONField(help_text="the row as it came")
    outcome = models.TextField(default="", help_text="what was done")
    findings = models.JSONField(default=list, help_text="why it was refused")
    state = models.CharField(max_length=10, choices=NoticeState.choices)
    resolved_by = models.CharField(max_length=60, default="")
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(default="")

    class Meta:
        db_table = "people_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=models.Q(state="applied"), name="people_notice_applied_once"
            )
        ]


class Enrolment(models.Model):
    """A one-time code by which a person makes his account his own. What he has chosen waits here until he is through."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="enrolments")
    login = models.CharField(max_length=40)
    code_hash = models.BinaryField()
    issued_by = models.CharField(max_length=60)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reason = models.TextField(default="")
    tries = models.IntegerField(default=0)
    password = models.CharField(
        max_length=128, default="", help_text="the chosen one's hash, until the enrolment is through"
    )
    totp_sealed = models.BinaryField(null=True, help_text="the offered secret, until the enrolment is through")
    ended_at = models.DateTimeField(null=True, help_text="used, or replaced by another")
    is_used = models.BooleanField(default=False)

    class Meta:
        db_table = "people_enrolment"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ended_at=None), name="people_one_open_enrolment"
            )
        ]


class Review(models.Model):
    """定期点検: every right that somebody had at a moment, to be confirmed or returned by a day."""

    opened_by = models.CharField(max_length=60)
    opened_at = models.DateTimeField()
    deadline = models.DateField(help_text="the last day to decide")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, default="")

    class Meta:
        db_table = "people_review"


class ReviewDecision(models.TextChoices):
    OPEN = "", "未回答"
    CONFIRMED = "confirmed", "引き続き必要"
    RETURNED = "returned", "返還"
    LAPSED = "lapsed", "期限までに回答がなく失効"


class ReviewItem(models.Model):
    """One right in a review, asked of the head of the office. It ends with the deadline unless it is confirmed."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="items")
    assignment = models.ForeignKey(DutyAssignment, models.PROTECT, related_name="+")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    marks = models.JSONField(default=list, help_text="what doesn't fit the table of rights or the staff, in words")
    last_used_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, help_text="when the right would have ended without the review")
    decision = models.CharField(max_length=10, choices=ReviewDecision.choices, default=ReviewDecision.OPEN, blank=True)
    decided_by = models.CharField(max_length=60, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_review_item"
        constraints = [models.UniqueConstraint(fields=["review", "assignment"], name="people_review_once")]
