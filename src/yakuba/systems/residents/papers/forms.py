"""What the registry's papers are made of: typed, already worded items (住民票の写し等の記載事項).

Every item is text as it is to be read (dates in 和暦, numbers in their shape) or None where the record has none.
Which items are printed is not the caller's business: `papers.py` decides it from the options. Only `PersonEntry`, the
person of a 住民票の写し, can carry a 個人番号; no other paper has a place for it (住民基本台帳法 12条5項).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yakuba.platform.documents import Seal


class Item(StrEnum):
    """Items that a copy omits unless they are asked for (住民基本台帳法 12条5項, 30条の51)."""

    HOUSEHOLD_HEAD = "世帯主・続柄"
    DOMICILE = "本籍・筆頭者"
    RESIDENT_CODE = "住民票コード"
    INDIVIDUAL_NUMBER = "個人番号"
    NATIONALITY = "国籍・地域"
    RESIDENCE_STATUS = "在留資格等"
    CARD_NUMBER = "在留カード等の番号"


class NamePriority(StrEnum):
    """氏名優先区分: which of a person's names stands for the person."""

    KANJI = "kanji"
    ALPHABET = "alphabet"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of a person: in kanji, its kana (フリガナ), in letters, the alias (通称) and its kana."""

    kanji: str | None = None
    kana: str | None = None
    alphabet: str | None = None
    alias: str | None = None
    alias_kana: str | None = None
    priority: NamePriority = NamePriority.KANJI

    @property
    def preferred(self) -> str | None:
        """The name by the priority; None if that name is not recorded (a new-born child has none yet)."""
        return {
            NamePriority.KANJI: self.kanji,
            NamePriority.ALPHABET: self.alphabet,
            NamePriority.ALIAS: self.alias,
        }[self.priority]

    @property
    def preferred_kana(self) -> str | None:
        return self.alias_kana if self.priority is NamePriority.ALIAS else self.kana


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the record's history (異動履歴), and the omittable items that it tells about."""

    text: str
    concerns: frozenset[Item] = frozenset()


@dataclass(frozen=True, slots=True)
class Remark:
    """備考: its text, the date of its entry, whether it may be printed, and the omittable items that it tells about."""

    text: str
    entered_on: str
    is_printed: bool
    concerns: frozenset[Item] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonItems:
    """The printable items of one resident, without a 個人番号.

    Of a Japanese resident: former surname, domicile and its head. Of a foreign resident (`is_foreign`): alias,
    nationality and the items of 住民基本台帳法 30条の45; `resident_since` is then 外国人住民となった年月日.
    """

    names: Names
    birth_date: str
    sex: str | None
    resident_since: str
    resident_code: str | None
    is_foreign: bool = False
    relationship: str | None = None
    former_surname: str | None = None
    former_surname_kana: str | None = None
    address_since: str | None = None
    filed_on: str | None = None
    previous_address: str | None = None
    domicile: str | None = None
    domicile_head: str | None = None
    nationality: str | None = None
    residence_class: str | None = None
    residence_status: str | None = None
    residence_period: str | None = None
    residence_expires_on: str | None = None
    card_number: str | None = None
    history: tuple[HistoryLine, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person of a 住民票の写し: the items and the 個人番号 (12 digits)."""

    items: PersonItems
    individual_number: str | None = None


@dataclass(frozen=True, slots=True)
class HouseholdPaper:
    """What a 住民票の写し certifies: persons of one household in the order in which they are printed (5.2)."""

    address: str
    household_head: Names
    people: tuple[PersonEntry, ...]
    is_whole_household: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """除票に固有の記載事項: why and when the record was removed, and where the person went."""

    reason: str
    happened_on: str | None
    planned_address: str | None = None
    confirmed_address: str | None = None
    filed_on: str | None = None
    notified_on: str | None = None
    moved_out_on: str | None = None


@dataclass(frozen=True, slots=True)
class RemovedPaper:
    """What a 住民票の除票の写し certifies: one person's removed record."""

    address: str
    household_head: Names
    person: PersonItems
    removal: Removal


class CertifiedItem(StrEnum):
    """The items among which a 住民票記載事項証明書 chooses. The name is always certified."""

    ADDRESS = "住所"
    KANA = "氏名の振り仮名"
    BIRTH_DATE = "生年月日"
    SEX = "性別"
    HOUSEHOLD_HEAD = "世帯主の氏名"
    RELATIONSHIP = "世帯主との続柄"
    FORMER_SURNAME = "旧氏"
    ALIAS = "通称"
    DOMICILE = "本籍"
    DOMICILE_HEAD = "筆頭者"
    RESIDENT_SINCE = "住民となった年月日"
    ADDRESS_SINCE = "住所を定めた年月日"
    FILED_ON = "届出の年月日"
    PREVIOUS_ADDRESS = "転入前住所"
    RESIDENT_CODE = "住民票コード"
    NATIONALITY = "国籍・地域"
    RESIDENCE_CLASS = "法第30条の45の区分"
    RESIDENCE_STATUS = "在留資格"
    RESIDENCE_PERIOD = "在留期間"
    RESIDENCE_EXPIRES_ON = "在留期間の満了の日"
    CARD_NUMBER = "在留カード等の番号"


@dataclass(frozen=True, slots=True)
class ItemsPaper:
    """What a 住民票記載事項証明書 certifies; `is_removed` makes it a 住民票除票記載事項証明書."""

    address: str
    household_head: Names
    people: tuple[PersonItems, ...]
    items: frozenset[CertifiedItem]
    is_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingPerson:
    """A person of a 転出証明書, with what the next municipality must know of insurance and allowances."""

    items: PersonItems
    national_health_insurance: str | None = None
    late_elderly_care: str | None = None
    long_term_care: str | None = None
    national_pension: str | None = None
    child_allowance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOutPaper:
    """What a 転出証明書 certifies (住民基本台帳法施行令 23条・24条)."""

    address: str
    household_head: Names
    next_address: str
    next_household_head: str | None
    moves_on: str
    filed_on: str | None
    people: tuple[MovingPerson, ...]
    is_reissue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOptions:
    """What the applicant asked for. Everything that the law lets a municipality omit is omitted by default."""

    show_household_head: bool = False
    show_domicile: bool = False
    show_resident_code: bool = False
    show_individual_number: bool = False
    show_nationality: bool = False
    show_residence_status: bool = False
    show_card_number: bool = False
    show_history: bool = False
    show_remarks: bool = False
    show_kana: bool = True

    def shows(self, item: Item) -> bool:
        return {
            Item.HOUSEHOLD_HEAD: self.show_household_head,
            Item.DOMICILE: self.show_domicile,
            Item.RESIDENT_CODE: self.show_resident_code,
            Item.INDIVIDUAL_NUMBER: self.show_individual_number,
            Item.NATIONALITY: self.show_nationality,
            Item.RESIDENCE_STATUS: self.show_residence_status,
            Item.CARD_NUMBER: self.show_card_number,
        }[item]


@dataclass(frozen=True, slots=True)
class Authority:
    """認証者: the title with the prefecture's name (5.6), the name, and the seal or the note in its place.

    An acting mayor (職務代理者) has the title 「…長職務代理者　副市長」 as one text.
    """

    title: str
    name: str
    seal: Seal | None
    seal_note: str = ""
