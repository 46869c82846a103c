"""Compiles municipalities, towns and postal codes.

Plain UTF-8 lines again: municipalities are read whole; of the towns only the lines of the municipality asked for, by
byte offset; postal codes are fixed-width records, found by bisection without parsing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yakuba.core.data_build.characters import read_csv

_FLOOR = re.compile(r"[0-9]+階|地階・階層不明")
# 西和賀町: blocks (地割) are written without brackets there, and their range was cut in two: 「左草１地割〜左草」「６地割」.
_BLOCKS = re.compile(r"[０-９]+地割.*|[０-９]+$")
_LOT = re.compile(r"[０-９]+[−－][０-９]+$")
_CONDITION = re.compile(r"の次に.*番地.*がくる場合$")
_CHOME_NOTE = re.compile(r"[0-9〜、]+丁目")
_CHOME_LIMIT = 99
_OVERFLOW = 999


@dataclass(slots=True)
class _Town:
    postal_codes: set[str] = field(default_factory=set)
    building_postal_codes: set[str] = field(default_factory=set)
    chome: set[int] = field(default_factory=set)


def clean_names(row: dict[str, str]) -> list[tuple[str, str]]:
    """(name, kana) of the real towns (町域) that a row of the postal data stands for; [] for a whole municipality."""
    name, kana = row["town"], row["town_kana"]
    if not name or _CONDITION.search(name):
        return []
    if "地割" in name or "地割" in row["note"]:
        name = _BLOCKS.sub("", name)
    name, kana = _LOT.sub("", name), _LOT.sub("", kana)
    kana = _once(name, kana)
    return list(zip(name.split("、"), kana.split("、"), strict=True))


def _once(name: str, kana: str) -> str:
    """Towns of one name under one postal code came out with their kana repeated: ザイモクチョウザイモクチョウ."""
    for period in range(4, len(kana) // 2 + 1):
        unit = kana[:period]
        if unit * (len(kana) // period) == kana and name[: len(name) // 2] * 2 != name:
            return unit
    return kana


def stated_chome(note: str) -> set[int]:
    """丁目 that a note states as such: '1〜4丁目' -> {1, 2, 3, 4}; nothing from notes that say anything else besides."""
    if not _CHOME_NOTE.fullmatch(note):
        return set()
    found: set[int] = set()
    for part in note.removesuffix("丁目").split("、"):
        first, _, last = part.partition("〜")
        if not first or ("〜" in part and not last) or "〜" in last:
            return set()
        found.update(range(int(first), int(last or first) + 1))
    return found if max(found) <= _CHOME_LIMIT else set()


def _collect(rows: list[dict[str, str]]) -> tuple[dict[str, dict[tuple[str, str], _Town]], dict[str, set[str]]]:
    """Towns by municipality and (kana, name); postal codes that stand for a whole municipality."""
    towns: dict[str, dict[tuple[str, str], _Town]] = defaultdict(dict)
    whole: dict[str, set[str]] = defaultdict(set)
    buildings = []
    for row in rows:
        if _FLOOR.fullmatch(row["note"]):
            buildings.append(row)
            continue
        names = clean_names(row)
        if not names:
            whole[row["jisx0402"]].add(row["postal_code"])
        for name, kana in names:
            town = towns[row["jisx0402"]].setdefault((kana, name), _Town())
            town.postal_codes.add(row["postal_code"])
            town.chome |= stated_chome(row["note"])
    for row in buildings:
        # A tall building has postal codes of its own; its town is the longest name that its own begins with.
        own = towns[row["jisx0402"]]
        places = [key for key in own if row["town"].startswith(key[1])]
        best = max(places, key=lambda key: len(key[1]))
        own[best].building_postal_codes.add(row["postal_code"])
    return towns, whole


def _ranges(numbers: set[int]) -> str:
    """{1, 2, 3, 5} -> '1-3,5'."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _coded(towns: dict[tuple[str, str], _Town]) -> Iterator[tuple[str, str, str, _Town]]:
    """(大字 and 小字 code, name, kana, town) in the order of kana; after 998 towns the 小字 of 大字 999 count on."""
    for number, ((kana, name), town) in enumerate(sorted(towns.items()), 1):
        code = f"{number:03}000" if number < _OVERFLOW else f"{_OVERFLOW}{number - _OVERFLOW + 1:03}"
        yield code, name, kana, town


def compile_files(source: Path) -> dict[str, bytes]:
    """File name -> content, all lines tab-separated.

    `municipalities.txt`: code, prefecture, county (郡), name, kana, kind, code of the parent, byte offset and length in
    `towns.txt`. `towns.txt`: 住所コード, name, kana, postal codes (comma), stated 丁目 (ranges). `postal.txt`: postal code
    (7) and 住所コード (11) with a line feed, sorted.
    """
    municipalities = list(read_csv(source / "municipalities" / "lg_codes_20240101.csv"))
    rows = list(read_csv(source / "postal" / "postal_codes_2026_10.csv.gz"))
    towns, whole = _collect(rows)
    full_names = {row["jisx0402"]: row["city"] for row in rows}
    prefectures = {row["code5"][:2]: row["code6"] for row in municipalities if row["type"] == "prefecture"}
    town_lines = bytearray()
    municipality_lines: list[str] = []
    postal: set[str] = set()
    for row in municipalities:
        code5, name = row["code5"], row["name"]
        offset = len(town_lines)
        for code, town, kana, item in _coded(towns[code5]):
            line = "\t".join([code5 + code, town, kana, ",".join(sorted(item.postal_codes)), _ranges(item.chome)])
            town_lines += f"{line}\n".encode()
            postal.update(postal_code + code5 + code for postal_code in item.postal_codes | item.building_postal_codes)
        postal.update(f"{postal_code}{code5}000000" for postal_code in whole[code5])
        # By length, not by name: 梼原町 is 檮原町 in the postal data. 三宅島三宅村 has no 郡.
        county = full_names.get(code5, name)[: -len(name)]
        county = county if county.endswith("郡") else ""
        parent = row["parent"] or ("" if row["type"] == "prefecture" else prefectures[code5[:2]])
        fields = [row["code6"], row["prefecture"], county, name]
        fields += [unicodedata.normalize("NFKC", row["name_kana_half"]), row["type"], parent]
        municipality_lines.append("\t".join([*fields, str(offset), str(len(town_lines) - offset)]))
    assert max(Counter(line.split("\t")[0] for line in municipality_lines).values()) == 1
    return {
        "municipalities.txt": "".join(f"{line}\n" for line in municipality_lines).encode(),
        "towns.txt": bytes(town_lines),
        "postal.txt": "".join(f"{record}\n" for record in sorted(postal)).encode(),
    }
