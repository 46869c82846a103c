"""Folding for search (検索用の正規化): two texts are the same to a searcher when their folded forms are equal.

Kana rules: 住民記録システム標準仕様書【第1.0版】 検索. Beyond its wording, and ours: ヴェ and ヴォ, the small kana
besides ッャュョ, the middle dot, accents of Latin letters, and everything about addresses. Folding makes keys and is
never for display. Every function is idempotent and linear in the length of its text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from yakuba.core.characters._tables import tables


def _pairs(text: str) -> dict[str, str]:
    return {pair[0]: pair[1] for pair in text.split()}


# 清濁無視. ヂ=ジ and ヅ=ズ are demanded besides チ=ヂ and ツ=ヅ; equality being transitive, チ=シ and ツ=ス follow.
UNVOICED: Final = _pairs(
    "ガカ ギキ グク ゲケ ゴコ ザサ ジシ ズス ゼセ ゾソ ダタ ヂシ ヅス デテ ドト チシ ツス "
    "バハ ビヒ ブフ ベヘ ボホ パハ ピヒ プフ ペヘ ポホ ヴフ ヷハ ヸヰ ヹヱ ヺオ"
)
# ヴァ=バ, ヴィ=ビ; the kana after ヴ goes into the row of ハ.
AFTER_VU: Final = _pairs("ァハ アハ ィヒ イヒ ェヘ エヘ ォホ オホ")
# 同音無視.
SAME_SOUND: Final = _pairs("ワハ ヲオ")
# 小書き無視.
LARGE: Final = _pairs(
    "ァア ィイ ゥウ ェエ ォオ ヵカ ヶケ ッス ャヤ ュユ ョヨ ヮハ "
    "ㇰク ㇱシ ㇲス ㇳト ㇴヌ ㇵハ ㇶヒ ㇷフ ㇸヘ ㇹホ ㇺム ㇻラ ㇼリ ㇽル ㇾレ ㇿロ"
)
# 横棒ゆれ: every bar equals the long-vowel mark; 長音: with or without it is the same, so both count for nothing.
BARS: Final = "ーｰ-－‐‑‒–—―−─━﹣⁃"
# 空白ゆれ, 氏名間空白 (every other space is dropped by its category), and the dot between foreign names.
IGNORED: Final = " \u3000・･"
# オ段+ウ: from the second character on, ウ after these is オ.
O_ROW: Final = "オコソトノホモヨロ"

_LONG_O = re.compile(f"(?<=[{O_ROW}])ウ+")
_VU = re.compile("(?:[ヴゔ]|[ウうｳ][\u3099゛ﾞ])([ァアィイェエォオぁあぃいぇえぉおｧｱｨｲｪｴｫｵ]?)")
_VOICED_U = frozenset("ヴゔ\u3099゛ﾞ")
_DASH = "-"


class _Folding(dict[int, str]):
    """A table for `str.translate` that works out a character when it first meets it."""

    def __init__(self, *, variants: bool, dashes: bool) -> None:
        self._classes = tables().classes if variants else {}
        self._spaced = dashes
        for code in range(0x30A1, 0x30FB):
            kana = chr(code)
            folded = LARGE.get(kana, kana)
            folded = UNVOICED.get(folded, folded)
            self[code] = SAME_SOUND.get(folded, folded)
            if code < 0x30F7:
                self[code - 0x60] = self[code]
        for kana in "ㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ":
            self[ord(kana)] = self[ord(LARGE[kana])]
        self.update(dict.fromkeys(map(ord, IGNORED), ""))
        self.update(dict.fromkeys(map(ord, BARS), ""))
        if dashes:
            self.update(dict.fromkeys(map(ord, BARS), _DASH))
            self[ord(" ")] = self[ord("\u3000")] = " "

    def __missing__(self, code: int) -> str:
        character = chr(code)
        parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        folded = "".join(self._part(part, character) for part in parts)
        self[code] = folded
        return folded

    def _part(self, part: str, whole: str) -> str:
        if part != whole and ord(part) in self:
            return self[ord(part)]
        match unicodedata.category(part):
            case "Mn" | "Me" | "Cf":  # voicing marks, accents, selectors, zero-width characters
                return ""
            case "Zs":
                return self[ord(" ")]
        return self._classes.get(part, part)


@cache
def _kana_table() -> _Folding:
    return _Folding(variants=False, dashes=False)


@cache
def _name_table() -> _Folding:
    return _Folding(variants=True, dashes=False)


@cache
def _address_table() -> _Folding:
    return _Folding(variants=True, dashes=True)


def _fold(text: str, table: _Folding) -> str:
    if not _VOICED_U.isdisjoint(text):
        text = _VU.sub(lambda match: AFTER_VU.get(_katakana(match[1]), "フ" + match[1]), text)
    text = text.translate(table)
    if "ウ" in text:
        text = _LONG_O.sub(lambda match: "オ" * len(match[0]), text)
    return text


def _katakana(kana: str) -> str:
    kana = unicodedata.normalize("NFKC", kana)
    return chr(ord(kana) + 0x60) if kana and kana < "ゝ" else kana


def fold_kana(text: str) -> str:
    """The key of a furigana (フリガナ) in any script of kana; other characters go through NFKD and casefold.

    「ハシモト　ユウコ」 and 「ﾊｼﾓﾄﾕｳｺ」 have one key. Fold a given name by itself where it is searched by itself
    (名のみ): in a full name, ウ after a surname that ends in オ段 is folded with it.
    """
    return _fold(text, _kana_table())


def fold_name(text: str) -> str:
    """The key of a name in kanji, kana or Latin letters.

    The variants of a class (`variant_class`) are one, and so are widths, cases, accents and, by the rules of
    `fold_kana`, kana: 「髙橋　よう子」 and 「高橋ヨオ子」 have one key. A 変体仮名 stays: it can have several sounds.
    """
    return _fold(text, _name_table())


_NUMERAL = "〇零一二三四五六七八九十百千"
_NUMERAL_VALUE = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
_NUMERAL_SCALE = {"十": 10, "百": 100, "千": 1000}
_LOOSE_DASH = re.compile(rf"(?<![0-9{_NUMERAL}番号地目])[ \-]+|[ \-]+(?![0-9{_NUMERAL}])")
_OAZA = re.compile(r"(^|(?<=[市区町村]))(?:大字)+")
_KA_BETWEEN_KANJI = re.compile(r"(?<=[一-鿿々])カ(?=[一-鿿])")
_TOKEN = re.compile(
    rf"(?P<digits>[0-9]+)|(?P<numeral>[{_NUMERAL}]+)|(?P<unit>丁目|番地|番(?![町丁地])|号(?![町地]))"
    r"|(?P<counter>条|線|地割)|(?P<dash>[ \-]+)|(?P<no>ノ)|(?P<text>.)",
    re.DOTALL,
)


def fold_address(text: str) -> str:
    """The key of an address: 「門真市大字中町一丁目２番地の３」 and 「門真市中町1-2-3」 have one key.

    Kanji numerals are numbers before 丁目, 番地, 番, 号, 条, 線 and 地割, and after a number and its separator.
    丁目, 番地, 番, 号, の, bars and spaces are one '-' between numbers, and nothing elsewhere. 大字 is dropped.
    ヶ, ケ and が between kanji are one. Kana and variants fold as in a name, except ウ after オ段.
    """
    text = text.translate(_address_table())
    text = _OAZA.sub("", _LOOSE_DASH.sub("", text))
    text = _KA_BETWEEN_KANJI.sub("ケ", text)
    tokens = [(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(text)]
    tokens.append(("end", ""))
    folded: list[str] = []
    after_number = separated = False
    for place, (kind, token) in enumerate(tokens):
        following = tokens[place + 1][0] if place + 1 < len(tokens) else "end"
        if kind == "digits" or (
            kind == "numeral" and (_leads_to_unit(tokens, place) or (separated and following in ("end", "dash", "no")))
        ):
            number = token.lstrip("0") or "0" if kind == "digits" else _number(token)
            folded.append(_DASH + number if after_number else number)
            after_number, separated = True, False
        elif after_number and (kind in ("unit", "dash") or (kind == "no" and following in ("digits", "numeral"))):
            separated = True
        elif kind != "dash":
            folded.append(token)
            after_number = separated = False
    return "".join(folded)


def _leads_to_unit(tokens: list[tuple[str, str]], place: int) -> bool:
    following = tokens[place + 1][0]
    return following in ("unit", "counter") or (following == "dash" and tokens[place + 2][0] in ("unit", "counter"))


def _number(numeral: str) -> str:
    """A kanji numeral as digits: 「二十三」 -> '23', 「一〇三」 -> '103'."""
    if not any(character in _NUMERAL_SCALE for character in numeral):
        return "".join(str(_NUMERAL_VALUE[character]) for character in numeral).lstrip("0") or "0"
    total = digit = 0
    for character in numeral:
        if character in _NUMERAL_SCALE:
            total += (digit or 1) * _NUMERAL_SCALE[character]
            digit = 0
        else:
            digit = digit * 10 + _NUMERAL_VALUE[character]
            if digit >= 10**8:  # no address number; and int has a limit of digits
                return numeral
    return str(total + digit)
