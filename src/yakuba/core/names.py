"""Names of persons (氏名), their furigana (振り仮名), Latin spelling, former surname (旧氏) and alias (通称).

Sources: 戸籍法 (令和7年5月26日施行の改正: 振り仮名 in katakana); 住民基本台帳法 7条; 住民基本台帳法施行令 30条の13 (旧氏), 30条の16 (通称).
Which katakana a furigana may have follows the report of 法務省「氏名の読み仮名の法制化に関する研究会」: the kana of 現代仮名遣い 本文第1,
small kana and the long-vowel mark; ヴ by precedent for given names [inferred]. The lengths are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from yakuba.core.characters import check_repertoire, describe, fold_kana, fold_name, normalize, split_characters
from yakuba.core.findings import Finding, Findings

SPACE: Final = "\u3000"
"""Between surname and given name of a Japanese name."""

MAX_NAME_LENGTH: Final = 100
"""Characters (units) of a name, a furigana or an alias."""

_FURIGANA = frozenset(
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴァィゥェォッャュョヮヵヶー"
)
_OLD_KANA = frozenset("ヰヱヷヸヹヺ")
_NEVER_FIRST = frozenset("ーンァィゥェォッャュョヮヵヶ")
_KANA_OR_KANJI = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\uff66-\uff9f\u3400-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_LATIN_NAME = re.compile(r"[A-Z]+(?:(?:['.,-]{1,2} ?| )[A-Z]+)*\.?")
_LATIN_LETTER = re.compile("[A-Za-zＡ-Ｚａ-ｚ\u00c0-\u024f]")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as registered, in the canonical form of `normalize`.

    Japanese: surname, one full-width space, given name. Others: as on the residence card, one text without that division.
    """

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", normalize(self.text))

    @classmethod
    def parse(cls, text: str) -> PersonName:
        """What a person types: runs of spaces become one, full-width in a Japanese name, half-width in a Latin one."""
        return cls((SPACE if _KANA_OR_KANJI.search(text) else " ").join(text.split()))

    @classmethod
    def japanese(cls, surname: str, given: str) -> PersonName:
        """A name of two parts, neither of which may hold a space (ValueError)."""
        if any(not part or part.split() != [part] for part in (surname, given)):
            raise ValueError("surname and given name are one word each")
        return cls(f"{surname}{SPACE}{given}")

    @property
    def parts(self) -> tuple[str, str] | None:
        """(surname 氏, given name 名), or None where the name isn't divided so."""
        surname, space, given = self.text.partition(SPACE)
        return (surname, given) if space and surname and given and SPACE not in given else None

    @property
    def surname(self) -> str | None:
        return self.parts[0] if self.parts else None

    @property
    def given(self) -> str | None:
        return self.parts[1] if self.parts else None

    @property
    def key(self) -> str:
        """The key of search (`fold_name`)."""
        return fold_name(self.text)

    @property
    def kana_key(self) -> str:
        """The key of kana search (`fold_kana`), for a furigana."""
        return fold_kana(self.text)

    def __str__(self) -> str:
        return self.text


def check_name(name: PersonName, field: str = "氏名") -> list[Finding]:
    """What is wrong with a registered name: repertoire, length, spaces."""
    findings = Findings()
    if not _fits(name.text, field, findings):
        return findings.items
    findings.extend(check_repertoire(name.text, field))
    _check_spaces(name.text, field, findings)
    return findings.items


def check_japanese_name(name: PersonName, field: str = "氏名") -> list[Finding]:
    """`check_name`, and besides: surname and given name divided by one full-width space, no Latin letters."""
    findings = Findings(check_name(name, field))
    if name.text and name.parts is None:
        findings.error(
            "name-division", field, "氏と名に分かれていません。", "氏と名の間に全角の空白を一つ入れてください。"
        )
    if _LATIN_LETTER.search(name.text):
        findings.error("name-latin", field, "戸籍の氏名にローマ字は使えません。", "戸籍のとおりに入力してください。")
    return findings.items


def check_furigana(
    furigana: PersonName, field: str = "フリガナ", *, name: PersonName | None = None, in_family_register: bool = True
) -> list[Finding]:
    """What is wrong with a furigana; with `name`, also whether both are divided alike.

    `in_family_register`: the furigana of 戸籍法. The kana of a foreign resident's name (便宜の片仮名) may have 「・」 besides.
    """
    findings = Findings()
    text = furigana.text
    if not _fits(text, field, findings):
        return findings.items
    allowed = _FURIGANA if in_family_register else _FURIGANA | {"・"}
    for place, unit in enumerate(split_characters(text), 1):
        if unit in allowed or unit in (SPACE, " "):
            continue
        if unit in _OLD_KANA:
            findings.warn(
                "furigana-old-kana",
                field,
                f"{place}文字目の{describe(unit)}は現代仮名遣いにない仮名です。",
                "戸籍の振り仮名のとおりか確認してください。",
            )
        else:
            findings.error(
                "furigana-character",
                field,
                f"{place}文字目の{_shown(unit)}はフリガナに使えません。",
                "全角カタカナと長音で入力してください。",
                article="戸籍法13条",
            )
    _check_spaces(text, field, findings)
    for part in text.split():
        if part[0] in _NEVER_FIRST:
            findings.warn(
                "furigana-first",
                field,
                f"「{part[0]}」で始まっています。",
                "フリガナのとおりか確認してください。",
            )
    if name is not None and (name.parts is None) != (furigana.parts is None):
        findings.error(
            "furigana-division",
            field,
            "氏名とフリガナの区切りが合っていません。",
            "氏と名の間に全角の空白を、氏名とフリガナの両方に入れてください。",
        )
    return findings.items


def check_romanized(text: str, field: str = "ローマ字氏名") -> list[Finding]:
    """What is wrong with the Latin name of a residence card: capitals A-Z, one half-width space, - ' . and ,."""
    findings = Findings()
    if not _fits(text, field, findings):
        return findings.items
    if text != text.upper() and text.isascii():
        findings.error("romanized-case", field, "小文字があります。", "大文字のローマ字で入力してください。")
    elif not _LATIN_NAME.fullmatch(text):
        unit = next((unit for unit in split_characters(text) if not re.fullmatch(r"[A-Z '.,-]", unit)), None)
        message = "空白か記号の位置が正しくありません。" if unit is None else f"{_shown(unit)}は使えません。"
        findings.error(
            "romanized-form",
            field,
            message,
            "在留カード等のとおりに、半角の大文字と一つずつの半角空白で入力してください。",
        )
    return findings.items


def check_former_surname(text: str, field: str = "旧氏") -> list[Finding]:
    """What is wrong with a former surname (旧氏, 令30条の13): one surname of a family register, without given name."""
    findings = Findings()
    if not _fits(text, field, findings):
        return findings.items
    findings.extend(check_repertoire(text, field))
    if text.split() != [text]:
        findings.error("former-surname-space", field, "空白があります。", "氏だけを空白なしで入力してください。")
    if _LATIN_LETTER.search(text):
        findings.error(
            "former-surname-latin", field, "旧氏にローマ字は使えません。", "戸籍に記載された氏を入力してください。"
        )
    return findings.items


def check_alias(name: PersonName, field: str = "通称") -> list[Finding]:
    """What is wrong with an alias (通称, 令30条の16) of a foreign resident: a name in kanji or kana.

    A Latin alias is a warning: the name itself is in Latin letters, and the alias is what is used in Japan instead.
    """
    findings = Findings(check_name(name, field))
    if name.text and not findings.errors and _LATIN_LETTER.search(name.text):
        findings.warn(
            "alias-latin", field, "通称にローマ字があります。", "国内で用いている呼称の資料のとおりか確認してください。"
        )
    return findings.items


def _fits(text: str, field: str, findings: Findings) -> bool:
    """Whether a text is neither empty nor too long; the finding says which. Nothing longer is looked at further."""
    if not text.strip():
        findings.error("name-empty", field, "入力がありません。", f"{field}を入力してください。")
        return False
    # A unit has at most a few code points: a text this long can't fit, so it needn't be cut into units.
    if len(text) > 4 * MAX_NAME_LENGTH or len(split_characters(text)) > MAX_NAME_LENGTH:
        findings.error(
            "name-length",
            field,
            f"{MAX_NAME_LENGTH}文字を超えています。",
            f"{MAX_NAME_LENGTH}文字以内で入力してください。",
        )
        return False
    return True


def _check_spaces(text: str, field: str, findings: Findings) -> None:
    japanese = bool(_KANA_OR_KANJI.search(text))
    space = SPACE if japanese else " "
    if text != space.join(text.split()):
        kind = "全角" if japanese else "半角"
        findings.error(
            "name-space",
            field,
            "空白の種類か位置が正しくありません。",
            f"前後の空白を除き、間の空白は{kind}一つにしてください。",
        )


def _shown(unit: str) -> str:
    return describe(unit[:8])
