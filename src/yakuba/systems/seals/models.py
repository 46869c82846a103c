"""Tables of the seal registry (印鑑登録原票 and what belongs to it)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .imprints import BITS


class FingerprintField(models.Field):
    """`imprints.fingerprint`: BITS characters 0 and 1, as PostgreSQL's `bit`, which counts differing ones by itself."""

    def db_type(self, connection: Any) -> str:
        return f"bit({BITS})"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return f"%s::bit({BITS})"


class Imprint(models.Model):
    """印影: a scanned seal, cut out and measured. Append-only."""

    picture = models.BinaryField(help_text="PNG, grey, ink and a margin")
    picture_width_um = models.IntegerField()
    picture_height_um = models.IntegerField()
    width_um = models.IntegerField(help_text="of the ink")
    height_um = models.IntegerField(help_text="of the ink")
    fingerprint = FingerprintField()
    content_hash = models.TextField(help_text="SHA-256 of the picture")
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "seals_imprint"


class ApplicationState(models.TextChoices):
    INQUIRED = "inquired", "照会中（回答待ち）"
    WAITING = "waiting", "審査待ち"
    REGISTERED = "registered", "登録済"
    RETURNED = "returned", "差戻し"
    WITHDRAWN = "withdrawn", "取下げ"
    LAPSED = "lapsed", "回答期限の経過により失効"


OPEN_STATES = (ApplicationState.INQUIRED.value, ApplicationState.WAITING.value)


class SealApplication(models.Model):
    """印鑑登録申請: what was applied for, how identity is confirmed, and what became of it."""

    key = models.UUIDField(unique=True, help_text="of the form: the same form sent twice is one application")
    person = models.BigIntegerField(help_text="宛名番号")
    version_no = models.IntegerField(help_text="履歴番号 that the clerk saw")
    state = models.TextField(choices=ApplicationState.choices)
    imprint = models.ForeignKey(Imprint, models.PROTECT, related_name="+", db_index=False)
    engraving_text = models.TextField(help_text="刻印文字")
    engraving_key = models.TextField(help_text="rules.engraving_key")
    engraving_kind = models.TextField(help_text="刻印種類コード")
    material = models.TextField(help_text="印材コード")
    applicant_kind = models.TextField(help_text="申請者コード")
    applicant_name = models.TextField(help_text="申請者名")
    attorney_letter = models.BooleanField(help_text="代理権授与通知書（委任状）を確認した")
    with_guardian = models.BooleanField(help_text="法定代理人が同行した（成年被後見人）")
    identity_method = models.TextField(help_text="本人確認コード")
    identity_documents = ArrayField(models.TextField(), default=list)
    guarantor_number = models.BigIntegerField(null=True, help_text="保証人の登録番号")
    replaces = models.BooleanField(help_text="改印: the present registration ends with the new one")
    remark = models.TextField(default="", help_text="登録備考")
    confirmed = ArrayField(models.TextField(), default=list, help_text="warnings confirmed by name")
    received_on = models.DateField()
    created_at = models.DateTimeField()
    account = models.TextField()
    office = models.TextField(help_text="受付課所")
    terminal = models.TextField()
    inquiry_number = models.TextField(null=True, unique=True, help_text="照会番号")
    inquired_on = models.DateField(null=True, help_text="照会日")
    answer_due_on = models.DateField(null=True, help_text="回答期限")
    answered_on = models.DateField(null=True, help_text="回答日")
    answer_documents = ArrayField(models.TextField(), default=list, help_text="of who brought the answer")
    closed_at = models.DateTimeField(null=True)
    reviewer = models.TextField(default="")
    review_comment = models.TextField(default="")

    class Meta:
        db_table = "seals_application"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state__in=OPEN_STATES), name="seals_application_one_open"
            )
        ]
        indexes = [
            models.Index(fields=["state", "answer_due_on"], name="seals_application_queue"),
            models.Index(fields=["person"], name="seals_application_person"),
        ]


class Registration(models.Model):
    """印鑑登録: one seal of one person under one 登録番号. Only its end and its stop are ever changed."""

    number = models.BigIntegerField(primary_key=True, help_text="登録番号, with check digit")
    person = models.BigIntegerField(help_text="宛名番号")
    version_no = models.IntegerField(help_text="履歴番号 of the record on which it rests")
    application = models.OneToOneField(SealApplication, models.PROTECT, related_name="registration")
    imprint = models.ForeignKey(Imprint, models.PROTECT, related_name="registrations")
    imprint_sequence = models.IntegerField(help_text="印影履歴SEQ")
    former_number = models.BigIntegerField(null=True, help_text="旧印鑑番号")
    engraving_text = models.TextField(help_text="刻印文字")
    engraving_key = models.TextField()
    engraving_kind = models.TextField(help_text="刻印種類コード")
    material = models.TextField(help_text="印材コード")
    applicant_kind = models.TextField(help_text="申請者コード")
    applicant_name = models.TextField(help_text="申請者名")
    identity_method = models.TextField(help_text="本人確認コード")
    remark = models.TextField(default="", help_text="登録備考")
    receiving_office = models.TextField(help_text="受付課所")
    keeping_office = models.TextField(help_text="原票保管課所")
    registered_on = models.DateField()
    ended_on = models.DateField(null=True, help_text="廃止抹消日")
    end_reason = models.TextField(default="")
    stopped_on = models.DateField(null=True, help_text="証明発行停止日, while it is stopped")
    stop_reason = models.TextField(default="")

    class Meta:
        db_table = "seals_registration"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_on__isnull=True), name="seals_registration_one_active"
            ),
            models.UniqueConstraint(fields=["person", "imprint_sequence"], name="seals_registration_sequence"),
        ]
        indexes = [
            models.Index(
                fields=["engraving_key"], condition=Q(ended_on__isnull=True), name="seals_registration_engraving"
            ),
            models.Index(fields=["ended_on"], name="seals_registration_ended"),
        ]


class CardState(models.TextChoices):
    VALID = "valid", "有効"
    LOST = "lost", "亡失"
    REPLACED = "replaced", "引替"
    RETURNED = "returned", "返納"
    VOID = "void", "登録の終了により無効"


class Card(models.Model):
    """印鑑登録証: by whose presentation certificates are issued."""

    number = models.BigIntegerField(primary_key=True, help_text="登録証の番号, with check digit")
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="cards")
    state = models.TextField(choices=CardState.choices, default=CardState.VALID)
    issued_on = models.DateField()
    closed_on = models.DateField(null=True)

    class Meta:
        db_table = "seals_card"
        constraints = [
            models.UniqueConstraint(fields=["registration"], condition=Q(state="valid"), name="seals_card_one_valid")
        ]


class Act(models.TextChoices):
    APPLIED = "applied", "登録申請"
    INQUIRED = "inquired", "照会書の送付"
    ANSWERED = "answered", "照会書への回答"
    RETURNED = "returned", "差戻し"
    WITHDRAWN = "withdrawn", "取下げ"
    UNANSWERED = "unanswered", "回答期限の経過"
    REGISTERED = "registered", "登録"
    ABOLISHED = "abolished", "廃止"
    LAPSED = "lapsed", "職権抹消"
    RESTORED = "restored", "職権回復"
    STOPPED = "stopped", "証明書の発行停止"
    RELEASED = "released", "発行停止の解除"
    CARD_LOST = "card_lost", "登録証の亡失"
    CARD_REISSUED = "card_reissued", "登録証の再交付・引替"
    CARD_RETURNED = "card_returned", "登録証の返納"
    NOTICE_PRINTED = "notice_printed", "通知書の作成"


class Step(models.Model):
    """Each act about a seal, in order. Append-only; `event` is the register's, where it was the reason."""

    person = models.BigIntegerField()
    application = models.ForeignKey(SealApplication, models.PROTECT, null=True, related_name="steps")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="steps")
    card = models.BigIntegerField(null=True)
    act = models.TextField(choices=Act.choices)
    legal_date = models.DateField()
    reason = models.TextField(default="", help_text="a code of the act's own list")
    comment = models.TextField(default="")
    at = models.DateTimeField()
    account = models.TextField()
    office = models.TextField(default="")
    terminal = models.TextField(default="")
    event = models.BigIntegerField(null=True)

    class Meta:
        db_table = "seals_step"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "registration"], condition=Q(event__isnull=False), name="seals_step_event_once"
            )
        ]
        indexes = [
            models.Index(fields=["person", "id"], name="seals_step_person"),
            models.Index(fields=["act", "legal_date"], name="seals_step_act"),
        ]


class LapseNotice(models.Model):
    """抹消の通知: somebody is to be told that a registration ended. What stands in it is read from the version when it is drawn."""

    registration = models.OneToOneField(Registration, models.PROTECT, related_name="notice")
    person = models.BigIntegerField()
    version_no = models.IntegerField(help_text="履歴番号 to whose address it goes")
    reason = models.TextField()
    made_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True)
    printed_by = models.TextField(default="")

    class Meta:
        db_table = "seals_notice"
        indexes = [models.Index(fields=["made_at"], condition=Q(printed_at__isnull=True), name="seals_notice_open")]


class SealIssue(models.Model):
    """A 印鑑登録証明書 that was issued, bound to request, registration and content."""

    number = models.TextField(unique=True, help_text="発行番号 without page numbers")
    serial = models.IntegerField()
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="issues")
    card = models.BigIntegerField()
    person = models.BigIntegerField()
    version_no = models.IntegerField(help_text="履歴番号 that was printed")
    shown = models.TextField(help_text="登録証の提示, or its number with identity")
    requester_kind = models.TextField()
    requester_name = models.TextField()
    identity_documents = ArrayField(models.TextField(), default=list)
    content_hash = models.TextField()
    pages = models.IntegerField()
    issued_at = models.DateTimeField()
    account = models.TextField()
    office = models.TextField()
    terminal = models.TextField()
    printer = models.TextField()
    request_key = models.UUIDField(unique=True)

    class Meta:
        db_table = "seals_issue"
        indexes = [
            models.Index(fields=["person"], name="seals_issue_person"),
            models.Index(fields=["issued_at"], name="seals_issue_day"),
        ]
