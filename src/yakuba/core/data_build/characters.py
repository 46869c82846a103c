"""Compiles the MJ character tables.

The compiled files are plain UTF-8 text cut at line feeds: `str.split`, `zip` and `str.maketrans` turn them into dicts
faster than JSON, SQLite or a compressed archive can, and a change shows in a diff.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

# Ranks of the tables of the MJ shrink map. The map itself prescribes no order (its guide leaves the choice to the
# user); this one puts identity of the character first, then family-register law, residence cards, scholarship.
SHRINK_TABLES = (
    "JIS包摂規準UCS統合規則",
    "民二5202号通知別表_正字俗字等対照表",
    "民一2842号通達別表_誤字俗字正字一覧表_無印",
    "民一2842号通達別表_誤字俗字正字一覧表_俗字",
    "戸籍統一文字情報_親字正字",
    "法務省告示582号別表第四_一",
    "法務省告示582号別表第四_二",
    "辞書類等による関連字",
    "読み字形による類推",
    "民一2842号通達別表_誤字俗字正字一覧表_別字",
)
# Tables that say "the same character, written otherwise". Related, similar and mistaken characters are not that.
_IDENTITY_TABLES = SHRINK_TABLES[:5]
_MJ_NUMBER = re.compile(r"MJ(\d{6})")
_HENTAIGANA_BASE = 90_000
# か゚ and its like: JIS X 0213 characters which UCS writes as two.
_JIS_SEQUENCES = tuple(f"{kana}\u309a" for kana in "かきくけこカキクケコセツトㇷ")


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a UTF-8 CSV file with a header, gzipped or not."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _text(code_points: str) -> str:
    """'9089_E0119' -> the text."""
    return "".join(chr(int(code, 16)) for code in code_points.split("_"))


def _encodable(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _canonical_unit(row: dict[str, str]) -> str:
    """The one spelling of an MJ character: a bare code point where that is stable, a Moji_Joho sequence elsewhere."""
    bare, sequence = row["実装したUCS"], row["実装したMoji_JohoコレクションIVS"]
    if bare and bare == row["対応するUCS"]:
        return _text(bare)
    return _text(sequence) if sequence else ""


def _same_glyph(row: dict[str, str]) -> int | None:
    """The MJ number that the note (備考) of an unencoded MJ character names as its twin, or None."""
    own = int(row["MJ文字図形名"][2:])
    if "同一字形" not in row["備考"] and "同一の字形" not in row["備考"]:
        return None
    return next((int(n) for n in _MJ_NUMBER.findall(row["備考"]) if int(n) != own), None)


def _units(rows: list[dict[str, str]], hentaigana: list[dict[str, str]]) -> tuple[dict[int, str], dict[str, str]]:
    """MJ number -> canonical unit; other spelling -> canonical unit."""
    units: dict[int, str] = {}
    aliases: dict[str, str] = {}
    for row in rows:
        unit = _canonical_unit(row)
        if not unit:
            continue
        units[int(row["MJ文字図形名"][2:])] = unit
        for column in ("実装したUCS", "実装したMoji_JohoコレクションIVS", "実装したSVS"):
            if row[column] and _text(row[column]) != unit:
                aliases[_text(row[column])] = unit
    for row in hentaigana:
        if row["文字"]:
            units[int(row["MJ文字図形名"][2:])] = row["文字"]
    return units, aliases


def _twins(rows: list[dict[str, str]], hentaigana: list[dict[str, str]], units: dict[int, str]) -> dict[int, int]:
    """MJ characters without a text form of their own -> the one that the tables name in their place."""
    twins: dict[int, int] = {}
    for row in (*rows, *hentaigana):
        number = int(row["MJ文字図形名"][2:])
        if number in units:
            continue
        twin = _same_glyph(row) if number < _HENTAIGANA_BASE else int(_MJ_NUMBER.findall(row["備考"])[0])
        if twin is not None and twin in units:
            twins[number] = twin
    return twins


class _ShrinkMap:
    """Candidates by canonical unit, ranked: (table, order within the table, character)."""

    def __init__(self, rows: Iterable[dict[str, str]], units: dict[int, str]) -> None:
        self.candidates: dict[str, list[tuple[int, int, str]]] = {}
        for row in rows:
            unit = units.get(int(row["MJ文字図形名"][2:]))
            if unit is None:
                continue
            order = int(row["順位"] or row["ホップ数"] or 0)
            # 縮退UCS can be a compatibility ideograph, which normalization would lose.
            target = unicodedata.normalize("NFC", _text(row["縮退UCS"]))
            entry = (SHRINK_TABLES.index(row["表"]), order, target)
            self.candidates.setdefault(unit, []).append(entry)
        for entries in self.candidates.values():
            entries.sort()


def _classes(shrink: _ShrinkMap) -> dict[str, str]:
    """Base character -> representative of its class of variants, where that is another character."""
    identity = range(len(_IDENTITY_TABLES))
    by_base: dict[str, list[tuple[int, int, str]]] = {}
    for unit, entries in shrink.candidates.items():
        # Search drops selectors, so a base character speaks for all its sequences; its own entry goes first.
        if len(unit) == 1:
            by_base[unit] = entries
        else:
            by_base.setdefault(unit[0], entries)
    targets: dict[str, set[str]] = {}
    for base, entries in by_base.items():
        others = [(table, order, c) for table, order, c in entries if table in identity and c != base]
        if others:
            targets[base] = {c for table, order, c in others if (table, order) == others[0][:2]}
    ends: dict[str, frozenset[str]] = {}

    def walk(character: str, path: tuple[str, ...]) -> frozenset[str]:
        if character in path:
            loop = path[path.index(character) :]
            return frozenset([min(loop, key=_commonness)])
        if character not in targets:
            return frozenset([character])
        if not path and character in ends:
            return ends[character]
        return frozenset().union(*(walk(target, (*path, character)) for target in sorted(targets[character])))

    for character in sorted(targets):
        ends[character] = walk(character, ())
    # Where the tables lead to two different characters (囪: 匆 or 窓) no class is certain, so none is made.
    classes = {c: next(iter(end)) for c, end in ends.items() if len(end) == 1 and c not in end}
    assert not classes.keys() & set(classes.values()), "a representative represents itself"
    return classes


def _commonness(character: str) -> tuple[bool, bool, str]:
    return not _encodable(character, "shift_jis"), not _encodable(character, "euc_jis_2004"), character


def _seiji(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Simplified character -> 正字: 異体字 before 類字, rank 1 before 2; a row without code points can't be text."""
    best: dict[str, tuple[bool, int, str]] = {}
    for row in rows:
        if row["簡体字等のUCS"] and row["正字のUCS"]:
            source, target = _text(row["簡体字等のUCS"]), _text(row["正字のUCS"])
            entry = (row["正字の種類"] != "異体字", int(row["順位"]), target)
            best[source] = min(entry, best.get(source, entry))
    return {source: entry[2] for source, entry in best.items() if entry[2] != source}


def _plain_symbols() -> str:
    """Characters of the repertoire outside MJ: JIS X 0213 non-kanji, ASCII and full-width forms.

    Left out: half-width kana, control and invisible characters, combining marks, and what NFC would change.
    """
    found = []
    for code in range(0x20, 0x10000):
        character = chr(code)
        if 0xD800 <= code < 0xE000 or 0xFF61 <= code <= 0xFF9F or 0xF900 <= code <= 0xFAFF or code == 0xA0:
            continue
        if not (0xFF01 <= code <= 0xFF5E or _encodable(character, "euc_jis_2004")):
            continue
        if unicodedata.category(character) in ("Cc", "Cf", "Mn", "Me"):
            continue
        if unicodedata.normalize("NFC", character) == character:
            found.append(character)
    return "".join(found)


def _columns(mapping: dict[str, str]) -> list[str]:
    """A mapping as two lines: keys, values."""
    keys = sorted(mapping)
    return ["\t".join(keys), "\t".join(mapping[key] for key in keys)]


def compile_files(source: Path) -> dict[str, bytes]:
    """File name -> content.

    `mj.txt`, lines: single characters of the repertoire; its sequences; other spellings, and their canonical units;
    members of classes, and their representatives; simplified characters, and their 正字.
    `mj_names.txt`, lines: units by MJ number (empty = none); hentaigana likewise; twins ('number:number').
    `mj_shrink.txt`, one line a unit: the unit, then for each candidate the rank of its table (one digit), its order
    within the table (two digits) and the character. Texts within a line are tab-separated.
    """
    folder = source / "characters"
    rows = list(read_csv(folder / "mji_00602.csv.gz"))
    hentaigana = list(read_csv(folder / "mj_hentaigana_00201.csv"))
    units, aliases = _units(rows, hentaigana)
    shrink = _ShrinkMap(read_csv(folder / "mj_shrink_map_120.csv.gz"), units)
    kanji_end = 1 + max(number for number in units if number < _HENTAIGANA_BASE)
    return {
        "mj.txt": _lines(
            "".join(sorted({unit for unit in units.values() if len(unit) == 1}.union(_plain_symbols()))),
            "\t".join(sorted({unit for unit in units.values() if len(unit) > 1}.union(_JIS_SEQUENCES))),
            *_columns(aliases),
            *_columns(_classes(shrink)),
            *_columns(_seiji(read_csv(folder / "nyukan_seiji.csv.gz"))),
        ),
        "mj_names.txt": _lines(
            "\t".join(units.get(number, "") for number in range(kanji_end)),
            "\t".join(units.get(number, "") for number in range(_HENTAIGANA_BASE, 1 + max(units))),
            "\t".join(f"{a}:{b}" for a, b in sorted(_twins(rows, hentaigana, units).items())),
        ),
        "mj_shrink.txt": _lines(
            *(
                "\t".join([unit, *(f"{table}{order:02}{target}" for table, order, target in entries)])
                for unit, entries in sorted(shrink.candidates.items())
                if {target for _, _, target in entries} != {unit}
            )
        ),
    }


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
