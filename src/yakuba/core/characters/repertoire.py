"""Text of the registers: one spelling for each character, and nothing outside the repertoire.

A *unit* is what a reader takes for one character: a base character with the selectors or marks that follow it.
The repertoire is MJ文字 (文字情報基盤, with 変体仮名), kana, the symbols of JIS X 0213 and Latin letters. The canonical
spelling of an MJ character is its bare code point; where that is missing, or a CJK compatibility ideograph, which NFC
would replace by another character, it is its Moji_Joho sequence (IVS).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from yakuba.core.characters._tables import HENTAIGANA_BASE, names, tables
from yakuba.core.findings import Finding

_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_COMPATIBILITY = "\uf900-\ufaff\U0002f800-\U0002fa1f"
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_SPELLING = re.compile(f"[{_COMPATIBILITY}][{_SELECTORS}]?|.[{_SELECTORS}]", re.DOTALL)
_COMPATIBILITY_RUN = re.compile(f"([{_COMPATIBILITY}]+)")
_MJ_NAME = re.compile(r"MJ(\d{6})", re.ASCII)
_MAX_UNIT = 8
# Sorting a run of marks is quadratic in unicodedata; the stream-safe format of UAX #15 ends runs at 30.
_MAX_MARKS = 30
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def normalize(text: str) -> str:
    """The canonical registry form: NFC, and one spelling for each MJ character.

    Meaning never changes: widths, kana and variants stay as they are. A compatibility ideograph, a standardized
    variation sequence (SVS) and the sequence of a default glyph become the canonical unit. What isn't in the
    repertoire is left for `check_repertoire`: a compatibility ideograph that MJ doesn't know is kept, not decomposed,
    and a text with more than 30 marks in a row is left alone.
    """
    if tables().plain.issuperset(text):
        return text
    if len(text) > _MAX_MARKS and _has_overlong_run(text):
        return text
    aliases = tables().aliases
    text = _SPELLING.sub(lambda match: aliases.get(match[0], match[0]), text)
    return "".join(
        part if place % 2 else unicodedata.normalize("NFC", part)
        for place, part in enumerate(_COMPATIBILITY_RUN.split(text))
    )


def _has_overlong_run(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > _MAX_MARKS:
            return True
    return False


def split_characters(text: str) -> list[str]:
    """The units of a text: 「邉󠄙田」 -> ['邉󠄙', '田']. A selector or mark at the beginning is a unit of its own."""
    if tables().plain.issuperset(text):
        return list(text)
    return [unit for _, unit in _placed_units(text)]


def _placed_units(text: str) -> Iterator[tuple[int, str]]:
    """0-based place of the first code point, unit."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or unicodedata.category(text[place]) not in ("Mn", "Me"):
            yield start, text[start:place]
            start = place


def identify(unit: str) -> str | None:
    """The MJ name (MJ文字図形名, 'MJ026190') of a unit in any spelling; None if MJ has no such character."""
    number = names().numbers.get(normalize(unit))
    return None if number is None else f"MJ{number:06}"


def mj_unit(mj_name: str) -> str:
    """The canonical unit of an MJ name. Raises KeyError for a name that doesn't exist or has no text form."""
    match = _MJ_NAME.fullmatch(mj_name)
    if match is None:
        raise KeyError(mj_name)
    number = int(match[1])
    found = names()
    unit = found.units.get(found.twins.get(number, number))
    if unit is None:
        raise KeyError(mj_name)
    return unit


def variant_class(unit: str) -> str:
    """The representative of the class of variants (異体字) to which a unit belongs; itself if it stands alone.

    Two characters share a class where the tables say that they are the same character: JIS包摂規準・UCS統合規則,
    正字俗字等対照表 (民二5202号), 誤字俗字・正字一覧表 (民一2842号, without 別字), 親字・正字 of 戸籍統一文字.
    髙=高, 﨑=崎, 邉=邊=辺, 齋=斎; not 斎=斉, which no table says. Where the tables name two 正字, no class is made.
    """
    base = unicodedata.normalize("NFC", unit[:1])
    return tables().classes.get(base, base)


@cache
def _members() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    classes = tables().classes
    for number, unit in sorted(names().units.items()):
        if number < HENTAIGANA_BASE:
            found.setdefault(classes.get(unit[0], unit[0]), []).append(unit)
    return {representative: tuple(units) for representative, units in found.items()}


def variants(unit: str) -> tuple[str, ...]:
    """Every MJ character of the same class as a unit, itself included, in the order of MJ names; () if none."""
    return _members().get(variant_class(unit), ())


def to_seiji(text: str) -> str:
    """Simplified and variant characters of a foreign resident's name -> 正字 (平成23年法務省告示第582号 別表第四).

    異体字 goes before 類字, the first rank before the second. Selectors aren't part of that table: a sequence stays.
    """
    seiji = tables().seiji
    if not _SELECTOR.search(text):
        return text.translate(seiji)
    return "".join(seiji.get(ord(unit), unit) if len(unit) == 1 else unit for unit in split_characters(text))


def check_repertoire(text: str, field: str) -> list[Finding]:
    """One finding for each unit that a register can't hold; [] for clean text.

    A spelling that `normalize` makes canonical is clean. Position: the code point, from 1, in the message.
    """
    found = tables()
    if found.plain.issuperset(text):
        return []
    findings = []
    for place, unit in _placed_units(text):
        if unit in found.plain:
            continue
        spelling = normalize(unit) if len(unit) <= _MAX_UNIT else unit
        if spelling not in found.plain and spelling not in found.sequences:
            findings.append(_refuse(unit, place, field))
    return findings


def describe(unit: str) -> str:
    """A unit with its code points, safe to print: 「髙」(U+9AD9); the invisible ones by code point only."""
    codes = " ".join(f"U+{ord(character):04X}" for character in unit)
    return f"「{unit}」({codes})" if unit.isprintable() and not _SELECTOR.match(unit) else codes


def _refuse(unit: str, place: int, field: str) -> Finding:
    code, what, remedy = _reason(unit)
    return Finding(
        code=f"character-{code}",
        field=field,
        message=f"{place + 1}文字目の{_shown(unit)}は{what}",
        remedy=remedy,
    )


def _shown(unit: str) -> str:
    if len(unit) <= _MAX_UNIT:
        return describe(unit)
    return f"{describe(unit[:_MAX_UNIT])}ほか{len(unit) - _MAX_UNIT}符号"


def _reason(unit: str) -> tuple[str, str, str]:
    """(code, what is wrong, what to do) of a unit outside the repertoire."""
    first = unit[0]
    code = ord(first)
    if first in _BIDI:
        return "bidi", "文字の並ぶ向きを変える制御文字です。", "この文字を削除してください。"
    if _SELECTOR.match(first):
        return "lone-selector", "字形選択子だけで、もとの文字がありません。", "文字を入力し直してください。"
    if 0xFF61 <= code <= 0xFF9F:
        return "half-width-kana", "半角カタカナです。", "全角で入力してください。"
    match unicodedata.category(first):
        case "Cc":
            return "control", "制御文字です。", "改行やタブなどを削除してください。"
        case "Co":
            return "private-use", "外字（私用領域の文字）です。", "文字同定を行い、MJ文字に置き換えてください。"
        case "Cn":
            return "unassigned", "文字が割り当てられていない符号です。", "文字を入力し直してください。"
        case "Cs":
            return "surrogate", "壊れた符号です。", "文字を入力し直してください。"
        case "Cf" | "Zl" | "Zp":
            return "invisible", "目に見えない文字です。", "この文字を削除してください。"
        case "Zs":
            return "space", "使えない種類の空白です。", "全角または半角の空白を入力してください。"
    if len(unit) > 1 and _SELECTOR.search(unit):
        return (
            "unknown-sequence",
            "MJ文字にない異体字（字形選択子付き）です。",
            "MJ文字の中から字形を選び直してください。",
        )
    if len(unit) > 1:
        return "combination", "使えない文字の組合せです。", "結合文字を使わずに入力してください。"
    return (
        "outside-repertoire",
        "使える文字の範囲（MJ文字・仮名・JIS記号・ローマ字）にありません。",
        "文字同定を行い、使える文字に置き換えてください。",
    )
