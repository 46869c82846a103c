"""What a clerk types, as search keys: one field for everything, and the form with every key.

「山田　S60.4.12」 is a name and a birth, 「ﾔﾏﾀﾞ」 a reading, 「中町12-3」 an address, 「000001234567890」 a 宛名番号.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.core.numbers import IndividualNumber, InvalidNumber, ResidentCode, holds_individual_number

from .display import show_date
from .enquiries import Query

MAX_TEXT = 100
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．－／ー", "0123456789.-/-")
_ADDRESSEE_DIGITS = 15
# A figure is a date only in the company of an era, a separator or 年: 「12」 is none, 「19850412」 is.
_DATE = re.compile(
    r"(?:[A-Za-zＡ-Ｚａ-ｚ]|明治|大正|昭和|平成|令和|慶応)\.?[0-9元一二三四五六七八九十]+.*"
    r"|[0-9]{4}[-/.年].*|(?:1[89]|20)[0-9]{6}|.*不詳"
)
# Japanese writing followed by a figure: a name has none, an address nearly always.
_ADDRESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+.*[0-9].*")


@dataclass(frozen=True, slots=True)
class Understood:
    """The keys of a text, and how it was understood, for the person who typed it."""

    query: Query
    meaning: tuple[tuple[str, str], ...]


def understand(text: str) -> Understood:
    """The keys of the one field. Raises Refused for two birth dates or numbers, or a number that can't be one."""
    findings = Findings()
    if holds_individual_number(text):
        # Before anything of it is remembered or logged.
        raise Refused([_misplaced("q")])
    names: list[str] = []
    births: list[UncertainDate] = []
    numbers: list[int] = []
    addresses: list[str] = []
    for token in text[:MAX_TEXT].split():
        plain = token.translate(_FULL_WIDTH)
        if plain.isdecimal() and plain.isascii() and not _DATE.fullmatch(plain):
            if len(plain) > _ADDRESSEE_DIGITS:
                findings.error("RES-E-202", "q", "15桁を超える番号です。", "宛名番号は15桁以内の数字です。")
            else:
                numbers.append(int(plain))
        elif _DATE.fullmatch(plain) and (birth := _birth(plain)) is not None:
            births.append(birth)
        elif _ADDRESS.fullmatch(plain):
            addresses.append(token)
        else:
            names.append(token)
    if len(births) > 1 or len(numbers) > 1:
        findings.error(
            "RES-E-203", "q", "生年月日又は番号が二つ以上あります。", "一つにするか、詳しい条件で検索してください。"
        )
    findings.raise_if_blocking()
    name = "　".join(names)
    meaning = [("氏名・フリガナ", name)] if name else []
    meaning += [("生年月日", show_date(birth)) for birth in births]
    meaning += [("宛名番号", f"{number:015d}") for number in numbers]
    meaning += [("住所", address) for address in addresses]
    query = Query(
        name=name,
        birth=births[0] if births else None,
        number=numbers[0] if numbers else None,
        address="".join(addresses),
    )
    return Understood(query, tuple(meaning))


def _misplaced(field: str) -> Finding:
    return Finding(
        "RES-E-206",
        field,
        "この欄に個人番号は入力できません。検索していません。",
        "個人番号は、詳しい条件の「個人番号」に入力してください。12桁の宛名番号は、先頭の0も含めて15桁で入力してください。",
        article="行政手続における特定の個人を識別するための番号の利用等に関する法律 第12条",
    )


def _birth(text: str) -> UncertainDate | None:
    try:
        return UncertainDate.parse(text)
    except Refused:
        return None


def bounded_offset(text: str) -> int:
    """Where the next page of results begins; 0 for anything that no page of ours sends."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def from_form(data: Mapping[str, Any]) -> Query:
    """The keys of the detailed form. Raises Refused with every finding."""
    findings = Findings()

    def text(name: str) -> str:
        typed = str(data.get(name) or "").strip()[:MAX_TEXT]
        if name != "individual_number" and holds_individual_number(typed):
            findings.items.append(_misplaced(name))
            return ""
        return typed

    def whole(name: str, label: str) -> int | None:
        value = text(name).translate(_FULL_WIDTH)
        if not value:
            return None
        if value.isdecimal() and value.isascii() and len(value) <= _ADDRESSEE_DIGITS:
            return int(value)
        findings.error("RES-E-204", name, f"{label}として読めません。", "15桁以内の数字を入力してください。")
        return None

    birth = None
    if text("birth"):
        try:
            birth = UncertainDate.parse(text("birth"))
        except Refused as refusal:
            for finding in refusal.findings:
                findings.error(finding.code, "birth", finding.message, finding.remedy)
    code = number = None
    try:
        code = ResidentCode.parse(text("resident_code"), "resident_code") if text("resident_code") else None
    except InvalidNumber as error:
        findings.extend([error.finding])
    try:
        number = (
            IndividualNumber.parse(text("individual_number"), "individual_number")
            if text("individual_number")
            else None
        )
    except InvalidNumber as error:
        findings.extend([error.finding])
    offset = text("offset")
    query = Query(
        name=text("name"),
        exact=bool(data.get("exact")),
        birth=birth,
        sex=text("sex"),
        address=text("address"),
        number=whole("number", "宛名番号"),
        household=whole("household", "世帯番号"),
        resident_code=code.reveal() if code else "",
        individual_number=number,
        residence_card=text("residence_card"),
        relationship=text("relationship"),
        katagaki=text("katagaki"),
        closing_reason=text("closing_reason"),
        current_only=bool(data.get("current_only")),
        include_closed=not data.get("open_only"),
        offset=bounded_offset(offset),
    )
    findings.raise_if_blocking()
    return query
