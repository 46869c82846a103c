"""What a seal may say, how big it may be, whose registration ends when. Pure: no database, no clock.

Law: 印鑑登録証明事務処理要領 (昭和49年2月1日自治振第10号), on which the towns' ordinances rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from yakuba.core.calendar import UncertainDate, age_range_on
from yakuba.core.characters import check_repertoire, split_characters, variant_class
from yakuba.core.findings import Findings

GUIDE = "印鑑登録証明事務処理要領（昭和49年2月1日自治振第10号）"
LEAST_SIDE_UM, LARGEST_SIDE_UM = 8_000, 25_000
"""A seal that fits into a square of 8 mm, or doesn't fit into one of 25 mm, is refused; in micrometres."""
MAX_ENGRAVING = 40


class EngravingKind(StrEnum):
    """刻印の種類 (list `seal_engraving_kinds`)."""

    FULL_NAME = "1"
    SURNAME = "2"
    GIVEN_NAME = "3"
    PARTS = "4"
    FORMER_SURNAME = "5"
    ALIAS = "6"
    LATIN = "7"
    KATAKANA = "8"


class Applicant(StrEnum):
    """申請者 (list `seal_applicants`)."""

    SELF = "1"
    AGENT = "2"


class IdentityMethod(StrEnum):
    """本人確認 (list `seal_identity_methods`)."""

    DOCUMENT = "1"
    GUARANTOR = "2"
    INQUIRY = "3"


class EndReason(StrEnum):
    """廃止・抹消の事由 (list `seal_end_reasons`)."""

    REQUEST = "01"
    SEAL_LOST = "02"
    CHANGED = "03"
    CARD_LOST = "04"
    MOVED_OUT = "11"
    DEATH = "12"
    NAME = "13"
    WARD = "14"
    NATIONALITY = "15"
    CLOSED = "16"


FILED = (EndReason.REQUEST, EndReason.SEAL_LOST)
"""What a holder may file by a 廃止申請."""
NOTIFIED = frozenset({EndReason.NAME, EndReason.WARD, EndReason.NATIONALITY, EndReason.CLOSED})
"""Lapses of which the person is told; nobody writes to who has died or left by a notification of one's own."""

_BY_STATUS = {
    "2": EndReason.MOVED_OUT,
    "3": EndReason.MOVED_OUT,
    "4": EndReason.DEATH,
    "6": EndReason.NATIONALITY,
}
"""Status of a closed record (list `resident_states`) -> why the registration ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of a record, empty where there is none; surname and given name parted by a space.

    `has_kana`: a foreign resident without a name in kanji, whose seal may show the katakana of the record.
    """

    name: str
    kana: str = ""
    latin: str = ""
    former_surname: str = ""
    alias: str = ""
    is_foreign: bool = False

    @property
    def has_kana(self) -> bool:
        return self.is_foreign and not self.name and bool(self.kana)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a seal's text was understood. `is_exact`: character by character as on the record, not by a variant."""

    kind: EngravingKind
    is_exact: bool


_IGNORED = str.maketrans("", "", " 　・.．,，=＝-‐－")


def _units(text: str, *, fold: bool) -> tuple[str, ...]:
    units = split_characters(text.translate(_IGNORED))
    if not fold:
        return tuple(units)
    return tuple(variant_class(unit).upper() for unit in units)


def _tokens(name: str, *, fold: bool) -> list[tuple[str, ...]]:
    return [units for word in name.replace("　", " ").split() if (units := _units(word, fold=fold))]


def engraving_key(text: str) -> str:
    """Equal for texts that differ in variants of characters, spaces and points only: seals that are compared closely."""
    return "".join(_units(text, fold=True))


@dataclass(frozen=True, slots=True)
class _Use:
    """Which words of a name a text is made of: whole ones, and parts of others, in the order of the name."""

    whole: frozenset[int]
    partial: frozenset[int]

    @property
    def words(self) -> frozenset[int]:
        return self.whole | self.partial

    @property
    def is_allowed(self) -> bool:
        """A whole word, or parts of at least two (氏名の一部を組み合わせたもの); a part of one word names nobody."""
        return bool(self.whole) or len(self.partial) >= 2


def _uses(text: tuple[str, ...], words: Sequence[tuple[str, ...]], place: int = 0) -> list[_Use]:
    """Every way to make `text` of consecutive pieces of the words from `place` on, at most one piece a word."""
    if not text:
        return [_Use(frozenset(), frozenset())]
    if place == len(words):
        return []
    word, found = words[place], _uses(text, words, place + 1)
    for length in range(1, min(len(word), len(text)) + 1):
        piece = text[:length]
        if not any(word[start : start + length] == piece for start in range(len(word) - length + 1)):
            continue
        is_whole = length == len(word)
        for rest in _uses(text[length:], words, place + 1):
            whole, partial = rest.whole, rest.partial
            found.append(_Use(whole | {place}, partial) if is_whole else _Use(whole, partial | {place}))
    return found


def _best(text: tuple[str, ...], words: Sequence[tuple[str, ...]]) -> _Use | None:
    allowed = [use for use in _uses(text, words) if use.is_allowed]
    return max(allowed, key=lambda use: (len(use.whole), -len(use.partial)), default=None)


def _kind_of_name(use: _Use, words: int) -> EngravingKind:
    if use.partial:
        return EngravingKind.PARTS
    if len(use.whole) == words:
        return EngravingKind.FULL_NAME
    if use.whole == {0}:
        return EngravingKind.SURNAME
    return EngravingKind.GIVEN_NAME if 0 not in use.whole else EngravingKind.PARTS


def _read(text: str, names: Names, *, fold: bool) -> EngravingKind | None:
    units = _units(text, fold=fold)
    if not units:
        return None
    own = _tokens(names.name, fold=fold)
    if use := _best(units, own):
        return _kind_of_name(use, len(own))
    former = _tokens(names.former_surname, fold=fold)
    if former and (use := _best(units, [former[0], *own[1:]])) and 0 in use.words:
        return EngravingKind.FORMER_SURNAME
    if _best(units, _tokens(names.alias, fold=fold)):
        return EngravingKind.ALIAS
    if _best(units, _tokens(names.latin, fold=fold)):
        return EngravingKind.LATIN
    if names.has_kana and _best(units, _tokens(names.kana, fold=fold)):
        return EngravingKind.KATAKANA
    return None


def read_engraving(text: str, names: Names, added_words: Sequence[str]) -> Reading | None:
    """What of a record's names a seal shows; None if it says anything else.

    Surname, given name, both, or parts of both together; the former surname (旧氏) in the surname's place; the alias (通称);
    letters; of foreign residents without a name in kanji the katakana of the record. One of `added_words` may end the text.
    Variants of a character (異体字) count as the same, which `is_exact` tells.
    """
    stripped = [text, *(text.removesuffix(word) for word in added_words if text.endswith(word) and text != word)]
    for fold in (False, True):
        for candidate in stripped:
            kind = _read(candidate, names, fold=fold)
            if kind is not None:
                return Reading(kind, is_exact=not fold)
    return None


def check_engraving(text: str, names: Names, added_words: Sequence[str]) -> tuple[Reading | None, Findings]:
    """Findings against the text of a seal, and how it was understood."""
    findings = Findings()
    if not text.strip():
        findings.error(
            "SEAL-E-020", "engraving_text", "印影の文字が入力されていません。", "印影のとおりに入力してください。"
        )
        return None, findings
    if len(text) > MAX_ENGRAVING:
        findings.error(
            "SEAL-E-021",
            "engraving_text",
            f"印影の文字が{MAX_ENGRAVING}字を超えています。",
            "印影の文字だけを入力してください。",
        )
        return None, findings
    findings.extend(check_repertoire(text, "engraving_text"))
    reading = read_engraving(text, names, added_words)
    if reading is None:
        findings.error(
            "SEAL-E-022",
            "engraving_text",
            f"印影の文字「{text}」は、住民票の氏名・旧氏・通称、又はその一部の組合せを表していません。",
            "住民票の氏名等を表す印鑑を持参してもらってください。職業・資格などを表す印鑑は登録できません。",
            article=GUIDE,
        )
    elif not reading.is_exact:
        findings.warn(
            "SEAL-W-023",
            "engraving_text",
            f"印影の文字「{text}」は、住民票の字体と異なる字体（異体字）です。",
            "同じ字であることを字典等で確かめてください。",
        )
    return reading, findings


def check_size(width_um: int, height_um: int) -> Findings:
    """Findings against the measured sides of an imprint, in micrometres."""
    findings = Findings()
    largest = max(width_um, height_um)
    size = f"（縦{height_um / 1000:.1f}mm、横{width_um / 1000:.1f}mm）"
    if largest <= LEAST_SIDE_UM:
        findings.error(
            "SEAL-E-030", "picture", f"印影が一辺8mmの正方形に収まります{size}。",
            "8mmより大きい印鑑を持参してもらってください。解像度の情報が誤っていないかも確かめてください。", article=GUIDE,
        )  # fmt: skip
    if largest > LARGEST_SIDE_UM:
        findings.error(
            "SEAL-E-031", "picture", f"印影が一辺25mmの正方形に収まりません{size}。",
            "25mm以内の印鑑を持参してもらってください。解像度の情報が誤っていないかも確かめてください。", article=GUIDE,
        )  # fmt: skip
    return findings


def check_age(birth: UncertainDate, day: date, minimum: int) -> Findings:
    """Findings against somebody who is, or may be, too young on `day`."""
    findings = Findings()
    if birth.is_unknown:
        findings.error(
            "SEAL-E-010", "person", "生年月日が不詳のため、年齢を確かめられません。", "調査のうえ、担当者の判断を受けてください。",
            article=GUIDE,
        )  # fmt: skip
    elif birth.earliest > day or age_range_on(birth, day)[0] < minimum:
        findings.error(
            "SEAL-E-011", "person", f"{minimum}歳未満の方は、印鑑の登録を受けることができません。", f"{minimum}歳になってから申請してください。",
            article=GUIDE,
        )  # fmt: skip
    return findings


def lapse(
    *, is_open: bool, status: str, engraving_text: str, names: Names, became_ward: bool, added_words: Sequence[str]
) -> EndReason | None:
    """Why a registration ends (職権抹消) with a new version of its holder's record; None: it goes on."""
    if not is_open:
        return _BY_STATUS.get(status, EndReason.CLOSED)
    if read_engraving(engraving_text, names, added_words) is None:
        return EndReason.NAME
    return EndReason.WARD if became_ward else None


# -- numbers ----------------------------------------------------------------------------------------------------------

_DIGITS = 7


def with_check_digit(serial: int) -> int:
    """A number of eight digits for 登録番号 and 登録証の番号: the serial and its check digit (modulus 10 with weights 2 and 1; own).

    Raises ValueError for a serial outside 1 … 9,999,999.
    """
    if not 1 <= serial < 10**_DIGITS:
        raise ValueError(f"no serial of {_DIGITS} digits: {serial}")
    return serial * 10 + _luhn(serial)


def is_number(number: int) -> bool:
    """Whether a number of eight digits carries its right check digit."""
    return 10 <= number < 10 ** (_DIGITS + 1) and number % 10 == _luhn(number // 10)


def _luhn(serial: int) -> int:
    digits = [int(digit) for digit in reversed(f"{serial:0{_DIGITS}d}")]
    total = sum(sum(divmod(digit * 2, 10)) if index % 2 == 0 else digit for index, digit in enumerate(digits))
    return -total % 10
