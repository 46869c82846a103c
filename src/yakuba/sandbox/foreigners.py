"""The items of foreign residents (住民基本台帳法30条の45) in the synthetic town."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from yakuba.core.names import SPACE

from . import pools
from .households import FEMALE, Origin
from .synthetic_numbers import Use

if TYPE_CHECKING:
    from .population import _Block

ITEMS = (
    "name_latin", "alias", "alias_kana", "alias_entered_on", "alias_entered_at", "name_priority", "nationality",
    "article_30_45", "residence_status", "residence_period", "residence_until", "residence_card",
    "foreign_resident_since", "foreign_resident_since_reason", "alien_registered_on", "residence_notified",
)  # fmt: skip

MID_TO_LONG_TERM, SPECIAL_PERMANENT, BORN_HERE = "1", "2", "5"
PERMANENT, SPOUSE_OF_JAPANESE, LONG_TERM, FAMILY_STAY = "2001", "2002", "2004", "1403"
_WORK = (
    "1211",
    "1218",
    "1223",
    "1401",
    "1217",
    "1215",
)  # 技術・人文知識・国際業務, 特定技能１号, 技能実習２号ロ, 留学, 技能, 介護
_PERIODS = (("１年", 365), ("３年", 3 * 365), ("５年", 5 * 365), ("１年３月", 456))
_LAW = date(2012, 7, 9)  # foreign residents came into the register
_EPOCH = date(1970, 1, 1)
_EX_OFFICIO = "106"


def foreign_items(block: _Block) -> dict[str, pl.Series]:
    """Columns of `ITEMS` for the whole block, and `name` again with the kanji names filled in."""
    rows = np.flatnonzero(block.foreign)
    table: dict[str, list[object]] = {name: [None] * block.count for name in ITEMS}
    names: list[str | None] = block.columns["name"].to_list() if len(rows) else []
    cards = block.scene.source.residence_cards(block.serial, Use.POPULATION)
    family: dict[int, tuple[pools.Nationality, tuple[str, str], str, bool]] = {}
    for row in rows:
        household = int(block.people.household[row])
        if household not in family:
            family[household] = _family(block.rng, float(block.years[block.head[household]]))
        values, kanji = _person(block, int(row), family[household], str(cards[int(row)]))
        names[row] = kanji or None
        for name, value in values.items():
            table[name][row] = value
    found = {name: pl.Series(name, values, dtype=_dtype(name)) for name, values in table.items()}
    if len(rows):
        found["name"] = pl.Series("name", names, dtype=pl.String)
    return found


def _dtype(name: str) -> type[pl.DataType]:
    if name in {"alias_entered_on", "residence_until", "alien_registered_on"}:
        return pl.Date
    return pl.Int64 if name == "residence_notified" else pl.String


def _pick(rng: np.random.Generator, values: Iterable[object]) -> int:
    return int(rng.integers(len(tuple(values))))


def _family(rng: np.random.Generator, years: float) -> tuple[pools.Nationality, tuple[str, str], str, bool]:
    """Nationality, surname (Latin, kanji), 在留資格 or '' for special permanent residents, whether an alias is used."""
    nations = pools.nationalities()
    weights = np.array([nation.weight for nation in nations])
    nation = nations[int(rng.choice(len(nations), p=weights / weights.sum()))]
    surname = nation.surnames[_pick(rng, nation.surnames)]
    if nation.code == "KOR" and rng.random() < (0.85 if years > 50 else 0.45):
        return nation, surname, "", bool(rng.random() < 0.7)
    settled = rng.random() < float(np.interp(years, [22, 30, 45, 60], [0.02, 0.2, 0.6, 0.9]))
    status = (PERMANENT if rng.random() < 0.75 else LONG_TERM) if settled else _WORK[_pick(rng, _WORK)]
    return nation, surname, status, bool(rng.random() < 0.12)


def draw_names(
    rng: np.random.Generator, nation: pools.Nationality, surname: tuple[str, str], sex: int
) -> tuple[str, str]:
    """Latin name and, for nationalities whose cards show it, the kanji name ('' otherwise)."""
    choices = nation.given[1 if sex == FEMALE else 0]
    given = choices[_pick(rng, choices)]
    return f"{surname[0]} {given[0]}", f"{surname[1]}{SPACE}{given[1]}" if surname[1] else ""


def _person(
    block: _Block, row: int, family: tuple[pools.Nationality, tuple[str, str], str, bool], card: str
) -> tuple[dict[str, object], str]:
    rng, people = block.rng, block.people
    nation, surname, status, aliased = family
    today = _EPOCH + timedelta(days=int(block.scene.today))
    since = _EPOCH + timedelta(days=int(block.resident_since[row]))
    until = _EPOCH + timedelta(days=int(block.until[row]))
    age_days = int(block.until[row] - block.birth[row])
    is_head = int(block.head[people.household[row]]) == row
    mixed = people.origin[row] in (Origin.FOREIGN_WIFE, Origin.FOREIGN_HUSBAND)
    own = surname
    if not is_head and not mixed and age_days > 6570 and rng.random() < 0.6:
        own = nation.surnames[_pick(rng, nation.surnames)]
    latin, kanji = draw_names(rng, nation, own, int(people.sex[row]))
    if rng.random() > 0.8:
        kanji = ""
    values: dict[str, object] = {"name_latin": latin, "nationality": nation.code, "residence_notified": 1}
    values["foreign_resident_since"] = max(since, _LAW).isoformat()
    values["foreign_resident_since_reason"] = str(block.reason[row]) if since >= _LAW else _EX_OFFICIO
    if since < _LAW:
        values["alien_registered_on"] = since
    if age_days < 55:
        return values | {"article_30_45": BORN_HERE, "residence_notified": None}, kanji
    if mixed:
        status = PERMANENT if rng.random() < 0.4 else SPOUSE_OF_JAPANESE
    elif not is_head and status in _WORK:
        status = FAMILY_STAY
    values["residence_card"] = card
    values["article_30_45"] = MID_TO_LONG_TERM if status else SPECIAL_PERMANENT
    if status:
        values["residence_status"] = status
    if status and status != PERMANENT:
        label, length = _PERIODS[_pick(rng, _PERIODS)]
        values["residence_period"] = label
        end = today if not block.is_closed[row] else until
        values["residence_until"] = end + timedelta(days=int(rng.integers(1, length)))
    if aliased:
        surnames = pools.surnames()
        # A family's alias is one surname; the given name is each one's own.
        place = int(people.household[row]) * 7919 % 600
        is_classic = age_days > 45 * 365
        names = pools.given_names(int(people.sex[row]), is_classic)
        drawn = int(names.draw(rng, 1)[0])
        values["alias"] = f"{surnames.text[place]}{SPACE}{names.text[drawn]}"
        values["alias_kana"] = f"{surnames.kana[place]}{SPACE}{names.kana[drawn]}"
        values["alias_entered_on"] = max(since, _LAW)
        values["alias_entered_at"] = block.scene.home.full_name
        if rng.random() < 0.8:
            values["name_priority"] = "alias"
    return values, kanji
