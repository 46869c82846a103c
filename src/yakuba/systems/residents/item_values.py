"""Single items of a record as text from a form: which kind of act may write which, and what a value must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire, split_characters
from yakuba.core.codes import CodeList, check_relationship
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.core.names import PersonName, check_furigana, check_name, check_romanized

from .items import BY_NAME, ITEMS, Item, Kind, Subject
from .planning import Items, View
from .reasons import ResidentKind

_BY_OTHER_ACTS = frozenset(
    {
        "resident_kind", "status", "record_number", "former_record_number", "recreated_on", "household_number",
        "householder_name", "closing_reason", "moved_to_closed_store", "resident_code", "individual_number",
        "address_town", "move_out_special", "move_out_abroad",
    }
)  # fmt: skip
"""What only an act of its own writes, or what follows from something else."""

CORRECTABLE = frozenset(item.name for item in ITEMS) - _BY_OTHER_ACTS
"""誤記修正: whatever may have been written wrongly."""

_PLACES = ("address", "domicile", "previous", "last_registered", "planned", "confirmed")
MINOR = frozenset(
    {
        "name", "former_surname", "alias", "register_head", "previous_householder", "remark",
        *(item.name for item in ITEMS if item.name.startswith(("district_", *(f"{p}_" for p in _PLACES)))
          and item.kind in {Kind.TEXT, Kind.DIGITS, Kind.POSTAL}),
    }
) - {"address_town", "alias_entered_at", "alias_deleted_at"}  # fmt: skip
"""軽微な修正 (4.2.3.2): other forms of the same characters, other names of the same place."""

ENTERED_BY_NOTICE = (
    frozenset(
        item.name
        for item in ITEMS
        if item.group in {"氏名", "本籍", "個別記載", "その他", "外国人", "番号"}
        or item.name.startswith(("district_", "last_registered_", "previous_"))
        or item.name in {"birth", "sex", "relationship", "household_order", "alien_registered_on"}
    )
    - _BY_OTHER_ACTS
    - {"former_surname", "alias", "alias_entered_on", "alias_entered_at", "alias_deleted_on", "alias_deleted_at"}
)
"""職権修正: what changes by a 戸籍 notice, another office's notice or an investigation, and has no act of its own."""

_FLAGS = {"1": True, "0": False, "true": True, "false": False, "on": True}


def read_values(
    values: Mapping[str, str],
    cleared: Iterable[str],
    items: Items,
    allowed: frozenset[str],
    view: View,
    findings: Findings,
    *,
    again: bool = False,
) -> Items:
    """The items that a form changes in a record, as they are stored. `again`: findings were already said of another person."""
    found = Findings()
    changed: Items = {}
    for name, text in values.items():
        path = f"values.{name[:40]}"
        if _check_item(name, path, items, allowed, found):
            value, wrong = read(BY_NAME[name], text, path, view.today)
            found.extend(wrong)
            changed[name] = value
    for name in dict.fromkeys(cleared):
        if not _check_item(name, "cleared", items, allowed, found):
            continue
        if BY_NAME[name].required or name in values or (name == "relationship"):
            found.error(
                "RES-E-173", "cleared", f"「{BY_NAME[name].label}」は空欄にできません。", "正しい値を入力してください。"
            )
        changed[name] = None
    code = changed.get("address_code")
    if code is not None:
        if code not in view.towns:
            found.error(
                "RES-E-040", "values.address_code", "町名が選ばれていません。", "市内の町名を一覧から選んでください。"
            )
        changed["address_town"] = view.towns.get(code)
    if not again:
        findings.extend(found)
    return changed


def _check_item(name: str, path: str, items: Items, allowed: frozenset[str], found: Findings) -> bool:
    item = BY_NAME.get(name)
    if item is None or name not in allowed:
        label = item.label if item else name[:40]
        found.error(
            "RES-E-174",
            path,
            f"「{label}」は、この異動では直せない項目です。",
            "その項目のための異動を選んでください。",
        )
        return False
    foreign = items.get("resident_kind") == ResidentKind.FOREIGN
    if item.subject is (Subject.JAPANESE if foreign else Subject.FOREIGN):
        who = "日本人住民" if foreign else "外国人住民"
        found.error("RES-E-175", path, f"「{item.label}」は{who}だけの項目です。", "対象の方を確認してください。")
        return False
    return True


def read(item: Item, text: str, path: str, day: date) -> tuple[Any, list[Finding]]:
    """The value of an item as it is stored, and what is wrong with it."""
    findings = Findings()
    length = item.length
    if length and len(split_characters(text)) > length:
        findings.error("RES-E-176", path, f"「{item.label}」が{length}文字を超えています。", "短くしてください。")
        return None, findings.items
    value: Any = text
    match item.kind:
        case Kind.NAME:
            findings.extend(check_name(PersonName(text), path))
        case Kind.KANA:
            in_register = item.subject is not Subject.FOREIGN
            findings.extend(check_furigana(PersonName(text), path, in_family_register=in_register))
        case Kind.LATIN:
            findings.extend(check_romanized(text, path))
        case Kind.TEXT if item.name == "relationship":
            findings.extend(filter(None, [check_relationship(text, path)]))
        case Kind.TEXT:
            findings.extend(check_repertoire(text, path))
        case Kind.CODE:
            wrong = CodeList.load(item.codes).check(text, day, path)
            findings.extend([wrong] if wrong else [])
        case Kind.UNCERTAIN | Kind.DATE:
            value = _read_day(item, text, path, findings)
        case Kind.FLAG:
            value = _FLAGS.get(text)
            if value is None:
                findings.error("RES-E-177", path, f"「{item.label}」が読めません。", "はい又はいいえを選んでください。")
        case _:
            value = _read_digits(item, text, path, findings)
    return value, findings.items


def _read_day(item: Item, text: str, path: str, findings: Findings) -> Any:
    try:
        value = UncertainDate.parse(text)
        return value if item.kind is Kind.UNCERTAIN else value.date
    except Refused as refusal:
        findings.extend(replace(finding, field=path) for finding in refusal.findings)
        return None


def _read_digits(item: Item, text: str, path: str, findings: Findings) -> Any:
    """郵便番号, 年月, numbers with a length."""
    digits = text.replace("-", "")
    if item.kind is Kind.MONTH:
        is_right = len(text) == 7 and text[4] == "-" and digits.isdecimal() and "01" <= text[5:] <= "12"
    elif item.kind is Kind.POSTAL:
        is_right = digits.isdecimal() and len(digits) == 7
    else:
        is_right = digits.isascii() and digits.isdecimal() and (not item.length or len(digits) <= item.length)
    if not is_right:
        findings.error("RES-E-177", path, f"「{item.label}」が読めません。", "数字の桁数を確認してください。")
        return None
    if item.kind is Kind.INTEGER:
        return int(digits)
    return text if item.kind is Kind.MONTH else digits
