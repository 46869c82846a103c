"""Municipalities (市区町村), towns (町・字), postal codes and addresses (住所).

Municipality codes are 総務省 全国地方公共団体コード as of 2024-01-01; towns and postal codes are 日本郵便 of October 2026. The 住所コード
has 11 digits (都道府県2+市区町村3+大字3+小字3, 住民記録システム標準仕様書 1.3.3). The official 大字 and 小字 numbers are in no public source:
ours (`TOWN_CODE_BASIS`) number the towns of a municipality in the order of their kana, and change with the edition.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from yakuba.core.characters import check_repertoire, fold_address, split_characters
from yakuba.core.findings import Finding, Findings, Refused

MUNICIPALITIES_AS_OF: Final = date(2024, 1, 1)
TOWNS_EDITION: Final = "2026-10"
TOWN_CODE_BASIS: Final = "own"
MAX_PART_LENGTH: Final = 100
"""Characters (units) of 番地, of 方書 and of an address outside the register. Ours."""

_POSTAL_RECORD: Final = 19
_POSTAL_LENGTH: Final = 7


class MunicipalityKind(StrEnum):
    """種別. `PREFECTURE` and `DESIGNATED_CITY` hold others; residents live in one of the rest."""

    PREFECTURE = "prefecture"
    DESIGNATED_CITY = "designated_city"
    DESIGNATED_WARD = "designated_ward"
    SPECIAL_WARD = "special_ward"
    CITY = "city"
    TOWN = "town"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class Municipality:
    """A local government by its 6-digit code (団体コード). `parent`: code of the designated city or the prefecture."""

    code: str
    prefecture: str
    county: str
    """郡 of a town or village; '' elsewhere."""
    name: str
    kana: str
    kind: MunicipalityKind
    parent: str | None

    @property
    def jis5(self) -> str:
        """The code without check digit (JIS X 0401 and 0402)."""
        return self.code[:5]

    @property
    def full_name(self) -> str:
        """「北海道石狩郡当別町」."""
        return self.name if self.kind is MunicipalityKind.PREFECTURE else f"{self.prefecture}{self.county}{self.name}"

    @property
    def has_residents(self) -> bool:
        """Whether an address can lie in it: not so a prefecture or a designated city as such."""
        return self.kind not in (MunicipalityKind.PREFECTURE, MunicipalityKind.DESIGNATED_CITY)


@dataclass(frozen=True, slots=True)
class Town:
    """A town (町域). `town_code`: 11 digits, of ours. One with the name '' stands for its whole municipality."""

    town_code: str
    name: str
    kana: str
    postal_codes: tuple[str, ...]
    """Without those of single tall buildings, which `postal` knows."""
    chome: tuple[int, ...]
    """丁目 that the postal data states; () says nothing about whether there are any."""

    @property
    def jis5(self) -> str:
        return self.town_code[:5]

    @property
    def postal_code(self) -> str | None:
        """The postal code, where there is just one."""
        return self.postal_codes[0] if len(self.postal_codes) == 1 else None


def _read(name: str) -> bytes:
    return (files("yakuba.core") / "data" / name).read_bytes()


@cache
def _table() -> tuple[dict[str, Municipality], dict[str, tuple[int, int]]]:
    """Municipalities by code; place and length of their towns by the five-digit code."""
    found = {}
    spans = {}
    for line in _read("municipalities.txt").decode().splitlines():
        code, prefecture, county, name, kana, kind, parent, offset, length = line.split("\t")
        found[code] = Municipality(code, prefecture, county, name, kana, MunicipalityKind(kind), parent or None)
        spans[code[:5]] = int(offset), int(length)
    return found, spans


@cache
def _by_jis5() -> dict[str, Municipality]:
    return {item.jis5: item for item in _table()[0].values()}


def municipalities() -> list[Municipality]:
    """All 1,965, in the order of codes, with prefectures, designated cities and their wards."""
    return list(_table()[0].values())


def municipality(code: str) -> Municipality:
    """The municipality of a 6-digit code (団体コード). Raises Refused with a finding if there is none."""
    found = _table()[0].get(str(code))
    if found is None:
        raise Refused([_no_municipality(str(code))])
    return found


def _no_municipality(code: str) -> Finding:
    day = MUNICIPALITIES_AS_OF
    return Finding(
        "municipality-unknown",
        "団体コード",
        f"「{code[:20]}」は{day.year}年{day.month}月{day.day}日現在の全国地方公共団体コードにありません。",
        "検査数字を含む6桁のコードを確認してください。",
        article="全国地方公共団体コード（総務省）",
    )


@lru_cache(maxsize=256)
def _towns(jis5: str) -> tuple[Town, ...]:
    offset, length = _table()[1][jis5]
    with (files("yakuba.core") / "data" / "towns.txt").open("rb") as file:
        file.seek(offset)
        lines = file.read(length).decode().splitlines()
    return tuple(map(_town, lines))


def _town(line: str) -> Town:
    code, name, kana, postal_codes, chome = line.split("\t")
    return Town(code, name, kana, tuple(postal_codes.split(",")), tuple(_numbers(chome)))


def _numbers(ranges: str) -> Iterable[int]:
    for run in ranges.split(",") if ranges else ():
        first, _, last = run.partition("-")
        yield from range(int(first), int(last or first) + 1)


def towns(code: str) -> list[Town]:
    """The towns of a municipality in the order of their kana; of a designated city, those of its wards. Raises Refused."""
    item = municipality(code)
    if item.kind is MunicipalityKind.DESIGNATED_CITY:
        return [town for ward in municipalities() if ward.parent == item.code for town in _towns(ward.jis5)]
    return list(_towns(item.jis5))


@lru_cache(maxsize=256)
def _town_keys(code: str) -> tuple[dict[str, tuple[Town, ...]], int]:
    """Towns by the folded name, and the length of the longest."""
    found: dict[str, list[Town]] = {}
    for town in towns(code):
        found.setdefault(fold_address(town.name), []).append(town)
    return {key: tuple(items) for key, items in found.items()}, max(map(len, found), default=0)


def find_towns(code: str, text: str) -> list[Town]:
    """The towns whose name an address within a municipality begins with; the longest name wins.

    Several where towns share a name (kana differ); [] where none fits. 「大字」, numerals, ヶ and variants don't matter.
    Raises Refused for an unknown municipality.
    """
    keys, longest = _town_keys(municipality(code).code)
    text = fold_address(text[: 4 * MAX_PART_LENGTH])
    for length in range(min(longest, len(text)), 0, -1):
        found = keys.get(text[:length])
        if found and not (text[length - 1].isdigit() and text[length : length + 1].isdigit()):
            return list(found)
    return []


def find_town(code: str, text: str) -> Town | None:
    """The one town that `find_towns` finds; None if there is none or more than one."""
    found = find_towns(code, text)
    return found[0] if len(found) == 1 else None


def town(town_code: str) -> Town | None:
    """The town of a 住所コード of ours (11 digits), or None."""
    if town_code[:5] not in _table()[1]:
        return None
    return next((item for item in _towns(town_code[:5]) if item.town_code == town_code), None)


@cache
def _postal() -> bytes:
    return _read("postal.txt")


def postal(postal_code: str) -> list[Town]:
    """The towns of a postal code (7 digits); [] if there is no such code.

    A code for what isn't listed (以下に掲載がない場合) gives a town with the name '' and the code of its municipality.
    """
    if not _is_postal(postal_code):
        return []
    records = _postal()
    size = len(records) // _POSTAL_RECORD

    def key(place: int) -> bytes:
        return records[place * _POSTAL_RECORD : place * _POSTAL_RECORD + _POSTAL_LENGTH]

    wanted = postal_code.encode()
    found = []
    place = bisect_left(range(size), wanted, key=key)
    while place < size and key(place) == wanted:
        start = place * _POSTAL_RECORD
        code = records[start + _POSTAL_LENGTH : start + _POSTAL_RECORD - 1].decode()
        found.append(town(code) or Town(code, "", "", (postal_code,), ()))
        place += 1
    return found


def _is_postal(text: str) -> bool:
    return len(text) == _POSTAL_LENGTH and text.isascii() and text.isdigit()


@dataclass(frozen=True, slots=True)
class Address:
    """An address (住所).

    Within the country: municipality code (6 digits), town (町・字; with its code where it is known), 番地, 方書. For places
    which codes can't say (a foreign country, a lost place name): `free_text` alone.
    """

    municipality_code: str = ""
    town_code: str = ""
    town_name: str = ""
    banchi: str = ""
    """番地・住居番号: 「１番１号」."""
    katagaki: str = ""
    """方書: building and room."""
    postal_code: str = ""
    free_text: str = ""

    def display(self, *, prefecture: bool = True, katagaki: bool = True) -> str:
        """「大阪府門真市中町１番１号　門真荘１０１号室」. Raises Refused for an unknown municipality code."""
        text = self.free_text
        if self.municipality_code:
            item = municipality(self.municipality_code)
            place = item.full_name if prefecture else item.full_name.removeprefix(item.prefecture)
            text = f"{place}{self.town_name}{self.banchi}"
        return f"{text}\u3000{self.katagaki}" if katagaki and self.katagaki else text

    @property
    def key(self) -> str:
        """The key of search (`fold_address`) over the whole address."""
        return fold_address(self.display())


def check_address(address: Address, field: str = "住所") -> list[Finding]:
    """What is wrong with an address, all at once."""
    findings = Findings()
    if address.municipality_code and address.free_text:
        findings.error(
            "address-both", field, "団体コードと自由記載の両方があります。", "どちらか一方だけを入力してください。"
        )
    elif address.municipality_code:
        _check_place(address, field, findings)
    elif not address.free_text.strip():
        findings.error("address-empty", field, "住所がありません。", "住所を入力してください。")
    elif address.town_code or address.town_name or address.banchi:
        findings.error(
            "address-parts", field, "町・字または番地に団体コードがありません。", "市区町村を選んでください。"
        )
    if address.postal_code and not _is_postal(address.postal_code):
        findings.error(
            "address-postal-form",
            f"{field}.郵便番号",
            "郵便番号は数字7桁です。",
            "ハイフンなしの半角数字7桁で入力してください。",
        )
    for name, text in (
        ("町・字", address.town_name),
        ("番地", address.banchi),
        ("方書", address.katagaki),
        ("自由記載", address.free_text),
    ):
        _check_text(text, f"{field}.{name}", findings)
    return findings.items


def _check_text(text: str, field: str, findings: Findings) -> None:
    # As for names: what is four times too long needn't be cut into units.
    if len(text) > 4 * MAX_PART_LENGTH or len(split_characters(text)) > MAX_PART_LENGTH:
        findings.error(
            "address-length",
            field,
            f"{MAX_PART_LENGTH}文字を超えています。",
            f"{MAX_PART_LENGTH}文字以内で入力してください。",
        )
        return
    findings.extend(check_repertoire(text, field))
    if text != text.strip():
        findings.error("address-space", field, "前後に空白があります。", "前後の空白を除いてください。")


def _check_place(address: Address, field: str, findings: Findings) -> None:
    """Municipality, town and postal code against the tables."""
    item = _table()[0].get(address.municipality_code)
    if item is None:
        findings.extend([_no_municipality(address.municipality_code)])
        return
    if not item.has_residents:
        findings.error(
            "address-not-basic",
            f"{field}.団体コード",
            f"{item.name}は住所を置く市区町村ではありません。",
            "市区町村（政令指定都市では区）まで選んでください。",
        )
        return
    found = town(address.town_code) if address.town_code else None
    if address.town_code and (found is None or found.jis5 != item.jis5):
        findings.error(
            "address-town-code",
            f"{field}.町・字",
            f"住所コード「{address.town_code[:20]}」は{item.name}にありません。",
            "町・字を一覧から選び直してください。",
        )
    elif found is not None and not fold_address(address.town_name).startswith(fold_address(found.name)):
        findings.error(
            "address-town-name",
            f"{field}.町・字",
            f"町・字の名前が住所コードの「{found.name}」と合いません。",
            "町・字を一覧から選び直してください。",
        )
    elif found is None and address.town_name and not find_towns(item.code, address.town_name):
        findings.warn(
            "address-town-unknown",
            f"{field}.町・字",
            f"「{address.town_name[:40]}」は{item.name}の町・字の一覧にありません。",
            "名前を確認してください。",
        )
    if _is_postal(address.postal_code):
        _check_postal(address, item, found, field, findings)


def _check_postal(address: Address, item: Municipality, found: Town | None, field: str, findings: Findings) -> None:
    places = postal(address.postal_code)
    if any(place.jis5 == item.jis5 and (not place.name or found in (None, place)) for place in places):
        return
    names = "、".join(_by_jis5()[place.jis5].name + place.name for place in places[:3])
    findings.warn(
        "address-postal-place",
        f"{field}.郵便番号",
        f"郵便番号は{names}のものです。" if places else f"郵便番号は{TOWNS_EDITION}の一覧にありません。",
        "住所と郵便番号を確認してください。",
    )
