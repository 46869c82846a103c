"""The population of a synthetic town, as the CSV that the register imports (docs/formats/residents-register-csv.md).

Towns, postal codes and the shape of the population are real; no person is. Every name, number and date is drawn by a
seeded generator: equal (code, residents, seed, today) give equal bytes. Made in blocks of households, so memory stays
small at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.addresses import Municipality, municipality, towns
from yakuba.core.findings import Finding, Refused
from yakuba.core.names import SPACE
from yakuba.core.numbers import MunicipalityCode
from yakuba.systems.residents.items import NAMES
from yakuba.systems.residents.reasons import Reason, ResidentKind, Status

from . import pools
from .foreigners import foreign_items
from .households import FEMALE, MALE, RELATIONSHIPS, YEAR_DAYS, Origin, People, Relation, form
from .synthetic_numbers import NumberSource, Use, addressee_numbers

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int64]  # days since 1970-01-01
Progress = Callable[[int, int], None]

COLUMNS = ("number", "valid_from", *NAMES)
_BLOCK = 20_000
_SMALLEST_BLOCK = 2_000
_CLOSED_SHARE = 0.08
_UNIX_EPOCH = date(1970, 1, 1).toordinal()
_NOTHING = np.iinfo(np.int64).min
"""Stands for an unknown day in arrays of days."""
_FOREIGN_LAW = date(2012, 7, 9).toordinal() - _UNIX_EPOCH  # foreign residents came into the register
_FORMER_SURNAME_LAW = date(2019, 11, 5).toordinal() - _UNIX_EPOCH


@dataclass(frozen=True, slots=True)
class Written:
    """What the file holds: `rows` persons, of whom `residents` are residents now; `households` numbers used."""

    rows: int
    residents: int
    households: int


def write_register(
    path: Path, code: str, residents: int, seed: int, today: date, progress: Progress | None = None
) -> Written:
    """Write a register of exactly `residents` residents, and about 8 % closed records, ordered by 宛名番号.

    `code`: 団体コード with or without check digit, of a municipality that has towns. Raises Refused for another one.
    """
    home = find_municipality(code)
    if residents < 1:
        raise Refused([Finding("SBX-E-002", "residents", "住民数は1以上です。", "1以上の数を指定してください。")])
    sizes = [_BLOCK] * (residents // _BLOCK)
    rest = residents % _BLOCK
    if rest and sizes and rest < _SMALLEST_BLOCK:
        sizes[-1] += rest
    elif rest:
        sizes.append(rest)
    source = NumberSource(home.code)
    scene = Scene(home, source, today, np.random.default_rng([seed, int(home.code), residents]))
    done = rows = 0
    with path.open("wb") as file:
        for index, size in enumerate(sizes):
            frame = _Block(scene, np.random.default_rng([seed, int(home.code), residents, index]), size).frame()
            _write(frame, file, header=index == 0)
            rows += frame.height
            done += size
            if progress:
                progress(done, residents)
    return Written(rows, residents, scene.households)


def find_municipality(code: str) -> Municipality:
    """The municipality of a code with or without check digit. Raises Refused if there is none, or nobody can live there."""
    found = municipality(str(MunicipalityCode.from_jis5(code)) if len(code) == 5 else code)
    if not found.has_residents or not any(town.name for town in towns(found.code)):
        raise Refused(
            [
                Finding(
                    "SBX-E-001",
                    "code",
                    f"{found.full_name}に見本の町は作れません。",
                    "町・字のある市区町村（政令指定都市では区）の団体コードを指定してください。",
                )
            ]
        )
    return found


def _write(frame: pl.DataFrame, file: BinaryIO, *, header: bool) -> None:
    frame.write_csv(file, include_header=header, line_terminator="\n")


class Scene:
    """What all blocks of a town share: places, numbers already given, the day."""

    def __init__(self, home: Municipality, source: NumberSource, today: date, rng: np.random.Generator) -> None:
        self.home = home
        self.source = source
        self.today = today.toordinal() - _UNIX_EPOCH
        self.persons = 0
        self.households = 0
        listed = [town for town in towns(home.code) if town.name]
        self.town_code = pl.Series([town.town_code for town in listed])
        self.town_name = pl.Series([town.name for town in listed])
        self.town_postal = pl.Series([town.postal_codes[0] for town in listed])
        self.chome = np.array([len(town.chome) for town in listed])
        weights = rng.lognormal(0, 1, len(listed))
        self.town_weights = np.cumsum(weights / weights.sum())
        self.elsewhere = pools.elsewhere(home, rng)

    def draw_towns(self, rng: np.random.Generator, count: int) -> Integers:
        found = np.searchsorted(self.town_weights, rng.random(count))
        return np.minimum(found, len(self.town_code) - 1).astype(np.int64)


def days_column(days: Days, stated: Booleans | None = None) -> pl.Series:
    """Days as dates; null where not stated."""
    known = days != _NOTHING if stated is None else (days != _NOTHING) & stated
    return masked(pl.Series(np.where(known, days, 0)).cast(pl.Int32).cast(pl.Date), known)


def masked(column: pl.Series, stated: Booleans) -> pl.Series:
    """The values where `stated`; null elsewhere."""
    return pl.select(pl.when(pl.Series(stated)).then(column)).to_series()


def padded(numbers: Integers, width: int) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(width)


class _Block:
    """One block of households: arrays of people, then columns."""

    def __init__(self, scene: Scene, rng: np.random.Generator, residents: int) -> None:
        self.scene = scene
        self.rng = rng
        self.columns: dict[str, pl.Series] = {}
        self._gather_people(residents)
        self._order()
        self._dates()

    # -- who ----------------------------------------------------------------------------------------------------------

    def _gather_people(self, residents: int) -> None:
        """Residents, households that left, and former members of the households that are here."""
        rng = self.rng
        here = form(rng, residents)
        closed = round(residents * _CLOSED_SHARE)
        dead_of = np.flatnonzero(here.widowed)
        dead_of = rng.permutation(dead_of)[: round(closed * 0.4)]
        heads = np.flatnonzero((here.relation == Relation.HEAD) & (here.origin == Origin.JAPANESE))
        parents = heads[(here.age_days[heads] > 45 * YEAR_DAYS) & (here.age_days[heads] < 62 * YEAR_DAYS)]
        parents = np.setdiff1d(parents, dead_of)
        gone_of = rng.permutation(parents)[: round(closed * 0.15)]
        away = closed - len(dead_of) - len(gone_of)
        left = form(rng, away, foreign=2.0) if away > 0 else None

        dead_sex = np.where(here.sex[dead_of] == MALE, FEMALE, MALE)
        dead_age = here.age_days[dead_of] + (rng.normal(0, 3 * 365, len(dead_of))).astype(np.int64)
        dead_age += np.where(dead_sex == MALE, 500, -500)
        gone_age = (rng.uniform(19, 29, len(gone_of)) * YEAR_DAYS).astype(np.int64)
        gone_age = np.minimum(gone_age, here.age_days[gone_of] - int(19 * YEAR_DAYS))
        gone_sex = rng.integers(1, 3, len(gone_of))

        def joined(name: str, dead: Integers | int, gone: Integers | int, shift: int = 0) -> npt.NDArray[np.int64]:
            parts = [
                getattr(here, name), np.broadcast_to(dead, len(dead_of)), np.broadcast_to(gone, len(gone_of))
            ]  # fmt: skip
            return np.concatenate(parts + ([getattr(left, name) + shift] if left else [])).astype(np.int64)

        dead_relation = np.where(dead_sex == MALE, Relation.HUSBAND, Relation.WIFE)
        self.people = People(
            age_days=joined("age_days", dead_age, gone_age),
            sex=joined("sex", dead_sex, gone_sex),
            household=joined("household", here.household[dead_of], here.household[gone_of], here.households),
            relation=joined("relation", dead_relation, Relation.CHILD),
            register=joined("register", 0, 0),
            surname=joined("surname", 0, 0),
            widowed=np.zeros(0, bool),
            origin=joined("origin", Origin.JAPANESE, Origin.JAPANESE),
            households=here.households + (left.households if left else 0),
        )
        total = len(self.people.age_days)
        self.is_dead = np.zeros(total, bool)
        self.is_dead[residents : residents + len(dead_of)] = True
        self.is_closed = np.arange(total) >= residents
        if left:
            start = residents + len(dead_of) + len(gone_of)
            self.people.age_days[start:] += 45  # whoever left was born before

    def _order(self) -> None:
        """Households in random order, members together; 宛名番号 and 世帯番号 rise in that order."""
        people, scene = self.people, self.scene
        rank = self.rng.permutation(people.households)
        order = np.lexsort((-people.age_days, people.relation, rank[people.household]))
        for name in ("age_days", "sex", "household", "relation", "register", "surname", "origin"):
            setattr(people, name, getattr(people, name)[order])
        people.household = rank[people.household]
        self.is_dead, self.is_closed = self.is_dead[order], self.is_closed[order]
        self.count = len(order)
        self.serial = scene.persons + np.arange(self.count)
        self.number = addressee_numbers(self.serial + 1)
        self.household_number = addressee_numbers(scene.households + np.arange(people.households) + 1)
        scene.persons += self.count
        scene.households += people.households
        rows = np.flatnonzero((people.relation == Relation.HEAD) & ~self.is_dead)
        self.head = np.zeros(people.households, np.int64)
        self.head[people.household[rows]] = rows
        self.foreign = (
            (people.origin == Origin.FOREIGN)
            | ((people.origin == Origin.FOREIGN_WIFE) & (people.relation == Relation.WIFE))
            | ((people.origin == Origin.FOREIGN_HUSBAND) & (people.relation == Relation.HEAD))
        )

    def _dates(self) -> None:
        """Birth, since when at this address and in this town, when the record closed (days since 1970)."""
        rng, people, today = self.rng, self.people, self.scene.today
        count, households = self.count, people.households
        self.birth = today - people.age_days
        head_birth = self.birth[self.head]
        whole = np.zeros(households, bool)
        whole[people.household[(people.relation == Relation.HEAD) & self.is_closed]] = True  # the household left
        youngest = np.full(households, np.iinfo(np.int64).min)
        np.maximum.at(youngest, people.household, self.birth)
        closed = today - rng.integers(3, 5 * 365, households)
        closed = np.where(whole, np.minimum(np.maximum(closed, youngest + 20), today - 1), today)
        settled = closed - (rng.exponential(11 * 365, households)).astype(np.int64) - np.where(whole, 30, 0)
        has_former = np.zeros(households, bool)
        has_former[people.household[self.is_closed]] = True
        settled = np.where(has_former & ~whole, np.minimum(settled, today - 500), settled)
        settled = np.maximum(settled, head_birth + int(18 * YEAR_DAYS))
        settled = np.minimum(settled, closed - np.where(has_former & ~whole, 480, 0))
        came = settled - np.where(
            rng.random(households) < 0.4, rng.exponential(6 * 365, households).astype(np.int64), 0
        )
        came = np.maximum(came, np.minimum(head_birth + int(18 * YEAR_DAYS), settled))
        self.settled, self.came = settled, came

        home = people.household
        native = ~self.foreign & (rng.random(count) < 0.3)
        self.uncertain_birth = ~self.foreign & (people.age_days > 78 * YEAR_DAYS) & (rng.random(count) < 0.006)
        native &= ~self.uncertain_birth
        self.is_native = (native | (self.birth >= came[home])) & ~self.uncertain_birth
        self.resident_since = np.where(self.is_native, self.birth, came[home])
        self.address_since = np.maximum(settled[home], self.resident_since)

        alone = self.is_closed & ~whole[home]
        span = np.maximum(today - 10 - np.maximum(self.address_since, today - 5 * 365), 1)
        departed = np.maximum(self.address_since, today - 5 * 365) + (rng.random(count) * span).astype(np.int64)
        self.closed = np.where(alone, departed, np.where(self.is_closed, closed[home], _NOTHING))
        self.until = np.where(self.is_closed, self.closed, today)
        self.years = (self.until - self.birth) / YEAR_DAYS
        self.abroad = (rng.random(households) < 0.05)[home] & self.is_closed & ~self.is_dead
        from_abroad = (rng.random(count) < np.where(self.foreign, 0.6, 0.01)) & ~self.is_native
        self.from_abroad = from_abroad
        self.reason = np.where(
            self.is_native, int(Reason.BIRTH), np.where(from_abroad, int(Reason.MOVE_IN_ABROAD), int(Reason.MOVE_IN))
        )

    # -- columns ------------------------------------------------------------------------------------------------------

    def frame(self) -> pl.DataFrame:
        self._identity()
        self._names()
        self._address()
        self._origin_places()
        self._closing()
        self._numbers()
        self.columns |= foreign_items(self)
        self._insurance()
        self._remarks()
        self.columns["householder_name"] = self._householder_names()
        valid = np.where(self.is_closed, self.closed, np.maximum(self.address_since, self.noticed))
        self.columns["number"] = padded(self.number, 15)
        self.columns["valid_from"] = days_column(valid)
        empty = pl.Series([None], dtype=pl.String).extend_constant(None, self.count - 1)
        return pl.DataFrame([self.columns.get(name, empty).alias(name) for name in COLUMNS])

    def _identity(self) -> None:
        people, columns = self.people, self.columns
        kind = np.where(self.foreign, ResidentKind.FOREIGN.value, ResidentKind.JAPANESE.value)
        columns["resident_kind"] = pl.Series(kind)
        status = np.select(
            [~self.is_closed, self.is_dead, self.abroad],
            [Status.RESIDENT.value, Status.DEAD.value, Status.MOVED_ABROAD.value],
            Status.MOVED_OUT.value,
        )
        columns["status"] = pl.Series(status)
        columns["record_number"] = pl.Series(self.number)
        columns["sex"] = pl.Series(people.sex).cast(pl.String)
        columns["household_number"] = padded(self.household_number[people.household], 15)
        columns["relationship"] = pl.Series(RELATIONSHIPS).gather(people.relation)
        birth = days_column(self.birth)
        exact = birth.dt.strftime("%Y-%m-%d")
        way = self.rng.integers(6, size=self.count)
        year = birth.dt.strftime("%Y")
        vague = pl.select(
            pl.when(pl.Series(way < 3)).then(year + "-XX-XX").when(pl.Series(way == 3)).then(year + "~")
            .when(pl.Series(way == 4)).then(birth.dt.strftime("%Y-%m") + "-XX").otherwise(year + "-21")
        ).to_series()  # fmt: skip
        columns["birth"] = pl.select(pl.when(pl.Series(self.uncertain_birth)).then(vague).otherwise(exact)).to_series()

    def _names(self) -> None:
        rng, people, columns = self.rng, self.people, self.columns
        surnames = pools.surnames()
        family = np.stack([surnames.draw(rng, people.households), surnames.draw(rng, people.households)])
        mine = family[people.surname, people.household]
        # The Japanese wife of a foreigner keeps her own surname, and their children bear it.
        born = self.birth / YEAR_DAYS + 1970
        classic = rng.random(self.count) < np.interp(born, [1950, 1965, 1980, 1995], [0.85, 0.6, 0.25, 0.05])
        given = pl.Series([""]).extend_constant("", self.count - 1)
        given_kana = given
        for sex in (MALE, FEMALE):
            for is_classic in (True, False):
                names = pools.given_names(sex, is_classic)
                rows = pl.Series((people.sex == sex) & (classic == is_classic))
                drawn = names.draw(rng, self.count)
                given = pl.select(pl.when(rows).then(names.text.gather(drawn)).otherwise(given)).to_series()
                given_kana = pl.select(pl.when(rows).then(names.kana.gather(drawn)).otherwise(given_kana)).to_series()
        age = self.until - self.birth
        unnamed = ~self.foreign & ~self.is_closed & (age < 14) & (rng.random(self.count) < 0.4)
        stated = ~self.foreign & ~unnamed
        self.japanese_name = surnames.text.gather(mine) + SPACE + given
        columns["name"] = masked(self.japanese_name, stated)
        columns["name_kana"] = masked(surnames.kana.gather(mine) + SPACE + given_kana, stated)
        confirmed = stated & (rng.random(self.count) < 0.85)
        columns["name_kana_confirmed"] = pl.Series(np.where(confirmed, 1, 0))
        columns["name_kana_confirmed"] = masked(columns["name_kana_confirmed"], stated)

        wives = ~self.foreign & np.isin(people.relation, (Relation.WIFE, Relation.CHILDS_WIFE))
        wives |= ~self.foreign & (people.relation == Relation.HEAD) & (people.sex == FEMALE) & (self.years > 40)
        former = wives & (rng.random(self.count) < 0.02 / max(wives.mean(), 1e-9))
        other = surnames.draw(rng, self.count)
        former &= other != mine
        columns["former_surname"] = masked(surnames.text.gather(other), former)
        columns["former_surname_kana"] = masked(surnames.kana.gather(other), former)
        columns["former_surname_kana_confirmed"] = masked(pl.Series(np.ones(self.count, np.int64)), former)
        first = np.maximum(self.resident_since, _FORMER_SURNAME_LAW)
        inquired = first + (rng.random(self.count) * np.maximum(self.until - first, 0)).astype(np.int64)
        columns["former_surname_inquired_on"] = days_column(inquired, former & (first <= self.until))

    def _householder_names(self) -> pl.Series:
        """As the rules name a householder: 通称 if it comes first, else 氏名, else Latin letters."""
        columns = self.columns
        called = pl.select(
            pl.when(columns["name_priority"] == "alias").then(columns["alias"])
            .otherwise(pl.coalesce(columns["name"], columns["name_latin"]))
        ).to_series()  # fmt: skip
        return called.gather(self.head[self.people.household])

    def _banchi(self, count: int, chome: Integers) -> pl.Series:
        rng, fw = self.rng, pools.FULL_WIDTH
        block, house = rng.integers(1, 45, count), rng.integers(1, 32, count)
        lot, branch = rng.integers(1, 1900, count), rng.integers(1, 20, count)
        style = rng.integers(10, size=count)
        towny = fw.gather(block) + "番" + fw.gather(house) + "号"
        in_chome = fw.gather(rng.integers(1, np.maximum(chome, 1) + 1)) + "丁目" + towny
        return pl.select(
            pl.when(pl.Series(chome > 0)).then(in_chome)
            .when(pl.Series(style < 6)).then(towny)
            .when(pl.Series(style < 8)).then(fw.gather(lot) + "番地")
            .otherwise(fw.gather(lot) + "番地の" + fw.gather(branch))
        ).to_series()  # fmt: skip

    def _address(self) -> None:
        rng, scene, people, columns = self.rng, self.scene, self.people, self.columns
        count, home = people.households, people.household
        town = scene.draw_towns(rng, count)
        size = np.bincount(home[~self.is_closed], minlength=count)
        room = pools.FULL_WIDTH.gather(rng.integers(1, 7, count) * 100 + rng.integers(1, 13, count))
        building = pools.BUILDINGS.gather(rng.integers(len(pools.BUILDINGS), size=count)) + room + "号室"
        katagaki = masked(building, rng.random(count) < np.where(size <= 1, 0.6, 0.3))
        of_household = {
            "address_code": scene.town_code.gather(town),
            "address_postal": scene.town_postal.gather(town),
            "address_town": scene.town_name.gather(town),
            "address_banchi": self._banchi(count, scene.chome[town]),
            "address_katagaki": katagaki,
            "district_admin": padded(town // 4 + 1, 3),
            "district_neighbourhood": padded(town * 10 + rng.integers(1, 9, count), 5),
            "district_elementary": padded(town // 6 + 1, 2),
            "district_junior_high": padded(town // 14 + 1, 2),
            "district_voting": padded(town // 3 + 1, 3),
        }
        for name, column in of_household.items():
            columns[name] = column.gather(home)
        columns["address_since"] = days_column(self.address_since).cast(pl.String)
        moved = self.address_since > self.resident_since
        columns["address_since_reason"] = pl.Series(np.where(moved, int(Reason.MOVE_WITHIN), self.reason)).cast(
            pl.String
        )
        notified = np.minimum(self.address_since + rng.integers(0, 14, count)[home], self.until)
        columns["address_notified_on"] = days_column(notified)
        since_column = days_column(self.resident_since).cast(pl.String)
        columns["resident_since"] = since_column
        columns["resident_since_reason"] = pl.Series(self.reason).cast(pl.String)
        notified = np.minimum(self.resident_since + rng.integers(0, 14, count)[home], notified)
        columns["resident_notified_on"] = days_column(notified)

    def _place(self, prefix: str, index: Integers, stated: Booleans, *, local: Booleans | None = None) -> None:
        """The columns of an address elsewhere, or where `local` here, written with prefecture and municipality."""
        scene = self.scene
        places = scene.elsewhere
        town = index % len(scene.town_code)
        here = pl.Series(np.zeros(self.count, bool) if local is None else local)
        outside = index % len(places.code)
        named = scene.home.full_name + scene.town_name.gather(town)
        for part, inner, outer in (
            ("code", scene.town_code.gather(town), places.code.gather(outside)),
            ("postal", scene.town_postal.gather(town), places.postal.gather(outside)),
            ("town", named, places.town.gather(outside)),
        ):
            self.columns[f"{prefix}_{part}"] = masked(
                pl.select(pl.when(here).then(inner).otherwise(outer)).to_series(), stated
            )

    def _origin_places(self) -> None:
        """前住所, 本籍, 筆頭者."""
        rng, people, columns = self.rng, self.people, self.columns
        count, home = people.households, people.household
        moved_in = self.reason == int(Reason.MOVE_IN)
        self._place("previous", rng.integers(1 << 30, size=count)[home], moved_in)
        columns["previous_banchi"] = masked(self._banchi(count, np.zeros(count, np.int64)).gather(home), moved_in)
        abroad = pools.COUNTRIES_OF_RETURN.gather(rng.integers(len(pools.COUNTRIES_OF_RETURN), size=self.count))
        columns["previous_town"] = pl.select(
            pl.when(pl.Series(self.from_abroad & ~self.foreign)).then(abroad).otherwise(columns["previous_town"])
        ).to_series()

        japanese = ~self.foreign
        group = people.household * 2 + people.register
        index = rng.integers(1 << 30, size=2 * count)[group]
        local = (rng.random(2 * count) < 0.45)[group]
        self._place("domicile", index, japanese, local=local)
        columns["domicile_banchi"] = masked(
            self._banchi(2 * count, np.zeros(2 * count, np.int64)).gather(group), japanese
        )
        # 筆頭者: the oldest man of the family or couple, else the oldest; of somebody living alone, now and then a parent.
        order = np.lexsort((-people.age_days, people.sex, self.foreign, group))
        first = np.zeros(2 * count, np.int64)
        groups, starts = np.unique(group[order], return_index=True)
        first[groups] = order[starts]
        head_of_register = self.japanese_name.gather(first[group])
        columns["register_head"] = masked(head_of_register, japanese)

    def _closing(self) -> None:
        """Closed records, and residents who have announced that they will leave."""
        rng, people, columns, today = self.rng, self.people, self.columns, self.scene.today
        count, home = people.households, people.household
        leaving = (rng.random(count) < 0.002)[home] & ~self.is_closed & (self.address_since < today - 60)
        planned = (today + rng.integers(1, 15, count))[home]
        notified = (today - rng.integers(0, 6, count))[home]
        gone = self.is_closed & ~self.is_dead
        index = rng.integers(1 << 30, size=count)[home]
        inland = (gone | leaving) & ~self.abroad
        self._place("planned", index, inland)
        columns["planned_banchi"] = masked(self._banchi(count, np.zeros(count, np.int64)).gather(home), inland)
        country = pools.COUNTRIES_OF_RETURN.gather(index % len(pools.COUNTRIES_OF_RETURN))
        columns["planned_town"] = pl.select(
            pl.when(pl.Series(gone & self.abroad)).then(country).otherwise(columns["planned_town"])
        ).to_series()
        arrived = gone & ~self.abroad & (rng.random(count) < 0.85)[home] & (self.closed < today - 20)
        for part in ("code", "postal", "town", "banchi"):
            columns[f"confirmed_{part}"] = masked(columns[f"planned_{part}"], arrived)
        columns["move_out_planned_on"] = days_column(np.where(gone, self.closed, planned), gone | leaving)
        columns["move_out_on"] = days_column(self.closed, gone)
        columns["move_in_notice_on"] = days_column(self.closed + 5, arrived)
        columns["move_in_notice_notified_on"] = days_column(self.closed + 4, arrived)
        reason = np.select(
            [self.is_dead, self.abroad], [Reason.DEATH.value, Reason.MOVE_OUT_ABROAD.value], Reason.MOVE_OUT.value
        )
        columns["closing_reason"] = masked(pl.Series(reason), self.is_closed)
        columns["closing_ground"] = masked(pl.Series(np.full(self.count, "1")), self.is_closed)
        exact = days_column(self.closed).dt.strftime("%Y-%m-%d")
        vague = days_column(self.closed).dt.strftime("%Y-%m") + "-XX"
        unsure = self.is_dead & (rng.random(self.count) < 0.02)
        columns["closed_on"] = pl.select(pl.when(pl.Series(unsure)).then(vague).otherwise(exact)).to_series()
        told = np.where(self.is_dead, self.closed + 4, np.maximum(self.closed - 6, self.address_since))
        told = np.where(self.is_closed, told, notified)
        columns["closing_notified_on"] = days_column(told, self.is_closed | leaving)
        self.noticed = np.where(leaving, notified, _NOTHING)

    def _numbers(self) -> None:
        rng, columns, source = self.rng, self.columns, self.scene.source
        columns["resident_code"] = padded(source.resident_codes(self.serial, Use.POPULATION), 11)
        waiting = ~self.is_closed & (self.until - self.birth < 21) & (rng.random(self.count) < 0.8)
        columns["individual_number"] = masked(
            padded(source.individual_numbers(self.serial, Use.POPULATION), 12), ~waiting
        )
        held = ~waiting & (self.years > 0.5) & (rng.random(self.count) < 0.74)
        applied = ~waiting & ~held & (rng.random(self.count) < 0.05)
        columns["card_status"] = pl.Series(np.select([held, applied], ["2", "1"], "0"))
        serial = pl.Series(rng.integers(10**8, 10**9, self.count)).cast(pl.String)
        columns["signature_serial"] = masked(serial, held & (self.years >= 15))
        columns["user_certificate_serial"] = masked(
            pl.Series(rng.integers(10**8, 10**9, self.count)).cast(pl.String), held
        )

    def _insurance(self) -> None:
        """個別記載: national health insurance, medical care of the aged, care, pension, child allowance, electoral roll."""
        rng, people, columns = self.rng, self.people, self.columns
        home, count = people.household, people.households
        years, since = self.years, self.resident_since

        def insured(prefix: str, who: Booleans, numbers: pl.Series, from_age: float) -> None:
            reached = self.birth + int(from_age * YEAR_DAYS) + 1
            acquired = np.maximum(since, reached) if from_age else since
            columns[f"{prefix}_qualified"] = masked(pl.Series(np.where(self.is_closed, 0, 1)), who)
            columns[f"{prefix}_number"] = masked(numbers, who)
            columns[f"{prefix}_acquired_on"] = days_column(acquired, who)
            columns[f"{prefix}_lost_on"] = days_column(self.closed, who & self.is_closed)

        retired = (years >= 60) & (years < 75)
        on_own = (rng.random(count) < 0.22)[home]
        nhi = (years < 75) & (on_own | (retired & (rng.random(self.count) < 0.6)))
        insured("nhi", nhi, padded(rng.integers(10**7, size=count), 8).gather(home), 0)
        insured("late_elderly", years >= 75.01, padded(rng.integers(10**8, size=self.count), 8), 75)
        insured("care", years >= 65.01, padded(rng.integers(10**10, size=self.count), 10), 65)

        working = (years >= 20.01) & (years < 60)
        third = working & ~nhi & (people.relation == Relation.WIFE) & (rng.random(self.count) < 0.3)
        pension = (working & nhi) | third
        columns["pension_qualified"] = masked(pl.Series(np.where(self.is_closed, 0, 1)), pension)
        columns["pension_number"] = masked(padded(rng.integers(10**10, size=self.count), 10), pension)
        columns["pension_kind"] = masked(pl.Series(np.where(third, "3", "1")), pension)
        twenty = np.maximum(since, self.birth + int(20 * YEAR_DAYS) + 1)
        columns["pension_kind_on"] = days_column(twenty, pension)
        columns["pension_acquired_on"] = days_column(twenty, pension)
        columns["pension_lost_on"] = days_column(self.closed, pension & self.is_closed)

        # 児童手当 is paid to whoever keeps the children: here the householder, from the month after the eldest came.
        minor = ~self.is_closed & (years < 18)
        eldest = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(eldest, home[minor], np.maximum(self.birth, since)[minor])
        receives = np.zeros(self.count, bool)
        keeper = self.head[eldest < np.iinfo(np.int64).max]
        receives[keeper] = ~self.is_closed[keeper]
        start = np.where(receives, np.maximum(eldest[home], since), 0)
        month = days_column(start).dt.offset_by("1mo").dt.strftime("%Y-%m")
        columns["child_allowance_from"] = masked(month, receives)
        votes = ~self.foreign & ~self.is_closed & (years >= 18.01)
        votes &= since < self.scene.today - 100
        columns["on_electoral_roll"] = masked(pl.Series(np.ones(self.count, np.int64)), votes)

    def _remarks(self) -> None:
        rng, columns, today = self.rng, self.columns, self.scene.today
        household_flag = rng.random(self.people.households)[self.people.household]
        ones = pl.Series(np.ones(self.count, np.int64))
        here = ~self.is_closed
        columns["issue_prohibited"] = masked(ones, here & (household_flag < 0.0008))
        stopped = here & (rng.random(self.count) < 0.0004)
        columns["processing_stopped_on"] = days_column(np.maximum(today - 30, self.address_since), stopped)
        columns["adult_ward"] = masked(ones, here & (self.years > 65) & (rng.random(self.count) < 0.003))
        texts = pl.Series(["郵便物の返戻あり。居住の確認が必要。", "氏の文字を戸籍と照合済み。", "前住所地へ照会中。"])
        marked = here & (rng.random(self.count) < 0.002)
        columns["remark"] = masked(texts.gather(rng.integers(len(texts), size=self.count)), marked)
        columns["remark_on"] = days_column(np.maximum(today - 90, self.address_since), marked)
        columns["remark_printed"] = masked(pl.Series(np.zeros(self.count, np.int64)), marked)
