from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models.functions import Now


class Office(models.Model):
    """部署・支所. Every transaction is attributed to one (RES-071)."""

    code = models.CharField(max_length=10, primary_key=True)
    name = models.TextField()

    class Meta:
        db_table = "access_office"


class Terminal(models.Model):
    """A registered terminal, known by its network and, where it has one, its key; nobody signs in from elsewhere.

    `holder` answers for the device; `duties` are those that it is named for (`duties_at_named_terminals`); `closed_because` is
    empty while it is open.
    """

    code = models.CharField(max_length=20, primary_key=True)
    name = models.TextField()
    office = models.ForeignKey(Office, models.PROTECT)
    network = models.TextField(help_text="CIDR")
    printer = models.CharField(max_length=20, default="")
    active = models.BooleanField(default=True)
    holder = models.TextField(default="")
    duties = ArrayField(models.CharField(max_length=30), default=list)
    closed_because = models.TextField(default="")

    class Meta:
        db_table = "access_terminal"


class TerminalKey(models.Model):
    """The key of one terminal: a random token in a cookie of its browser, kept as SHA-256; and that of the code that binds one."""

    terminal = models.OneToOneField(Terminal, models.CASCADE, primary_key=True, related_name="key")
    key_hash = models.BinaryField(null=True, unique=True)
    bound_at = models.DateTimeField(null=True)
    code_hash = models.BinaryField(null=True)
    code_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_terminal_key"


class AttemptCount(models.Model):
    """How often something was tried within a minute or an hour. See `attempts`."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    began_at = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        db_table = "access_attempt_count"
        constraints = [models.UniqueConstraint(fields=["kind", "name", "began_at"], name="access_attempt_count_once")]


class Account(AbstractBaseUser):
    """One person. Shared accounts do not exist.

    `locks`: how often it was locked since somebody last signed in with it. Until `substitute_until` (inclusive) a code stands
    for the key, where the profile lets it.
    """

    login = models.CharField(max_length=40, unique=True)
    name = models.TextField()
    office = models.ForeignKey(Office, models.PROTECT)
    is_active = models.BooleanField(default=True)
    totp_sealed = models.BinaryField(null=True)
    totp_last_step = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    locks = models.IntegerField(default=0)
    substitute_until = models.DateField(null=True)
    substitute_reason = models.TextField(default="")

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = BaseUserManager["Account"]()

    class Meta:
        db_table = "access_account"


class SecurityKey(models.Model):
    """A WebAuthn credential: a security key, or the terminal's own fingerprint or face reader."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="security_keys")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    name = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "access_security_key"


class KeyInvitation(models.Model):
    """A one-time code with which somebody who has no key, and nothing else to show, registers the first one."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="key_invitation")
    code_hash = models.BinaryField()
    until = models.DateTimeField()

    class Meta:
        db_table = "access_key_invitation"


class Stage(models.TextChoices):
    SECOND_FACTOR = "second_factor", "二つ目の確認待ち"
    OPEN = "open", "サインイン中"
    LOCKED = "locked", "画面をロック中"
    ENROLMENT = "enrolment", "利用の登録中"


class Session(models.Model):
    """One signed-in browser: everything the house remembers of it. The cookie's token is kept as its SHA-256 only.

    `system_at`: when the factor was shown for the business systems.
    """

    key_hash = models.BinaryField(unique=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="sessions")
    terminal = models.ForeignKey(Terminal, models.PROTECT)
    stage = models.CharField(max_length=20)
    purpose = models.CharField(max_length=30, default="")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="last time that the second factor was shown")
    system_at = models.DateTimeField(null=True)
    last_search = models.TextField(default="", help_text="what was searched last, for 「戻る」; kept off the terminal")
    challenge = models.BinaryField(null=True, help_text="of the WebAuthn ceremony under way")

    class Meta:
        db_table = "access_session"


class DutyVersion(models.Model):
    """What a right is, and how it came to be so. `changed_by`: who did it last; nobody does it for himself (the database refuses)."""

    duty = models.CharField(max_length=30, help_text="a Duty")
    period = DateTimeRangeField()
    office = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+", help_text="for whose work")
    affair = models.CharField(max_length=40, default="", help_text="which work (事務)")
    changed_by = models.CharField(max_length=60, default="")
    reason = models.TextField(default="")
    application = models.BigIntegerField(null=True, help_text="the application by which it was allowed")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class DutyAssignment(DutyVersion):
    """A duty for a period (from, to exclusive). The database refuses two overlapping periods of the same duty."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="duties")

    class Meta:
        db_table = "access_duty_assignment"


class DutyEntry(DutyVersion):
    """管理簿: every version of every right, in the order in which it came about. Written by the database itself."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="duty_entries")
    assignment = models.ForeignKey(DutyAssignment, models.PROTECT, related_name="entries")

    class Meta:
        db_table = "access_duty_entry"
