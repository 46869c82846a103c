"""Every item of a resident record (住民票), once: this table makes the columns, the CSV, the checks and the labels.

Sources: 住民記録システム標準仕様書 1.1 (the items), and the record tables of the published assessments. An item is stated in
full in every version (1.2.1), common values of the household too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How an item is stored, checked and written in a CSV field."""

    TEXT = "text"  # MJ repertoire, any script
    NAME = "name"  # MJ repertoire, family and given name separated by U+3000
    KANA = "kana"  # katakana, same separation
    LATIN = "latin"  # as on the residence card
    UNCERTAIN = "uncertain"  # a date that may be 不詳, stored form of core.calendar.UncertainDate
    DATE = "date"  # a day on the calendar, YYYY-MM-DD
    MONTH = "month"  # YYYY-MM
    FLAG = "flag"  # 1 or 0
    INTEGER = "integer"
    CODE = "code"  # a code of the list named in `codes`
    POSTAL = "postal"  # 7 digits
    DIGITS = "digits"  # digits kept as text
    RESIDENT_CODE = "resident_code"
    HOUSEHOLD = "household"
    VAULT = "vault"  # 個人番号: the vault's id in the row, clear only on an authorised export


class Subject(StrEnum):
    BOTH = "both"
    JAPANESE = "japanese"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Item:
    """`required` for whom; `length` in characters (MJ: a character with its selector counts once)."""

    name: str
    label: str
    kind: Kind
    group: str
    length: int = 0
    codes: str = ""
    subject: Subject = Subject.BOTH
    required: bool = False


def _address(prefix: str, label: str, group: str) -> tuple[Item, ...]:
    """住所コード, 郵便番号, 町名まで, 番地, 方書. Places outside the town write 都道府県・市区町村 (or the country) in `_town`."""
    return (
        Item(f"{prefix}_code", f"{label}（住所コード）", Kind.DIGITS, group, 11),
        Item(f"{prefix}_postal", f"{label}（郵便番号）", Kind.POSTAL, group, 7),
        Item(f"{prefix}_town", f"{label}（町名まで）", Kind.TEXT, group, 100),
        Item(f"{prefix}_banchi", f"{label}（番地）", Kind.TEXT, group, 60),
        Item(f"{prefix}_katagaki", f"{label}（方書）", Kind.TEXT, group, 80),
    )


def _insurance(prefix: str, label: str) -> tuple[Item, ...]:
    return (
        Item(f"{prefix}_qualified", f"{label}（資格の有無）", Kind.FLAG, "個別記載"),
        Item(f"{prefix}_number", f"{label}（番号）", Kind.DIGITS, "個別記載", 12),
        Item(f"{prefix}_acquired_on", f"{label}（取得年月日）", Kind.DATE, "個別記載"),
        Item(f"{prefix}_lost_on", f"{label}（喪失年月日）", Kind.DATE, "個別記載"),
    )


ITEMS: tuple[Item, ...] = (
    Item("resident_kind", "住民種別", Kind.CODE, "基本", codes="resident_kinds", required=True),
    Item("status", "住民状態", Kind.CODE, "基本", codes="resident_states", required=True),
    Item("record_number", "住民票番号", Kind.INTEGER, "基本"),
    Item("former_record_number", "改製前住民票番号", Kind.INTEGER, "基本"),
    Item("recreated_on", "改製年月日", Kind.DATE, "基本"),
    # 氏名. An unnamed newborn has no name yet.
    Item("name", "氏名", Kind.NAME, "氏名", 100),
    Item("name_kana", "氏名の振り仮名", Kind.KANA, "氏名", 100),
    Item("name_kana_confirmed", "振り仮名の確認", Kind.FLAG, "氏名"),
    Item("name_latin", "氏名（アルファベット）", Kind.LATIN, "氏名", 100, subject=Subject.FOREIGN),
    Item("former_surname", "旧氏", Kind.NAME, "氏名", 50, subject=Subject.JAPANESE),
    Item("former_surname_kana", "旧氏の振り仮名", Kind.KANA, "氏名", 50, subject=Subject.JAPANESE),
    Item("former_surname_kana_confirmed", "旧氏の振り仮名の確認", Kind.FLAG, "氏名", subject=Subject.JAPANESE),
    Item("former_surname_inquired_on", "旧氏戸籍照会年月日", Kind.DATE, "氏名", subject=Subject.JAPANESE),
    Item("alias", "通称", Kind.NAME, "氏名", 100, subject=Subject.FOREIGN),
    Item("alias_kana", "通称の振り仮名", Kind.KANA, "氏名", 100, subject=Subject.FOREIGN),
    Item("alias_kana_confirmed", "通称の振り仮名の確認", Kind.FLAG, "氏名", subject=Subject.FOREIGN),
    Item("alias_entered_on", "通称を記載した年月日", Kind.DATE, "氏名", subject=Subject.FOREIGN),
    Item("alias_entered_at", "通称を記載した市区町村", Kind.TEXT, "氏名", 50, subject=Subject.FOREIGN),
    Item("alias_deleted_on", "通称を削除した年月日", Kind.DATE, "氏名", subject=Subject.FOREIGN),
    Item("alias_deleted_at", "通称を削除した市区町村", Kind.TEXT, "氏名", 50, subject=Subject.FOREIGN),
    Item("name_priority", "氏名優先区分", Kind.CODE, "氏名", codes="name_priorities"),
    Item("birth", "生年月日", Kind.UNCERTAIN, "基本", required=True),
    Item("sex", "性別", Kind.CODE, "基本", codes="sexes"),
    # 世帯
    Item("household_number", "世帯番号", Kind.HOUSEHOLD, "世帯", required=True),
    Item("householder_name", "世帯主の氏名", Kind.NAME, "世帯", 100),
    Item("relationship", "世帯主との続柄", Kind.TEXT, "世帯", 20),
    Item("household_order", "世帯員の並び順", Kind.INTEGER, "世帯"),
    # 住所
    *_address("address", "住所", "住所"),
    Item("address_since", "住所を定めた年月日", Kind.UNCERTAIN, "住所"),
    Item("address_since_reason", "住所を定めた事由", Kind.CODE, "住所", codes="change_reasons"),
    Item("address_notified_on", "住所を定めた届出の年月日", Kind.DATE, "住所"),
    Item("district_admin", "行政区", Kind.DIGITS, "住所", 10),
    Item("district_neighbourhood", "隣組", Kind.DIGITS, "住所", 10),
    Item("district_elementary", "小学校区", Kind.DIGITS, "住所", 10),
    Item("district_junior_high", "中学校区", Kind.DIGITS, "住所", 10),
    Item("district_voting", "投票区", Kind.DIGITS, "住所", 10),
    # 住民となった日
    Item("resident_since", "住民となった年月日", Kind.UNCERTAIN, "住民となった日"),
    Item("resident_since_reason", "住民となった事由", Kind.CODE, "住民となった日", codes="change_reasons"),
    Item("resident_notified_on", "住民となった届出の年月日", Kind.DATE, "住民となった日"),
    Item(
        "foreign_resident_since",
        "外国人住民となった年月日",
        Kind.UNCERTAIN,
        "住民となった日",
        subject=Subject.FOREIGN,
    ),
    Item(
        "foreign_resident_since_reason",
        "外国人住民となった事由",
        Kind.CODE,
        "住民となった日",
        codes="change_reasons",
        subject=Subject.FOREIGN,
    ),
    Item("alien_registered_on", "旧外登法による登録年月日", Kind.DATE, "住民となった日", subject=Subject.FOREIGN),
    # 本籍
    *_address("domicile", "本籍", "本籍"),
    Item("register_head", "筆頭者", Kind.NAME, "本籍", 100, subject=Subject.JAPANESE),
    # 前住所・転出先
    *_address("previous", "転入前住所", "転入前住所"),
    Item("previous_householder", "転入前住所の世帯主", Kind.NAME, "転入前住所", 100),
    Item("previous_unregistered", "転入前住所（未届）", Kind.FLAG, "転入前住所"),
    *_address("last_registered", "最終登録住所地", "転入前住所"),
    *_address("planned", "転出先住所（予定）", "転出"),
    *_address("confirmed", "転出先住所（確定）", "転出"),
    Item("move_out_planned_on", "転出予定年月日", Kind.DATE, "転出"),
    Item("move_out_special", "転出届の特例", Kind.FLAG, "転出"),
    Item("move_out_abroad", "国外への転出", Kind.FLAG, "転出"),
    Item("move_out_on", "転出年月日", Kind.DATE, "転出"),
    Item("move_in_notice_on", "転入通知年月日", Kind.DATE, "転出"),
    Item("move_in_notice_notified_on", "転入通知の届出年月日", Kind.DATE, "転出"),
    Item("closing_reason", "消除事由", Kind.CODE, "消除", codes="change_reasons"),
    Item("closing_ground", "消除の根拠（施行令）", Kind.CODE, "消除", codes="closing_grounds"),
    Item("closed_on", "事由の生じた年月日", Kind.UNCERTAIN, "消除"),
    Item("closing_notified_on", "消除の届出の年月日", Kind.DATE, "消除"),
    Item("moved_to_closed_store", "除票データベースへの移行", Kind.FLAG, "消除"),
    # 番号
    Item("resident_code", "住民票コード", Kind.RESIDENT_CODE, "番号"),
    Item("individual_number", "個人番号", Kind.VAULT, "番号"),
    Item("card_status", "個人番号カードの発行状況", Kind.CODE, "番号", codes="card_states"),
    Item("signature_serial", "署名用電子証明書シリアル番号", Kind.DIGITS, "番号", 20),
    Item("user_certificate_serial", "利用者証明用電子証明書シリアル番号", Kind.DIGITS, "番号", 20),
    # 外国人 (住基法30条の45)
    Item("nationality", "国籍・地域", Kind.CODE, "外国人", codes="nationalities", subject=Subject.FOREIGN),
    Item(
        "article_30_45",
        "法第30条の45の区分",
        Kind.CODE,
        "外国人",
        codes="article_30_45_classes",
        subject=Subject.FOREIGN,
    ),
    Item("residence_status", "在留資格", Kind.CODE, "外国人", codes="residence_statuses", subject=Subject.FOREIGN),
    Item("residence_period", "在留期間", Kind.TEXT, "外国人", 20, subject=Subject.FOREIGN),
    Item("residence_until", "在留期間の満了の日", Kind.DATE, "外国人", subject=Subject.FOREIGN),
    Item("residence_card", "在留カード等の番号", Kind.TEXT, "外国人", 12, subject=Subject.FOREIGN),
    Item("landing_until", "上陸期間・仮滞在期間の満了の日", Kind.DATE, "外国人", subject=Subject.FOREIGN),
    Item("residence_notified", "住居地の届出の有無", Kind.FLAG, "外国人", subject=Subject.FOREIGN),
    Item("landed_move_in", "上陸許可証による転入", Kind.FLAG, "外国人", subject=Subject.FOREIGN),
    # 個別記載 (住基法7条10号〜11号の2)
    *_insurance("nhi", "国民健康保険"),
    *_insurance("late_elderly", "後期高齢者医療"),
    *_insurance("care", "介護保険"),
    Item("pension_qualified", "国民年金（該当）", Kind.FLAG, "個別記載"),
    Item("pension_number", "基礎年金番号", Kind.DIGITS, "個別記載", 10),
    Item("pension_kind", "国民年金の種別", Kind.CODE, "個別記載", codes="pension_kinds"),
    Item("pension_kind_on", "国民年金の種別変更年月日", Kind.DATE, "個別記載"),
    Item("pension_acquired_on", "国民年金（取得年月日）", Kind.DATE, "個別記載"),
    Item("pension_lost_on", "国民年金（喪失年月日）", Kind.DATE, "個別記載"),
    Item("child_allowance_from", "児童手当の支給開始年月", Kind.MONTH, "個別記載"),
    Item("child_allowance_to", "児童手当の支給終了年月", Kind.MONTH, "個別記載"),
    Item("on_electoral_roll", "選挙人名簿への登録", Kind.FLAG, "個別記載"),
    # その他
    Item("remark", "備考", Kind.TEXT, "その他", 400),
    Item("remark_on", "備考の年月日", Kind.DATE, "その他"),
    Item("remark_printed", "備考の印字", Kind.FLAG, "その他"),
    Item("adult_ward", "成年被後見人", Kind.FLAG, "その他"),
    Item("mail_code", "郵便物送付コード", Kind.DIGITS, "その他", 10),
    Item("issue_prohibited", "発行禁止", Kind.FLAG, "その他"),
    Item("processing_stopped_on", "処理停止日", Kind.DATE, "その他"),
)
BY_NAME = {item.name: item for item in ITEMS}
NAMES = tuple(item.name for item in ITEMS)
ADDRESSES = ("address", "domicile", "previous", "last_registered", "planned", "confirmed")

assert len(BY_NAME) == len(ITEMS), "an item stands twice in the table"
