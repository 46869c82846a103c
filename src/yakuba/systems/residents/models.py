"""Tables of the resident registry. What each column of a version means stands in `items.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.platform.events.models import Event

from .items import ITEMS, Item, Kind


class UncertainDateField(models.TextField):
    """`core.calendar.UncertainDate` in its stored form."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> UncertainDate | None:
        return None if value is None else UncertainDate.from_stored(value)

    def to_python(self, value: Any) -> UncertainDate | None:
        return UncertainDate.from_stored(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return value.stored if isinstance(value, UncertainDate) else value


def column(item: Item) -> models.Field[Any, Any]:
    """The column of an item. Empty is NULL, never an empty string; `required` is the database's NOT NULL."""
    null = not item.required
    match item.kind:
        case Kind.UNCERTAIN:
            return UncertainDateField(null=null, verbose_name=item.label)
        case Kind.DATE:
            return models.DateField(null=null, verbose_name=item.label)
        case Kind.FLAG:
            return models.BooleanField(null=null, verbose_name=item.label)
        case Kind.INTEGER | Kind.HOUSEHOLD | Kind.VAULT:
            return models.BigIntegerField(null=null, verbose_name=item.label)
        case _:
            return models.TextField(null=null, verbose_name=item.label)


class Household(models.Model):
    """世帯: a number that persons' versions point to, and the row that is locked while one of its members changes."""

    number = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "residents_household"


class Resident(models.Model):
    """The head of a person's history: which version is current, and what is asked for all the time.

    Everything here but `pending_filing` is derived from the current version and written with it.
    """

    number = models.BigIntegerField(primary_key=True, help_text="宛名番号")
    version_no = models.IntegerField(help_text="履歴番号 of the current version")
    household_number = models.BigIntegerField()
    is_open = models.BooleanField(help_text="住民である（除票になっていない）")
    pending_filing = models.BigIntegerField(null=True, help_text="仮登録中の異動")

    class Meta:
        db_table = "residents_resident"
        indexes = [
            models.Index(fields=["household_number"], name="residents_resident_household"),
        ]


class ResidentVersion(models.Model):
    """One version of a 住民票 (履歴番号): every item, in full. Append-only; the items' columns follow below."""

    pk = models.CompositePrimaryKey("person", "version_no")
    # What triggers and joins ask for stands first: of a row, PostgreSQL reads every column before the one that it needs.
    person = models.ForeignKey(
        Resident, models.PROTECT, db_constraint=False, related_name="versions", db_column="person", db_index=False
    )
    event = models.ForeignKey(Event, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    recorded_at = models.DateTimeField()
    version_no = models.IntegerField()
    valid_from = models.DateField(help_text="法律上の効力の日")
    filing = models.BigIntegerField(null=True)
    cancels = models.IntegerField(null=True, help_text="取り消した版の履歴番号")
    reason = models.TextField(help_text="異動事由")
    effect = models.TextField(help_text="記載・消除・修正")

    warnings: tuple[str, ...] = ()
    """Of the flags that hold for the person, set where the version is shown (`exits.pass_versions`)."""

    class Meta:
        db_table = "residents_version"
        indexes: ClassVar = [
            # Pattern indexes answer = as well, and are sorted by bytes, not by the locale: half the time to build.
            models.Index(OpClass(F("resident_code"), "text_pattern_ops"), name="residents_version_code"),
            models.Index(
                fields=["individual_number"],
                name="residents_version_number_id",
                condition=Q(individual_number__isnull=False),
            ),
            models.Index(
                OpClass(F("residence_card"), "text_pattern_ops"),
                name="residents_version_card",
                condition=Q(residence_card__isnull=False),
            ),
        ]

    def items(self) -> dict[str, Any]:
        """Every item by name."""
        return {item.name: getattr(self, item.name) for item in ITEMS}


_ASKED_FOR = ("household_number", "individual_number", "resident_code", "residence_card")
for _item in sorted(ITEMS, key=lambda item: item.name not in _ASKED_FOR):
    ResidentVersion.add_to_class(_item.name, column(_item))


class SearchName(models.Model):
    """One face of a person: a name and its reading, folded, of today or of the past. Rebuilt with each version."""

    pk = models.CompositePrimaryKey("person", "place")
    person = models.BigIntegerField()
    place = models.SmallIntegerField(help_text="among the person's faces, from 1")
    is_current = models.BooleanField()
    is_open = models.BooleanField()
    name = models.TextField()
    kana = models.TextField()
    grams = ArrayField(models.IntegerField(), help_text="search_keys.grams of name and kana")
    birth_from = models.DateField()
    birth_to = models.DateField()
    birth_is_uncertain = models.GeneratedField(  # a column of its own, because the planner counts columns
        expression=Q(birth_from__lt=F("birth_to")), output_field=models.BooleanField(), db_persist=True
    )
    sex = models.TextField(null=True)

    class Meta:
        db_table = "residents_search_name"
        indexes = [
            models.Index(OpClass(F("kana"), "text_pattern_ops"), F("birth_from"), name="residents_sname_kana"),
            models.Index(OpClass(F("name"), "text_pattern_ops"), F("birth_from"), name="residents_sname_name"),
            models.Index(fields=["birth_from"], name="residents_sname_birth"),
            models.Index(fields=["birth_to"], name="residents_sname_uncertain", condition=Q(birth_is_uncertain=True)),
            GinIndex(fields=["grams"], name="residents_sname_grams"),
        ]


class SearchAddress(models.Model):
    """One address at which a person was or is registered, folded."""

    pk = models.CompositePrimaryKey("person", "place")
    person = models.BigIntegerField()
    place = models.SmallIntegerField(help_text="among the person's addresses, from 1")
    is_current = models.BooleanField()
    is_open = models.BooleanField()
    town_code = models.TextField()
    address = models.TextField()

    class Meta:
        db_table = "residents_search_address"
        indexes = [
            models.Index(fields=["address"], name="residents_saddr_address", opclasses=["text_pattern_ops"]),
            GinIndex(fields=["address"], opclasses=["gin_trgm_ops"], name="residents_saddr_trgm"),
        ]


class FilingState(models.TextChoices):
    PROVISIONAL = "provisional", "仮登録（審査待ち）"
    REGISTERED = "registered", "本登録済"
    RETURNED = "returned", "差戻し"
    WITHDRAWN = "withdrawn", "取下げ"


class Filing(models.Model):
    """異動届 or 職権処理: what was filed, by whom it was taken, and what became of it."""

    kind = models.TextField()
    state = models.TextField(choices=FilingState.choices, default=FilingState.PROVISIONAL)
    key = models.UUIDField(unique=True, help_text="of the form: the same form sent twice is one filing")
    entries = models.JSONField(help_text="what was entered, field by field")
    confirmed = ArrayField(models.TextField(), default=list, help_text="warnings confirmed by name")
    persons = ArrayField(models.BigIntegerField(), default=list, help_text="宛名番号 known at entry")
    base_versions = models.JSONField(default=dict, help_text="宛名番号 -> 履歴番号 that the clerk saw")
    individual_numbers = models.JSONField(default=dict, help_text="place in the form -> vault id; never in `entries`")
    legal_date = models.DateField(help_text="異動日（内部の日付値）")
    notified_on = models.DateField(null=True, help_text="届出日; empty for 職権")
    channel = models.TextField(help_text="窓口・郵送・オンライン・職権")
    ground = models.TextField(default="", help_text="職権の根拠")
    notifier_kind = models.TextField(default="")
    notifier_name = models.TextField(default="")
    notifier_address = models.TextField(default="")
    notifier_phone = models.TextField(default="")
    identity_documents = ArrayField(models.TextField(), default=list)
    attorney_letter = models.BooleanField(default=False)
    caution = models.TextField(default="", help_text="留意事項（統合記載欄B類型）")
    created_at = models.DateTimeField()
    account = models.TextField()
    office = models.TextField()
    terminal = models.TextField()
    reviewed_at = models.DateTimeField(null=True)
    reviewer = models.TextField(default="")
    review_comment = models.TextField(default="")

    class Meta:
        db_table = "residents_filing"
        indexes = [
            models.Index(fields=["state", "created_at"], name="residents_filing_queue"),
            GinIndex(fields=["persons"], name="residents_filing_persons"),
            models.Index(fields=["reviewed_at"], name="residents_filing_reviewed"),
        ]


class FilingStep(models.Model):
    """Each step of a filing's way, append-only."""

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="steps")
    state = models.TextField(choices=FilingState.choices)
    at = models.DateTimeField()
    account = models.TextField()
    comment = models.TextField(default="")

    class Meta:
        db_table = "residents_filing_step"


class CodePool(models.Model):
    """住民票コード管理テーブル: free codes received from the centre, given out once each, at random (4.3.1)."""

    code = models.TextField(unique=True)
    requested_on = models.DateField()
    shuffle = models.FloatField()
    assigned_on = models.DateField(null=True)

    class Meta:
        db_table = "residents_code_pool"
        indexes = [
            models.Index(fields=["shuffle"], name="residents_code_pool_free", condition=Q(assigned_on__isnull=True)),
        ]


class Certifier(models.Model):
    """認証者: the mayor or the deputy (職務代理者), with the seal, by date."""

    period = DateRangeField()
    title = models.TextField()
    name = models.TextField()
    seal_svg = models.TextField(help_text="公印, black on transparent; empty: 公印省略")
    seal_side_mm = models.SmallIntegerField(default=22)

    class Meta:
        db_table = "residents_certifier"


class Issue(models.Model):
    """A paper that was issued, bound to request, persons and content."""

    number = models.TextField(unique=True, help_text="発行番号 without page numbers")
    serial = models.IntegerField(help_text="連番 of the day at the terminal")
    kind = models.TextField()
    persons = ArrayField(models.BigIntegerField())
    versions = models.JSONField(help_text="宛名番号 -> 履歴番号 that was printed")
    options = models.JSONField()
    requester_kind = models.TextField()
    requester_name = models.TextField()
    use_purpose = models.TextField(help_text="使用目的")
    destination = models.TextField(help_text="提出先")
    identity_documents = ArrayField(models.TextField(), default=list)
    pages = models.IntegerField()
    content_hash = models.TextField()
    issued_at = models.DateTimeField()
    account = models.TextField()
    office = models.TextField()
    terminal = models.TextField()
    printer = models.TextField()
    request_key = models.UUIDField(unique=True, help_text="the same request sent twice is one paper")
    delivered_at = models.DateTimeField(null=True)
    delivered_by = models.TextField(default="")

    class Meta:
        db_table = "residents_issue"
        indexes = [
            GinIndex(fields=["persons"], name="residents_issue_persons"),
            models.Index(fields=["issued_at"], name="residents_issue_day"),
        ]


class IssueCounter(models.Model):
    """The running number of papers per day and terminal."""

    day = models.DateField()
    terminal = models.TextField()
    last = models.IntegerField()

    class Meta:
        db_table = "residents_issue_counter"
        constraints = [models.UniqueConstraint(fields=["day", "terminal"], name="residents_issue_counter_day")]


class ImportRefusal(models.Model):
    """A row of a file that an import did not load, kept until a later import brings the person (`resolved_at`).

    `line` is the row as it came, without the 個人番号; what was taken out of it is in `sealed` (`platform.vault.sealing`).
    """

    job = models.BigIntegerField()
    row = models.BigIntegerField(help_text="行: the header is 1")
    number = models.BigIntegerField(null=True, help_text="宛名番号, where the row states a valid one")
    findings = models.JSONField()
    line = models.TextField(help_text="empty where the row is no record: then `sealed` holds the whole line")
    sealed = models.BinaryField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "residents_import_refusal"
        constraints = [models.UniqueConstraint(fields=["job", "row"], name="residents_import_refusal_row")]
        indexes = [
            models.Index(
                fields=["number"], name="residents_import_refusal_open", condition=Q(resolved_at__isnull=True)
            ),
        ]


class Town(models.Model):
    """What this house is: its municipality and the settings of its profile."""

    code = models.TextField(primary_key=True, help_text="団体コード, 6 digits")
    name = models.TextField()
    prefecture = models.TextField()
    is_sandbox = models.BooleanField()
    channels = ArrayField(models.TextField())

    class Meta:
        db_table = "residents_town"


class PopulationDay(models.Model):
    """Movement of the population by day and reason: kept by a subscriber of the register's events."""

    day = models.DateField()
    reason = models.TextField()
    entered = models.IntegerField(default=0)
    left_count = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)

    class Meta:
        db_table = "residents_population_day"
        constraints = [models.UniqueConstraint(fields=["day", "reason"], name="residents_population_day_reason")]


class Statistics(models.Model):
    """人口統計・異動集計: a count that was made, kept as it was. The tables are Parquet (see `statistics.tables.Tables`)."""

    job = models.BigIntegerField(unique=True)
    first = models.DateField(help_text="changes are counted from this day")
    last = models.DateField(help_text="people are counted at its end")
    made_at = models.DateTimeField()
    account = models.CharField(max_length=60)
    persons = models.IntegerField()
    households = models.IntegerField()
    people_table = models.BinaryField()
    household_table = models.BinaryField()
    change_table = models.BinaryField()

    class Meta:
        db_table = "residents_statistics"


class SavedExtraction(models.Model):
    """A definition of an extraction that an office keeps; of one name the last row holds. Append-only."""

    office = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    definition = models.JSONField(help_text="extraction.definition.Definition.as_data")
    account = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "residents_saved_extraction"
        indexes = [models.Index(fields=["office", "name"], name="residents_saved_extraction_name")]
