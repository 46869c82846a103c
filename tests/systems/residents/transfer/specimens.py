"""A register as a file, column by column: people who do not exist, in households, with valid numbers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from yakuba.core.addresses import towns
from yakuba.core.numbers import ADDRESSEE_WEIGHTS, PERSONAL_WEIGHTS
from yakuba.systems.residents.items import NAMES

TOWN = "272230"
COLUMNS = ("number", "valid_from", *NAMES)
TODAY = date(2026, 11, 20)

_SURNAMES = [a + b for a in "山田川森林石原野村上中大小高西東北南" for b in "田川村山本野原井島崎口沢内木"]
_SURNAME_KANA = [
    a + b for a in ("ヤマ", "タ", "カワ", "モリ", "ハヤシ", "イシ") for b in ("タ", "カワ", "ムラ", "ゴウ")
]
_GIVEN = [a + b for a in "太一健翔大美花優結陽真直和光明" for b in "郎子太斗奈美香也人樹介平"]
_GIVEN_KANA = [a + b for a in ("タ", "ウミ", "ケン", "ミ", "ハナ", "ユウ", "ヨウ") for b in ("ロウ", "コ", "ト", "ナ")]


def with_check_digit(payloads: np.ndarray, width: int, weights: tuple[int, ...]) -> list[str]:
    total = sum((payloads // 10**place % 10) * weight for place, weight in enumerate(weights[: width - 1]))
    remainder = total % 11
    digits = np.where(remainder <= 1, 0, 11 - remainder)
    return [f"{number:0{width}d}" for number in (payloads * 10 + digits).tolist()]


def register(residents: int, seed: int = 1, first_serial: int = 1) -> pl.DataFrame:
    """`residents` rows of the format, every column as text; about one in twelve is closed, one in 33 a foreigner."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 5, residents)
    household = np.repeat(np.arange(residents), sizes)[:residents]
    is_head = np.r_[True, household[1:] != household[:-1]]
    serial = np.arange(first_serial, first_serial + residents)
    foreign = draw.random(residents) < 0.03
    closed = (draw.random(residents) < 0.08) & ~is_head
    town = [row for row in towns(TOWN) if row.name]
    place = draw.integers(0, len(town), residents)[household]
    banchi = draw.integers(1, 60, residents)[household]
    go = draw.integers(1, 40, residents)[household]
    rooms = draw.integers(0, 400, residents)[household]
    surname = draw.integers(0, len(_SURNAMES), residents)[household]
    given = draw.integers(0, len(_GIVEN), residents)
    names = [f"{_SURNAMES[s]}　{_GIVEN[g]}" for s, g in zip(surname, given, strict=True)]
    kana = [
        f"{_SURNAME_KANA[s % len(_SURNAME_KANA)]}　{_GIVEN_KANA[g % len(_GIVEN_KANA)]}"
        for s, g in zip(surname, given, strict=True)
    ]
    latin = [f"MIHON {chr(65 + s % 26)}{chr(65 + g % 26)}A" for s, g in zip(surname, given, strict=True)]
    head_of = np.flatnonzero(is_head)[np.cumsum(is_head) - 1]
    birth = [str(date(2005, 1, 1) - timedelta(days=int(days))) for days in draw.integers(0, 30_000, residents)]
    since = [str(date(2010, 1, 1) + timedelta(days=int(days))) for days in draw.integers(0, 5_000, residents)]
    shown = [latin[i] if foreign[i] else names[i] for i in range(residents)]
    values: dict[str, Any] = {
        "number": with_check_digit(serial, 15, ADDRESSEE_WEIGHTS),
        "valid_from": since,
        "resident_kind": np.where(foreign, "2", "1"),
        "status": np.where(closed, "2", "1"),
        "name": [None if f else n for f, n in zip(foreign, names, strict=True)],
        "name_kana": [None if f else k for f, k in zip(foreign, kana, strict=True)],
        "name_latin": [n if f else None for f, n in zip(foreign, latin, strict=True)],
        "birth": birth,
        "sex": draw.choice(["1", "2"], residents),
        "household_number": with_check_digit(serial[head_of], 15, ADDRESSEE_WEIGHTS),
        "householder_name": [shown[i] for i in head_of],
        "relationship": np.where(is_head, "世帯主", "子"),
        "address_code": [town[i].town_code for i in place],
        "address_postal": [town[i].postal_codes[0] for i in place],
        "address_town": [town[i].name for i in place],
        "address_banchi": [f"{b}番{g}号" for b, g in zip(banchi, go, strict=True)],
        "address_katagaki": [f"見本荘{r + 100}号室" if r < 150 else None for r in rooms],
        "address_since": since,
        "address_since_reason": np.full(residents, "101"),
        "address_notified_on": since,
        "resident_since": since,
        "resident_since_reason": np.full(residents, "101"),
        "resident_notified_on": since,
        "domicile_town": [None if f else "大阪府見本市中央" for f in foreign],
        "domicile_banchi": [None if f else f"{b}番" for f, b in zip(foreign, banchi, strict=True)],
        "register_head": [None if f else names[i] for f, i in zip(foreign, head_of, strict=True)],
        "previous_town": np.full(residents, "京都府見本市北町"),
        "previous_banchi": [f"{b}番地" for b in banchi],
        "closing_reason": [("201" if c else None) for c in closed],
        "closing_ground": [("1" if c else None) for c in closed],
        "closed_on": [("2026-01-15" if c else None) for c in closed],
        "closing_notified_on": [("2026-01-15" if c else None) for c in closed],
        "resident_code": with_check_digit(1_000_000_000 + serial, 11, PERSONAL_WEIGHTS),
        "individual_number": with_check_digit(10_000_000_000 + serial, 12, PERSONAL_WEIGHTS),
        "nationality": [("USA" if f else None) for f in foreign],
        "article_30_45": [("1" if f else None) for f in foreign],
        "residence_status": [("1211" if f else None) for f in foreign],
        "residence_until": [("2028-03-31" if f else None) for f in foreign],
        "residence_card": [(f"AA{s % 10**8:08d}BB" if f else None) for f, s in zip(foreign, serial, strict=True)],
        "nhi_qualified": draw.choice(["0", "1"], residents),
        "pension_qualified": draw.choice(["0", "1"], residents),
        "on_electoral_roll": np.where(foreign, "0", "1"),
    }
    empty = pl.Series([None] * residents, dtype=pl.String)
    return pl.DataFrame({name: pl.Series(values.get(name, empty), dtype=pl.String) for name in COLUMNS})


def write(path: Path, frame: pl.DataFrame) -> Path:
    """The file of these rows, as an export writes it."""
    frame.write_csv(path, line_terminator="\n")
    return path
