"""What the sandbox draws from: names by weight, ages of the nation, places elsewhere, words for buildings."""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml

from yakuba.core.addresses import Municipality, municipalities, towns
from yakuba.core.characters import variants
from yakuba.platform.documents.coverage import house_coverage

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# For these characters families are known to keep another form (異体字); the forms below are their families.
_VARIANT_BASES = {
    "辺": "辺邊邉", "葛": "葛", "高": "髙", "崎": "﨑", "斎": "齋齊斉", "吉": "𠮷", "浜": "濱濵", "沢": "澤", "島": "嶋嶌", "桜": "櫻",
    "国": "國", "広": "廣", "芦": "芦", "辻": "辻", "瀬": "瀨", "真": "眞", "徳": "德",
}  # fmt: skip
_VARIANT_SHARE = 0.04
_CLASSIC_ENDINGS = ("雄夫男郎治一三造吉義", "子江代枝恵")  # of given names before about 1975


@dataclass(frozen=True, slots=True)
class Names:
    """Names and their kana, with weights that sum to 1."""

    text: pl.Series
    kana: pl.Series
    weights: Floats

    def draw(self, rng: np.random.Generator, count: int) -> Integers:
        """Indices, by weight."""
        found = np.searchsorted(np.cumsum(self.weights), rng.random(count))
        return np.minimum(found, len(self.text) - 1).astype(np.int64)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("yakuba.sandbox") / "data" / name).read_text(encoding="utf-8").splitlines()))


def _names(rows: Sequence[tuple[str, str, float]]) -> Names:
    weights = np.array([weight for _, _, weight in rows])
    return Names(
        pl.Series([text for text, _, _ in rows]), pl.Series([kana for _, kana, _ in rows]), weights / weights.sum()
    )


@functools.cache
def surnames() -> Names:
    """By estimated bearers; a few per cent in a variant form (MJ, drawn by the house's font)."""
    draws = house_coverage().draws
    rows = []
    for row in _rows("surnames.csv"):
        text, kana, weight = row["surname"], row["kana"], float(row["bearers"])
        others = [
            text.replace(usual, form)
            for usual, bases in _VARIANT_BASES.items()
            if usual in text
            for form in variants(usual)
            if form != usual and form[0] in bases and draws(form)
        ]
        rows.append((text, kana, weight * (1 - _VARIANT_SHARE if others else 1)))
        rows += [(other, kana, weight * _VARIANT_SHARE / len(others)) for other in others]
    return _names(rows)


@functools.cache
def given_names(sex: int, classic: bool) -> Names:
    """Given names of a sex (1 male, 2 female); `classic`: those of persons born before about 1975."""
    rows = []
    for row in _rows(f"given_names_{'male' if sex == 1 else 'female'}.csv"):
        forms = row["forms"].split("/")
        if classic:
            forms = [form for form in forms if form[-1] in _CLASSIC_ENDINGS[sex - 1]]
        rows += [(form, row["kana"], 1.0) for form in forms]
    return _names(rows)


@functools.cache
def ages() -> tuple[Integers, Integers, Floats]:
    """Sex (1, 2), first age of the group, and cumulated share of the nation."""
    rows = _rows("age_sex.csv")
    persons = np.array([float(row["persons"]) for row in rows])
    return (
        np.array([int(row["sex"]) for row in rows]),
        np.array([int(row["age_from"]) for row in rows]),
        np.cumsum(persons) / persons.sum(),
    )


@dataclass(frozen=True, slots=True)
class Nationality:
    code: str
    weight: float
    surnames: tuple[tuple[str, str], ...]  # Latin, kanji or ''
    given: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]  # male, female


@functools.cache
def nationalities() -> tuple[Nationality, ...]:
    text = (files("yakuba.sandbox") / "data" / "foreign_names.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = yaml.safe_load(text)

    def pairs(source: dict[str, str] | list[str]) -> tuple[tuple[str, str], ...]:
        return tuple(source.items()) if isinstance(source, dict) else tuple((latin, "") for latin in source)

    rows = []
    for code, row in data.items():
        names = row.get("kanji", row)
        rows.append(
            Nationality(code, row["weight"], pairs(names["surnames"]), (pairs(names["male"]), pairs(names["female"])))
        )
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Places:
    """Towns elsewhere: 住所コード, postal code (or null), and the name with prefecture and municipality."""

    code: pl.Series
    postal: pl.Series
    town: pl.Series


def elsewhere(home: Municipality, rng: np.random.Generator, count: int = 48) -> Places:
    """Towns of some other municipalities, half of them in the same prefecture where it has others."""
    others = [item for item in municipalities() if item.has_residents and item.code != home.code]
    near = [item for item in others if item.prefecture == home.prefecture] or others
    chosen = [near[i] for i in rng.integers(len(near), size=count // 2)]
    chosen += [others[i] for i in rng.integers(len(others), size=count - len(chosen))]
    found = []
    for item in chosen:
        listed = [town for town in towns(item.code) if town.name]
        if not listed:  # the villages of 北方領土 have none
            continue
        drawn = [listed[i] for i in rng.integers(len(listed), size=3)]
        found += [(town.town_code, town.postal_codes[0], item.full_name + town.name) for town in drawn]
    return Places(*(pl.Series(list(column)) for column in zip(*found, strict=True)))


FULL_WIDTH = pl.Series([str(n).translate(str.maketrans("0123456789", "０１２３４５６７８９")) for n in range(3000)])
BUILDINGS = pl.Series(
    [
        kind + name
        for kind in (
            "コーポ",
            "ハイツ",
            "メゾン",
            "ハイム",
            "グリーンハイツ",
            "サンコーポ",
            "レジデンス",
            "パークハイツ",
        )
        for name in ("若葉", "さくら", "青葉", "みどり", "あさひ", "ひまわり", "けやき", "つばき", "もみじ", "千鳥")
    ]
)
COUNTRIES_OF_RETURN = pl.Series(
    ["アメリカ合衆国", "タイ王国", "中華人民共和国", "ドイツ連邦共和国", "オーストラリア連邦"]
)
