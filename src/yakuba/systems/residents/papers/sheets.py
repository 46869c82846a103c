"""What is printed, after omission: the data types of the templates. Made by `papers.py` and by nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field

from yakuba.platform.documents.certified import Closing


@dataclass(frozen=True, slots=True)
class PersonSheet:
    number: int
    is_foreign: bool
    name: str = field(metadata={"label": "氏名"})
    name_kana: str = field(metadata={"label": "氏名の振り仮名"})
    second_name: str = field(metadata={"label": "旧氏・通称"})
    second_name_kana: str = field(metadata={"label": "旧氏・通称の振り仮名"})
    birth_date: str = field(metadata={"label": "生年月日"})
    sex: str = field(metadata={"label": "性別"})
    relationship: str = field(metadata={"label": "続柄"})
    resident_since: str = field(metadata={"label": "住民となった年月日"})
    address_since: str = field(metadata={"label": "住所を定めた年月日"})
    filed_on: str = field(metadata={"label": "届出の年月日"})
    previous_address: str = field(metadata={"label": "転入前住所"})
    domicile: str = field(metadata={"label": "本籍"})
    domicile_head: str = field(metadata={"label": "筆頭者"})
    resident_code: str = field(metadata={"label": "住民票コード"})
    nationality: str = field(metadata={"label": "国籍・地域"})
    residence_class: str = field(metadata={"label": "法第30条の45の区分"})
    residence_status: str = field(metadata={"label": "在留資格"})
    residence_period: str = field(metadata={"label": "在留期間"})
    residence_expires_on: str = field(metadata={"label": "在留期間の満了の日"})
    card_number: str = field(metadata={"label": "在留カード等の番号"})
    lines: tuple[str, ...] = field(metadata={"label": "備考"})


@dataclass(frozen=True, slots=True)
class CopyPersonSheet:
    person: PersonSheet
    individual_number: str = field(metadata={"label": "個人番号"})


@dataclass(frozen=True, slots=True)
class CopySheet:
    """住民票の写し."""

    title: str
    address: str = field(metadata={"label": "住所"})
    household_head: str = field(metadata={"label": "世帯主"})
    people: tuple[CopyPersonSheet, ...]
    closing: Closing


@dataclass(frozen=True, slots=True)
class RemovalSheet:
    reason: str = field(metadata={"label": "消除の事由"})
    happened_on: str = field(metadata={"label": "事由の生じた年月日"})
    planned_address: str = field(metadata={"label": "転出先住所（予定）"})
    confirmed_address: str = field(metadata={"label": "転出先住所（確定）"})
    filed_on: str = field(metadata={"label": "届出の年月日"})
    notified_on: str = field(metadata={"label": "転入通知の年月日"})
    moved_out_on: str = field(metadata={"label": "転出の年月日"})


@dataclass(frozen=True, slots=True)
class RemovedSheet:
    """住民票の除票の写し."""

    title: str
    address: str = field(metadata={"label": "住所"})
    household_head: str = field(metadata={"label": "世帯主"})
    person: PersonSheet
    removal: RemovalSheet
    closing: Closing


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ItemsPersonSheet:
    name: str = field(metadata={"label": "氏名"})
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ItemsSheet:
    """住民票記載事項証明書."""

    title: str
    people: tuple[ItemsPersonSheet, ...]
    closing: Closing


@dataclass(frozen=True, slots=True)
class MovingPersonSheet:
    person: PersonSheet
    national_health_insurance: str = field(metadata={"label": "国民健康保険"})
    late_elderly_care: str = field(metadata={"label": "後期高齢者医療"})
    long_term_care: str = field(metadata={"label": "介護保険"})
    national_pension: str = field(metadata={"label": "国民年金"})
    child_allowance: str = field(metadata={"label": "児童手当"})


@dataclass(frozen=True, slots=True)
class MoveOutSheet:
    """転出証明書, 転出証明書に準ずる証明書."""

    title: str
    address: str = field(metadata={"label": "転出前の住所"})
    household_head: str = field(metadata={"label": "世帯主"})
    next_address: str = field(metadata={"label": "転出先の住所"})
    next_household_head: str = field(metadata={"label": "転出先の世帯主"})
    moves_on: str = field(metadata={"label": "転出予定年月日"})
    filed_on: str = field(metadata={"label": "届出の年月日"})
    people: tuple[MovingPersonSheet, ...]
    closing: Closing
