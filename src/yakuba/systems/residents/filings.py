"""What can be filed (異動届・職権): one frozen dataclass a procedure, with only the fields that it needs (RES-051).

Every entrance (screen, API, sandbox) sends the same JSON; `parse` turns it into these types or refuses it with every
finding at once. Text is normalised here, so that everything behind works with one form of each character.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import normalize
from yakuba.core.findings import Findings, Refused
from yakuba.core.numbers import IndividualNumber, InvalidNumber, ResidentCode, holds_individual_number

from .reasons import Channel, ResidentKind

MAX_TEXT = 400
MAX_PERSONS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """An address as entered: inside the town by its town code, elsewhere by text. Empty where nothing is known."""

    code: str = ""
    postal: str = ""
    town: str = ""
    banchi: str = ""
    katagaki: str = ""

    def items(self, prefix: str) -> dict[str, str | None]:
        return {
            f"{prefix}_{part}": getattr(self, part) or None for part in ("code", "postal", "town", "banchi", "katagaki")
        }

    def __bool__(self) -> bool:
        return bool(self.code or self.town)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who enters the register (転入・出生)."""

    name: str = ""
    name_kana: str = ""
    birth: UncertainDate | None = None
    sex: str = ""
    relationship: str = ""
    resident_kind: str = ResidentKind.JAPANESE
    name_latin: str = ""
    former_surname: str = ""
    former_surname_kana: str = ""
    alias: str = ""
    alias_kana: str = ""
    name_priority: str = ""
    domicile: Place = field(default_factory=Place)
    register_head: str = ""
    resident_code: ResidentCode | None = None
    individual_number: IndividualNumber | None = None
    nationality: str = ""
    article_30_45: str = ""
    residence_status: str = ""
    residence_period: str = ""
    residence_until: date | None = None
    residence_card: str = ""
    landing_until: date | None = None
    former_number: int | None = None  # 宛名番号 of a closed record of the same person: 再転入


class Subjects(StrEnum):
    """How a form names whom it is about."""

    ENTERING = "entering"  # `persons`: people who enter, some from a former record
    CHILD = "child"  # `child`, who has no record yet
    PERSON = "person"  # `person`, one of the register
    MEMBERS = "members"  # `persons`, members of one household
    HOUSEHOLD = "household"  # `household_number`, and the member who becomes householder
    FILING = "filing"  # `filing`, and whoever it was about


class Group(StrEnum):
    """Under which heading a kind is offered."""

    ENTRY = "転入・出生"
    HOUSEHOLD = "転居・世帯"
    LEAVING = "転出・死亡"
    NAME = "氏名・旧氏・通称"
    FOREIGN = "外国人住民・国籍"
    NUMBER = "個人番号・住民票コード"
    OFFICE = "職権・修正・改製"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What every filing carries. `key` identifies the form, `seen` the versions on the screen."""

    kind: ClassVar[str]
    label: ClassVar[str]
    article: ClassVar[str]
    group: ClassVar[Group]
    subjects: ClassVar[Subjects]
    day: ClassVar[str]  # which field is the 異動日
    by_notification: ClassVar[bool] = True  # a 届出 or 請求; False: 職権
    notified_within_days: ClassVar[int | None] = None  # later is an alert
    start: ClassVar[date | None] = None  # from when there is such a filing in law
    needs_seen: ClassVar[bool] = False  # the form must say which version was on the screen
    rejoins: ClassVar[bool] = False  # who was closed returns to the household as it is now

    key: uuid.UUID
    channel: str = Channel.COUNTER
    notified_on: date | None = None
    notifier_kind: str = ""
    notifier_name: str = ""
    notifier_address: str = ""
    notifier_phone: str = ""
    identity_documents: tuple[str, ...] = ()
    attorney_letter: bool = False
    ground: str = ""
    caution: str = ""
    opened_on: date | None = None
    seen: Mapping[str, int] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveIn(Filing):
    """転入届 (住基法22条): from another municipality or from abroad, into a new or an existing household."""

    kind: ClassVar[str] = "move_in"
    label: ClassVar[str] = "転入届"
    article: ClassVar[str] = "住民基本台帳法 第22条"
    group: ClassVar[Group] = Group.ENTRY
    subjects: ClassVar[Subjects] = Subjects.ENTERING
    day: ClassVar[str] = "moved_on"
    notified_within_days: ClassVar[int | None] = 14

    moved_on: date
    address: Place
    previous: Place = field(default_factory=Place)
    previous_householder: str = ""
    previous_unregistered: bool = False
    from_abroad: bool = False
    last_registered: Place = field(default_factory=Place)
    household_number: int | None = None
    persons: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth(Filing):
    """出生 (戸籍法49条, 住基法施行令): a child enters the household of a parent."""

    kind: ClassVar[str] = "birth"
    label: ClassVar[str] = "出生届"
    article: ClassVar[str] = "戸籍法 第49条・住民基本台帳法施行令 第11条"
    group: ClassVar[Group] = Group.ENTRY
    subjects: ClassVar[Subjects] = Subjects.CHILD
    day: ClassVar[str] = "child.birth"
    notified_within_days: ClassVar[int | None] = 14

    household_number: int
    child: NewPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWithin(Filing):
    """転居届 (住基法23条): persons of one household take another address in the town."""

    kind: ClassVar[str] = "move_within"
    label: ClassVar[str] = "転居届"
    article: ClassVar[str] = "住民基本台帳法 第23条"
    group: ClassVar[Group] = Group.HOUSEHOLD
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "moved_on"
    notified_within_days: ClassVar[int | None] = 14

    moved_on: date
    persons: tuple[int, ...]
    address: Place
    household_number: int | None = (
        None  # an existing household that they join; None: keep (all) or form a new one (some)
    )
    householder_after: int | None = None  # among those who stay, when the householder leaves
    relationships: Mapping[str, str] = field(default_factory=dict)  # 宛名番号 -> 続柄 after the move


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOut(Filing):
    """転出届 (住基法24条): the date may lie ahead; the record stays open until it comes."""

    kind: ClassVar[str] = "move_out"
    label: ClassVar[str] = "転出届"
    article: ClassVar[str] = "住民基本台帳法 第24条"
    group: ClassVar[Group] = Group.LEAVING
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "planned_on"
    notified_within_days: ClassVar[int | None] = 14

    planned_on: date
    persons: tuple[int, ...]
    destination: Place
    abroad: bool = False
    special: bool = False  # 転出届の特例 (法24条の2): no certificate, the data go over 住基ネット
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death(Filing):
    """死亡 (戸籍法86条): the day may be 不詳."""

    kind: ClassVar[str] = "death"
    label: ClassVar[str] = "死亡届"
    article: ClassVar[str] = "戸籍法 第86条・住民基本台帳法施行令 第8条"
    group: ClassVar[Group] = Group.LEAVING
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "died_on"

    person: int
    died_on: UncertainDate
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholderChange(Filing):
    """世帯主変更 (住基法25条 世帯変更届)."""

    kind: ClassVar[str] = "householder_change"
    label: ClassVar[str] = "世帯主変更届"
    article: ClassVar[str] = "住民基本台帳法 第25条"
    group: ClassVar[Group] = Group.HOUSEHOLD
    subjects: ClassVar[Subjects] = Subjects.HOUSEHOLD
    day: ClassVar[str] = "changed_on"
    notified_within_days: ClassVar[int | None] = 14

    changed_on: date
    household_number: int
    householder_after: int
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExOfficioEntry(Filing):
    """職権記載: somebody who lives here without a record, found otherwise than by a 届出."""

    kind: ClassVar[str] = "ex_officio_entry"
    label: ClassVar[str] = "職権記載"
    article: ClassVar[str] = "住民基本台帳法 第8条・同法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.ENTERING
    day: ClassVar[str] = "entered_on"
    by_notification: ClassVar[bool] = False

    entered_on: date
    address: Place
    household_number: int | None = None
    persons: tuple[NewPerson, ...] = ()
    previous: Place = field(default_factory=Place)
    previous_unregistered: bool = False
    last_registered: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignerSettles(Filing):
    """30条の46届出: a mid-to-long-term resident from abroad takes an address; no 転入前住所."""

    kind: ClassVar[str] = "foreigner_settles"
    label: ClassVar[str] = "中長期在留者等の住所の届出（法30条の46）"
    article: ClassVar[str] = "住民基本台帳法 第30条の46"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.ENTERING
    day: ClassVar[str] = "settled_on"
    start: ClassVar[date | None] = date(2012, 7, 9)
    notified_within_days: ClassVar[int | None] = 14

    settled_on: date
    address: Place
    household_number: int | None = None
    persons: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignerQualifies(Filing):
    """30条の47届出: somebody who lives here already becomes a mid-to-long-term resident."""

    kind: ClassVar[str] = "foreigner_qualifies"
    label: ClassVar[str] = "中長期在留者等となった届出（法30条の47）"
    article: ClassVar[str] = "住民基本台帳法 第30条の47"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.ENTERING
    day: ClassVar[str] = "qualified_on"
    start: ClassVar[date | None] = date(2012, 7, 9)
    notified_within_days: ClassVar[int | None] = 14

    qualified_on: date
    address: Place
    household_number: int | None = None
    persons: tuple[NewPerson, ...] = ()
    living_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration(Filing):
    """回復: a record that was closed by mistake is open again, the same one."""

    kind: ClassVar[str] = "restoration"
    label: ClassVar[str] = "職権記載（回復）"
    article: ClassVar[str] = "住民基本台帳法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "restored_on"
    by_notification: ClassVar[bool] = False
    rejoins: ClassVar[bool] = True

    person: int
    restored_on: date
    relationship: str = ""  # in the household as it is now


@dataclass(frozen=True, slots=True, kw_only=True)
class ExOfficioClosing(Filing):
    """職権消除: after an investigation, a notice, or the loss of what makes a foreign resident."""

    kind: ClassVar[str] = "ex_officio_closing"
    label: ClassVar[str] = "職権消除"
    article: ClassVar[str] = "住民基本台帳法施行令 第8条・第12条第3項"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "closed_on"
    by_notification: ClassVar[bool] = False

    closed_on: UncertainDate
    persons: tuple[int, ...]
    closing_ground: str
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disappearance(Filing):
    """失踪宣告 (民法30条・31条): the record closes on the day on which the person is deemed to have died."""

    kind: ClassVar[str] = "disappearance"
    label: ClassVar[str] = "失踪宣告届"
    article: ClassVar[str] = "戸籍法 第94条・住民基本台帳法施行令 第8条"
    group: ClassVar[Group] = Group.LEAVING
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "deemed_dead_on"

    person: int
    deemed_dead_on: UncertainDate
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorCorrection(Filing):
    """軽微な修正 (仕様書 4.2.3.2): names of places, plain forms of characters; the same for all chosen members."""

    kind: ClassVar[str] = "minor_correction"
    label: ClassVar[str] = "軽微な修正"
    article: ClassVar[str] = "住民基本台帳法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "corrected_on"
    by_notification: ClassVar[bool] = False

    corrected_on: date
    persons: tuple[int, ...]
    values: Mapping[str, str] = field(default_factory=dict)  # item -> its new value
    cleared: tuple[str, ...] = ()  # items that become empty


@dataclass(frozen=True, slots=True, kw_only=True)
class ExOfficioChange(Filing):
    """職権修正: items that changed, by a 戸籍 notice, another office or an investigation."""

    kind: ClassVar[str] = "ex_officio_change"
    label: ClassVar[str] = "職権修正"
    article: ClassVar[str] = "住民基本台帳法 第8条・同法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "changed_on"
    by_notification: ClassVar[bool] = False

    person: int
    changed_on: date
    values: Mapping[str, str] = field(default_factory=dict)  # item -> its new value
    cleared: tuple[str, ...] = ()  # items that become empty


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCorrection(Filing):
    """誤記修正 (仕様書 4.2.3.3): starts from the version on the screen; the wrong value stays in the history."""

    kind: ClassVar[str] = "error_correction"
    label: ClassVar[str] = "誤記修正"
    article: ClassVar[str] = "住民基本台帳法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "corrected_on"
    by_notification: ClassVar[bool] = False
    needs_seen: ClassVar[bool] = True

    person: int
    corrected_on: date
    values: Mapping[str, str] = field(default_factory=dict)  # item -> its new value
    cleared: tuple[str, ...] = ()  # items that become empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRequest(Filing):
    """個人番号の変更請求: the new number as the centre designated it."""

    kind: ClassVar[str] = "number_request"
    label: ClassVar[str] = "個人番号の変更請求"
    article: ClassVar[str] = "行政手続における特定の個人を識別するための番号の利用等に関する法律 第7条第2項"
    group: ClassVar[Group] = Group.NUMBER
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "changed_on"
    start: ClassVar[date | None] = date(2015, 10, 5)

    person: int
    changed_on: date
    individual_number: IndividualNumber | None = None  # in the vault once the form is taken in


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCorrection(Filing):
    """個人番号の職権修正: misuse, or a number written wrongly."""

    kind: ClassVar[str] = "number_correction"
    label: ClassVar[str] = "個人番号の職権修正"
    article: ClassVar[str] = "行政手続における特定の個人を識別するための番号の利用等に関する法律 第7条第2項"
    group: ClassVar[Group] = Group.NUMBER
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "changed_on"
    by_notification: ClassVar[bool] = False
    start: ClassVar[date | None] = date(2015, 10, 5)

    person: int
    changed_on: date
    individual_number: IndividualNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEntry(Filing):
    """個人番号の職権記載: the number designated for somebody who has none yet."""

    kind: ClassVar[str] = "number_entry"
    label: ClassVar[str] = "個人番号の職権記載"
    article: ClassVar[str] = (
        "行政手続における特定の個人を識別するための番号の利用等に関する法律 第7条第1項・住民基本台帳法 第7条第8号の2"
    )
    group: ClassVar[Group] = Group.NUMBER
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "entered_on"
    by_notification: ClassVar[bool] = False
    start: ClassVar[date | None] = date(2015, 10, 5)

    person: int
    entered_on: date
    individual_number: IndividualNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRequest(Filing):
    """住民票コードの変更請求: a fresh code from the pool; the old one stays in the history."""

    kind: ClassVar[str] = "code_request"
    label: ClassVar[str] = "住民票コードの変更請求"
    article: ClassVar[str] = "住民基本台帳法 第30条の4"
    group: ClassVar[Group] = Group.NUMBER
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "requested_on"
    start: ClassVar[date | None] = date(2002, 8, 5)

    person: int
    requested_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntry(Filing):
    """住民票コードの職権記載: somebody of the register who has no code."""

    kind: ClassVar[str] = "code_entry"
    label: ClassVar[str] = "住民票コードの職権記載"
    article: ClassVar[str] = "住民基本台帳法 第30条の3"
    group: ClassVar[Group] = Group.NUMBER
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "entered_on"
    by_notification: ClassVar[bool] = False
    start: ClassVar[date | None] = date(2002, 8, 5)

    person: int
    entered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recreation(Filing):
    """改製: the record is written anew; the former one closes and can still be certified."""

    kind: ClassVar[str] = "recreation"
    label: ClassVar[str] = "住民票の改製"
    article: ClassVar[str] = "住民基本台帳法施行令 第16条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "recreated_on"
    by_notification: ClassVar[bool] = False

    person: int
    recreated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction(Filing):
    """再製: a record that was lost or spoilt is made again."""

    kind: ClassVar[str] = "reproduction"
    label: ClassVar[str] = "住民票の再製"
    article: ClassVar[str] = "住民基本台帳法施行令 第16条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "reproduced_on"
    by_notification: ClassVar[bool] = False

    person: int
    reproduced_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdSplit(Filing):
    """世帯分離: some members form a household of their own at the same address."""

    kind: ClassVar[str] = "household_split"
    label: ClassVar[str] = "世帯分離届"
    article: ClassVar[str] = "住民基本台帳法 第25条"
    group: ClassVar[Group] = Group.HOUSEHOLD
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "changed_on"
    notified_within_days: ClassVar[int | None] = 14

    changed_on: date
    persons: tuple[int, ...]
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdMerge(Filing):
    """世帯合併: all members join another household at the same address."""

    kind: ClassVar[str] = "household_merge"
    label: ClassVar[str] = "世帯合併届"
    article: ClassVar[str] = "住民基本台帳法 第25条"
    group: ClassVar[Group] = Group.HOUSEHOLD
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "changed_on"
    notified_within_days: ClassVar[int | None] = 14

    changed_on: date
    persons: tuple[int, ...]
    household_number: int
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdTransfer(Filing):
    """世帯変更: some members join another household at the same address."""

    kind: ClassVar[str] = "household_transfer"
    label: ClassVar[str] = "世帯変更届（世帯構成の変更）"
    article: ClassVar[str] = "住民基本台帳法 第25条"
    group: ClassVar[Group] = Group.HOUSEHOLD
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "changed_on"
    notified_within_days: ClassVar[int | None] = 14

    changed_on: date
    persons: tuple[int, ...]
    household_number: int
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipChange(Filing):
    """30条の48届出: a foreign resident stands otherwise to a foreign householder."""

    kind: ClassVar[str] = "relationship_change"
    label: ClassVar[str] = "外国人住民の続柄の変更届（法30条の48）"
    article: ClassVar[str] = "住民基本台帳法 第30条の48"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "changed_on"
    start: ClassVar[date | None] = date(2012, 7, 9)
    notified_within_days: ClassVar[int | None] = 14

    person: int
    changed_on: date
    relationship: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Naturalization(Filing):
    """帰化: the foreign record closes, a Japanese one opens; 宛名番号, 住民票コード and 個人番号 stay."""

    kind: ClassVar[str] = "naturalization"
    label: ClassVar[str] = "帰化届"
    article: ClassVar[str] = "国籍法 第4条・戸籍法 第102条の2・住民基本台帳法施行令 第8条の2"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "acquired_on"
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    acquired_on: date
    name: str
    name_kana: str = ""
    domicile: Place = field(default_factory=Place)
    register_head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalityAcquisition(Filing):
    """国籍取得: as 帰化, by declaration."""

    kind: ClassVar[str] = "nationality_acquisition"
    label: ClassVar[str] = "国籍取得届"
    article: ClassVar[str] = "国籍法 第3条・第17条・戸籍法 第102条・住民基本台帳法施行令 第8条の2"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "acquired_on"
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    acquired_on: date
    name: str
    name_kana: str = ""
    domicile: Place = field(default_factory=Place)
    register_head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalityLoss(Filing):
    """国籍喪失: the Japanese record closes; who stays in Japan gets a foreign one, the numbers stay."""

    kind: ClassVar[str] = "nationality_loss"
    label: ClassVar[str] = "国籍喪失届"
    article: ClassVar[str] = "国籍法 第11条〜第13条・戸籍法 第103条・住民基本台帳法施行令 第8条の2"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "lost_on"
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    lost_on: date
    stays: bool = True  # as 国籍喪失による経過滞在者 or with another class
    name_latin: str = ""
    nationality: str = ""
    article_30_45: str = "6"
    residence_status: str = ""
    residence_period: str = ""
    residence_until: date | None = None
    residence_card: str = ""
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceUpdate(Filing):
    """What the immigration agency notifies: status, period, card, class, name or nationality."""

    kind: ClassVar[str] = "residence_update"
    label: ClassVar[str] = "在留資格等の変更（法30条の50の通知）"
    article: ClassVar[str] = "住民基本台帳法 第30条の50"
    group: ClassVar[Group] = Group.FOREIGN
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "effective_on"
    by_notification: ClassVar[bool] = False
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    effective_on: date
    article_30_45: str = ""
    residence_status: str = ""
    residence_period: str = ""
    residence_until: date | None = None
    residence_card: str = ""
    landing_until: date | None = None
    nationality: str = ""
    name_latin: str = ""
    ground: str = "出入国在留管理庁長官の通知（住民基本台帳法第30条の50）"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSurnameEntry(Filing):
    """旧氏の記載: a surname that stood in the family register before."""

    kind: ClassVar[str] = "former_surname_entry"
    label: ClassVar[str] = "旧氏の記載請求"
    article: ClassVar[str] = "住民基本台帳法施行令 第30条の14"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "requested_on"
    start: ClassVar[date | None] = date(2019, 11, 5)

    person: int
    requested_on: date
    former_surname: str
    former_surname_kana: str = ""
    inquired_on: date | None = None  # 戸籍の照会
    register_shown: bool = False  # 戸籍謄本等の添付


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSurnameChange(Filing):
    """旧氏の変更: after another change of surname, the one just before it."""

    kind: ClassVar[str] = "former_surname_change"
    label: ClassVar[str] = "旧氏の変更請求"
    article: ClassVar[str] = "住民基本台帳法施行令 第30条の14"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "requested_on"
    start: ClassVar[date | None] = date(2019, 11, 5)

    person: int
    requested_on: date
    former_surname: str
    former_surname_kana: str = ""
    inquired_on: date | None = None  # 戸籍の照会
    register_shown: bool = False  # 戸籍謄本等の添付


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSurnameRemoval(Filing):
    """旧氏の削除."""

    kind: ClassVar[str] = "former_surname_removal"
    label: ClassVar[str] = "旧氏の削除請求"
    article: ClassVar[str] = "住民基本台帳法施行令 第30条の14"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "requested_on"
    start: ClassVar[date | None] = date(2019, 11, 5)

    person: int
    requested_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEntry(Filing):
    """通称の記載: with the day and the municipality, which stay with the person."""

    kind: ClassVar[str] = "alias_entry"
    label: ClassVar[str] = "通称の記載申出"
    article: ClassVar[str] = "住民基本台帳法施行令 第30条の16"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "entered_on"
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    entered_on: date
    alias: str
    alias_kana: str = ""
    proof_shown: bool = False  # that the name is in use


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRemoval(Filing):
    """通称の削除."""

    kind: ClassVar[str] = "alias_removal"
    label: ClassVar[str] = "通称の削除申出"
    article: ClassVar[str] = "住民基本台帳法施行令 第30条の16"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "removed_on"
    start: ClassVar[date | None] = date(2012, 7, 9)

    person: int
    removed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FuriganaEntry(Filing):
    """振り仮名: of name, former surname or alias, and whether the person or the family register confirmed it."""

    kind: ClassVar[str] = "furigana_entry"
    label: ClassVar[str] = "振り仮名の記載・確認"
    article: ClassVar[str] = "住民基本台帳法 第7条第1号の2"
    group: ClassVar[Group] = Group.NAME
    subjects: ClassVar[Subjects] = Subjects.PERSON
    day: ClassVar[str] = "recorded_on"
    by_notification: ClassVar[bool] = False
    start: ClassVar[date | None] = date(2025, 5, 26)

    person: int
    recorded_on: date
    name_kana: str = ""
    former_surname_kana: str = ""
    alias_kana: str = ""
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOutWithdrawal(Filing):
    """転出取消: who filed a 転出 stays after all; the record opens again where it has closed."""

    kind: ClassVar[str] = "move_out_withdrawal"
    label: ClassVar[str] = "転出取消届"
    article: ClassVar[str] = "住民基本台帳法 第24条"
    group: ClassVar[Group] = Group.LEAVING
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "withdrawn_on"
    rejoins: ClassVar[bool] = True

    withdrawn_on: date
    persons: tuple[int, ...]
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveInNotice(Filing):
    """転入通知: where and when they really moved in. The plan stays beside it; the earlier day closes the record."""

    kind: ClassVar[str] = "move_in_notice"
    label: ClassVar[str] = "転入通知による転出確定"
    article: ClassVar[str] = "住民基本台帳法 第9条第1項・同法施行令 第13条"
    group: ClassVar[Group] = Group.LEAVING
    subjects: ClassVar[Subjects] = Subjects.MEMBERS
    day: ClassVar[str] = "moved_in_on"
    by_notification: ClassVar[bool] = False

    moved_in_on: date
    notice_on: date
    accepted_on: date | None = None  # 転入先の届出年月日
    persons: tuple[int, ...]
    destination: Place
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)
    ground: str = "転入通知（住民基本台帳法第9条第1項）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation(Filing):
    """異動の取消し (仕様書 4.6): nothing is erased; versions are added that restore the state before."""

    kind: ClassVar[str] = "cancellation"
    label: ClassVar[str] = "異動の取消し"
    article: ClassVar[str] = "住民基本台帳法施行令 第12条"
    group: ClassVar[Group] = Group.OFFICE
    subjects: ClassVar[Subjects] = Subjects.FILING
    day: ClassVar[str] = ""  # that of the filing it cancels
    by_notification: ClassVar[bool] = False

    filing: int


KINDS: dict[str, type[Filing]] = {
    kind.kind: kind
    for kind in (
        MoveIn,
        Birth,
        MoveWithin,
        MoveOut,
        Death,
        HouseholderChange,
        ExOfficioEntry,
        ForeignerSettles,
        ForeignerQualifies,
        Restoration,
        ExOfficioClosing,
        Disappearance,
        MinorCorrection,
        ExOfficioChange,
        ErrorCorrection,
        NumberRequest,
        NumberCorrection,
        NumberEntry,
        CodeRequest,
        CodeEntry,
        Recreation,
        Reproduction,
        HouseholdSplit,
        HouseholdMerge,
        HouseholdTransfer,
        RelationshipChange,
        Naturalization,
        NationalityAcquisition,
        NationalityLoss,
        ResidenceUpdate,
        FormerSurnameEntry,
        FormerSurnameChange,
        FormerSurnameRemoval,
        AliasEntry,
        AliasRemoval,
        FuriganaEntry,
        MoveOutWithdrawal,
        MoveInNotice,
        Cancellation,
    )
}


def affected(filing: Filing) -> tuple[int, ...]:
    """宛名番号 that the form itself names as subjects, each once."""
    form: Any = filing
    match filing.subjects:
        case Subjects.MEMBERS:
            return tuple(dict.fromkeys(form.persons))
        case Subjects.PERSON:
            return (form.person,)
        case Subjects.HOUSEHOLD:
            return (form.householder_after,)
        case Subjects.ENTERING:
            return tuple(dict.fromkeys(p.former_number for p in form.persons if p.former_number is not None))
        case _:
            return ()


def entering(filing: Filing) -> tuple[NewPerson, ...]:
    """The persons of the form who enter the register."""
    form: Any = filing
    if filing.subjects is Subjects.ENTERING:
        return tuple(form.persons)
    return (form.child,) if filing.subjects is Subjects.CHILD else ()


def legal_date(filing: Filing) -> date:
    """異動日 as an internal date value (1.1.8). Raises TypeError for a cancellation, which has that of what it cancels."""
    if not filing.day:
        raise TypeError(f"{filing.kind} has no legal date of its own")
    value = attrgetter(filing.day)(filing)
    if value is None:
        return date.min
    return value.sort_date if isinstance(value, UncertainDate) else value


def stated_numbers(filing: Filing) -> dict[int, IndividualNumber]:
    """Place in the form -> the 個人番号 stated there."""
    stated = [person.individual_number for person in entering(filing)] or [getattr(filing, "individual_number", None)]
    return {place: number for place, number in enumerate(stated) if number is not None}


def parse(kind: str, data: Mapping[str, Any]) -> Filing:
    """The filing of a JSON form. Raises Refused with every finding: unknown kind or field, wrong shape, missing field."""
    filing, findings = read(kind, data, date(2000, 1, 1))  # any day: nothing missing gets past the next line
    findings.raise_if_blocking()
    return filing


def read(kind: str, data: Mapping[str, Any], today: date) -> tuple[Filing, Findings]:
    """As `parse`, but what is missing or unreadable is found and does not hide what the rules find in the rest.

    In the place of such a field stands a harmless value (today, an empty address, no number), so the filing serves for
    checking only as long as there are findings. Raises Refused for an unknown kind.
    """
    findings = Findings()
    if kind not in KINDS:
        findings.error(
            "FIL-E-001", "kind", f"「{kind[:40]}」という届出はありません。", "届出の種類を選び直してください。"
        )
        raise Refused(findings)
    filing: Filing = _build(KINDS[kind], data, "", findings, today)
    return filing, findings


def _stand_in(hint: Any, today: date) -> Any:
    """The harmless value of a required field."""
    if hint is date:
        return today
    if hint is UncertainDate:
        return UncertainDate.exact(today)
    if hint is uuid.UUID:
        return uuid.UUID(int=0)
    if hint is int:
        return -1
    return () if get_origin(hint) is tuple else hint()


@cache
def _shape(cls: type) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Types and fields of a form, by name."""
    return get_type_hints(cls), {f.name: f for f in dataclasses.fields(cls)}


def _build(cls: type, data: Any, path: str, findings: Findings, today: date) -> Any:
    if not isinstance(data, Mapping):
        findings.error("FIL-E-002", path or "form", "項目の集まりではありません。", "送信の形式を確認してください。")
        data = {}
    hints, known = _shape(cls)
    for name in sorted(set(data) - set(known)):
        findings.error("FIL-E-003", f"{path}{name}"[:80], "この届出にない項目です。", "項目を除いてください。")
    values = {}
    for name, f in known.items():
        raw = data.get(name)
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        value = None
        if raw is not None and raw != "":
            value = _convert(hints[name], raw, f"{path}{name}", findings, today)
        elif required:
            findings.error("FIL-E-004", f"{path}{name}", "入力されていません。", "値を入力してください。")
        if value is not None:
            values[name] = value
        elif required:
            values[name] = _stand_in(hints[name], today)
    return cls(**values)


def _convert(hint: Any, raw: Any, path: str, findings: Findings, today: date) -> Any:
    """The value, or None after a finding."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _convert(next(arg for arg in args if arg is not type(None)), raw, path, findings, today)
    if origin is tuple or (origin is not None and issubclass(origin, Mapping)):
        if not isinstance(raw, (list, tuple) if origin is tuple else Mapping) or len(raw) > MAX_PERSONS:
            findings.error(
                "FIL-E-005", path, f"一覧ではないか、{MAX_PERSONS}件を超えています。", "件数を確認してください。"
            )
            return None
        pairs = enumerate(raw) if origin is tuple else raw.items()
        hint = args[0] if origin is tuple else args[1]
        read = {str(key): _convert(hint, value, f"{path}.{key}", findings, today) for key, value in pairs}
        kept = {key: value for key, value in read.items() if value is not None}
        return tuple(kept.values()) if origin is tuple else kept
    if hint in (IndividualNumber, ResidentCode):
        return _number(hint, raw, path, findings)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint is not UncertainDate:
        return _build(hint, raw, f"{path}.", findings, today)
    return _scalar(hint, raw, path, findings)


def _number(cls: type, raw: Any, path: str, findings: Findings) -> Any:
    try:
        return raw if isinstance(raw, cls) else cls(str(raw).strip())
    except InvalidNumber as error:
        findings.items.append(dataclasses.replace(error.finding, field=path))
        return None


def _scalar(hint: Any, raw: Any, path: str, findings: Findings) -> Any:
    if hint is UncertainDate:
        try:
            return raw if isinstance(raw, UncertainDate) else UncertainDate.parse(str(raw))
        except Refused as error:
            findings.extend(dataclasses.replace(finding, field=path) for finding in error.findings)
            return None
    if hint is str:
        text = str(raw).strip()
        if len(text) > MAX_TEXT:
            findings.error("FIL-E-006", path, f"{MAX_TEXT}文字を超えています。", "短くしてください。")
            return None
        if holds_individual_number(text):
            findings.error(
                "FIL-E-008",
                path,
                "この項目に個人番号は書けません。",
                "個人番号は「個人番号」の項目だけに入力してください。",
                article="行政手続における特定の個人を識別するための番号の利用等に関する法律 第12条",
            )
            return None
        return normalize(text)
    try:
        if hint is bool:
            if raw in (True, "1", "true", "on", 1):
                return True
            if raw in (False, "0", "false", 0):
                return False
            raise ValueError
        if hint is int:
            return int(raw)
        if hint is date:
            return raw if isinstance(raw, date) else UncertainDate.parse(str(raw)).date
        if hint is uuid.UUID:
            return raw if isinstance(raw, uuid.UUID) else uuid.UUID(str(raw))
    except (ValueError, TypeError, OverflowError):
        pass
    expected = {bool: "はい／いいえ", int: "番号", date: "暦にある年月日", uuid.UUID: "届出の識別子"}[hint]
    findings.error("FIL-E-007", path, f"{expected}として読めません。", f"{expected}を入力してください。")
    return None
