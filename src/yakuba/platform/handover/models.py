from __future__ import annotations

from enum import StrEnum

from django.db import models


class Way(StrEnum):
    """How a file goes from hand to hand."""

    NETWORK = "network"
    MEDIUM = "medium"

    @property
    def label(self) -> str:
        return {"network": "庁内・閉域のネットワーク", "medium": "電子記録媒体"}[self]


class Correspondent(models.Model):
    """授受の相手方. Append-only: of one code the last row holds."""

    code = models.CharField(max_length=20)
    name = models.TextField()
    certificate = models.TextField(default="", help_text="PEM of a certificate or public key; empty: passphrases only")
    fingerprint = models.CharField(max_length=64, default="")
    is_active = models.BooleanField(default=True)
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_correspondent"
        indexes = [models.Index(fields=["code"], name="handover_correspondent_code")]


class Medium(models.Model):
    """媒体管理簿: a medium that may be used at all, by whom, at which terminals, for which days. Append-only."""

    label = models.CharField(max_length=40, unique=True, help_text="number on the medium")
    serial = models.CharField(max_length=80, unique=True, help_text="the device's own number")
    kind = models.CharField(max_length=40)
    has_security = models.BooleanField(help_text="encrypts or locks by itself")
    office = models.CharField(max_length=10)
    accounts = models.JSONField(help_text="designated persons")
    terminals = models.JSONField(help_text="designated terminals")
    start = models.DateField()
    end = models.DateField(help_text="last day")
    application = models.ForeignKey("approvals.Application", models.PROTECT, related_name="+")

    class Meta:
        db_table = "handover_medium"


class Act(StrEnum):
    """What happened to a medium."""

    WRITTEN = "written"
    READ = "read"
    ERASED = "erased"
    DISPOSED = "disposed"

    @property
    def label(self) -> str:
        return {"written": "書込み", "read": "読取り", "erased": "消去", "disposed": "廃棄・返却"}[self]


class MediumAct(models.Model):
    """One act with a medium. Append-only."""

    medium = models.ForeignKey(Medium, models.PROTECT, related_name="acts")
    act = models.CharField(max_length=10, help_text="an Act")
    method = models.TextField(default="", help_text="how it was erased or destroyed")
    note = models.TextField(default="")
    account = models.CharField(max_length=60)
    terminal = models.CharField(max_length=20)
    at = models.DateTimeField()
    application = models.ForeignKey("approvals.Application", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "handover_medium_act"

    @property
    def word(self) -> str:
        return Act(self.act).label


class Draft(models.Model):
    """A file that was made and not yet handed out: sealed in the house's folder, its key under the vault's."""

    file = models.CharField(max_length=40, unique=True, help_text="name in the folder, drawn by the house")
    key_sealed = models.BinaryField(null=True, help_text="null: the key is gone, and with it the content")
    source = models.CharField(max_length=60, help_text="what was extracted (データ抽出の名称)")
    name = models.TextField(help_text="what the recipient's file is called; never a key")
    correspondent = models.CharField(max_length=20)
    way = models.CharField(max_length=10, help_text="a Way")
    medium = models.ForeignKey(Medium, models.PROTECT, null=True, related_name="+")
    purpose = models.TextField()
    law = models.TextField()
    persons = models.IntegerField()
    rows = models.IntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="of the content")
    with_numbers = models.BooleanField(help_text="holds 個人番号")
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    terminal = models.CharField(max_length=20)
    at = models.DateTimeField()
    needs_approval = models.BooleanField()

    class Meta:
        db_table = "handover_draft"


class DraftEnd(models.Model):
    """What became of a draft: handed out, or thrown away. Append-only; its file is erased with it."""

    draft = models.OneToOneField(Draft, models.PROTECT, related_name="ended")
    was_released = models.BooleanField()
    reason = models.TextField(default="")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_draft_end"


class Release(models.Model):
    """授受簿（渡した側）: one row a file that left. Append-only."""

    draft = models.OneToOneField(Draft, models.PROTECT, related_name="release")
    application = models.ForeignKey("approvals.Application", models.PROTECT, null=True, related_name="+")
    sealed_to = models.TextField(help_text="fingerprint of the recipient's key, or `passphrase`")
    sealed_sha256 = models.CharField(max_length=64, help_text="of the file as it left")
    sealed_bytes = models.BigIntegerField()
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    terminal = models.CharField(max_length=20)
    witness = models.CharField(max_length=60, default="")
    at = models.DateTimeField()
    due = models.DateField(help_text="by when the receipt is awaited")
    file = models.CharField(max_length=40, default="", help_text="where the house keeps it until its receipt")

    class Meta:
        db_table = "handover_release"
        indexes = [models.Index(fields=["at"], name="handover_release_at")]


class Outcome(StrEnum):
    """What the recipient says."""

    RECEIVED = "received"
    RETURNED = "returned"
    LOST = "lost"

    @property
    def label(self) -> str:
        return {"received": "受領", "returned": "返却", "lost": "未着・紛失"}[self]


class Receipt(models.Model):
    """The end of a release: the recipient's word. Append-only."""

    release = models.OneToOneField(Release, models.PROTECT, related_name="receipt")
    outcome = models.CharField(max_length=10, help_text="an Outcome")
    person = models.TextField(help_text="who received, at the recipient's")
    sha256 = models.CharField(max_length=64, default="", help_text="as the recipient stated it")
    note = models.TextField(default="")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_receipt"


class Inbound(models.Model):
    """授受簿（受け取った側）: one row a file that arrived, kept sealed until it is taken in or refused."""

    file = models.CharField(max_length=40, unique=True, help_text="name in the folder, drawn by the house")
    key_sealed = models.BinaryField(null=True)
    name = models.TextField(help_text="as the sender called it; never a key")
    correspondent = models.CharField(max_length=20)
    way = models.CharField(max_length=10, help_text="a Way")
    medium = models.ForeignKey(Medium, models.PROTECT, null=True, related_name="+")
    purpose = models.TextField()
    format = models.CharField(max_length=10)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="of the content")
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    terminal = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_inbound"


class InboundEnd(models.Model):
    """A received file was taken in or refused; its copy here is erased. Append-only."""

    inbound = models.OneToOneField(Inbound, models.PROTECT, related_name="ended")
    was_taken_in = models.BooleanField()
    reason = models.TextField(default="")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_inbound_end"


class Ledger(StrEnum):
    """What else is kept in a book (管理簿)."""

    FORMS = "forms"
    CONTRACTOR = "contractor"
    DISKS = "disks"

    @property
    def label(self) -> str:
        return {"forms": "帳票管理簿", "contractor": "委託先への提供資料", "disks": "機器・磁気ディスク管理簿"}[self]


class Item(models.Model):
    """Something in a book: a bundle of forms, material at a contractor's, a disk. Append-only."""

    ledger = models.CharField(max_length=12, help_text="a Ledger")
    number = models.CharField(max_length=60, help_text="form id, contract, serial number")
    title = models.TextField()
    count = models.IntegerField()
    holder = models.TextField(help_text="office or contractor that has it")
    place = models.TextField()
    keep_until = models.DateField(null=True, help_text="last day of its period; null: until it is given back")
    account = models.CharField(max_length=60)
    office = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        db_table = "handover_item"
        constraints = [models.UniqueConstraint(fields=["ledger", "number"], name="handover_item_number")]


class Step(StrEnum):
    """What happened to an item; the last two end it."""

    MOVED = "moved"
    CHECKED = "checked"
    VERIFIED = "verified"
    RETURNED = "returned"
    DISPOSED = "disposed"

    @property
    def label(self) -> str:
        return {
            "moved": "移動・引渡し", "checked": "点検", "verified": "提供内容との一致の確認", "returned": "返却",
            "disposed": "廃棄",
        }[self]  # fmt: skip

    @property
    def is_end(self) -> bool:
        return self in {Step.RETURNED, Step.DISPOSED}


class ItemStep(models.Model):
    """One step of an item. Append-only."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=10, help_text="a Step")
    count = models.IntegerField()
    holder = models.TextField(default="")
    place = models.TextField(default="")
    method = models.TextField(default="", help_text="how it was erased or destroyed")
    note = models.TextField(default="")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()
    application = models.ForeignKey("approvals.Application", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "handover_item_step"

    @property
    def word(self) -> str:
        return Step(self.step).label
