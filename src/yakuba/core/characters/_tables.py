"""The compiled MJ tables, loaded on first use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HENTAIGANA_BASE = 90_000


@dataclass(frozen=True, slots=True)
class Tables:
    """What every text needs; `yakuba.core.data_build.characters` writes the file."""

    plain: frozenset[str]
    """Single characters of the repertoire which NFC neither changes nor combines."""
    sequences: frozenset[str]
    """Units of the repertoire of more than one code point."""
    aliases: dict[str, str]
    """Other spelling (compatibility ideograph, SVS, IVS of a default glyph) -> canonical unit."""
    classes: dict[str, str]
    """Base character -> representative of its class of variants, where that is another one."""
    seiji: dict[int, str]
    """Simplified character -> 正字, for `str.translate`."""


@dataclass(frozen=True, slots=True)
class Names:
    """MJ numbers (the digits of an MJ name) and canonical units."""

    units: dict[int, str]
    numbers: dict[str, int]
    twins: dict[int, int]
    """MJ number without a text form -> MJ number of the same glyph."""


def _lines(name: str) -> list[str]:
    text = (files("yakuba.core") / "data" / name).read_bytes().decode()
    return text.removesuffix("\n").split("\n")


def _mapping(keys: str, values: str) -> dict[str, str]:
    return dict(zip(keys.split("\t"), values.split("\t"), strict=True))


@cache
def tables() -> Tables:
    """The tables of MJ文字情報一覧表 Ver.006.02 with the 正字 of 平成23年法務省告示第582号."""
    plain, sequences, other, canonical, members, representatives, simplified, seiji = _lines("mj.txt")
    return Tables(
        plain=frozenset(plain),
        sequences=frozenset(sequences.split("\t")),
        aliases=_mapping(other, canonical),
        classes=_mapping(members, representatives),
        seiji={ord(key): value for key, value in _mapping(simplified, seiji).items()},
    )


@cache
def names() -> Names:
    """The MJ names of MJ文字情報一覧表 Ver.006.02 and 変体仮名編 Ver.002.01."""
    kanji, hentaigana, twins = _lines("mj_names.txt")
    numbers = {unit: number for number, unit in enumerate(kanji.split("\t")) if unit}
    numbers |= {unit: number for number, unit in enumerate(hentaigana.split("\t"), HENTAIGANA_BASE) if unit}
    return Names(
        units={number: unit for unit, number in numbers.items()},
        numbers=numbers,
        twins={int(a): int(b) for a, b in (pair.split(":") for pair in twins.split("\t"))},
    )


@cache
def shrink_candidates() -> dict[str, tuple[str, ...]]:
    """Canonical unit -> candidates of MJ縮退マップ 1.2.0, best first.

    A candidate is one digit (rank of its table), two digits (order within the table) and the character.
    """
    return {unit: tuple(entries) for unit, *entries in (line.split("\t") for line in _lines("mj_shrink.txt"))}
