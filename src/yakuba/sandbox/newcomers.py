"""People who come to the town during a day: forms' persons, as a clerk would type them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from yakuba.core.addresses import Municipality
from yakuba.core.names import SPACE
from yakuba.systems.residents.reasons import ResidentKind

from . import foreigners, pools
from .households import RELATIONSHIPS, YEAR_DAYS, Integers, Origin, Relation, form
from .synthetic_numbers import NumberSource, Use

Form = dict[str, Any]
_CROWD = 1_500
_ATTEMPTS = 5
_FAMILIES = (
    Relation.HEAD, Relation.WIFE, Relation.HUSBAND, Relation.WIFE_UNREGISTERED, Relation.CHILD,
)  # fmt: skip


class Newcomers:
    """Draws households and single people; each gets numbers that nobody has. `first`: index of the first of them."""

    def __init__(self, home: Municipality, rng: np.random.Generator, today: date, first: int) -> None:
        self.rng = rng
        self.today = today
        self._source = NumberSource(home.code)
        self._next = first
        self._places = pools.elsewhere(home, rng, 24)
        self._refill()

    def _refill(self) -> None:
        """A fresh crowd of households on the move."""
        people = self._people = form(self.rng, _CROWD, foreign=4.0)
        order = np.argsort(people.household, kind="stable")
        starts = np.searchsorted(people.household[order], np.arange(people.households + 1))
        members = [order[starts[i] : starts[i + 1]] for i in range(people.households)]
        fitting = [rows for rows in members if self._may_move(rows)]
        self._families: list[Integers] = [fitting[i] for i in self.rng.permutation(len(fitting))]

    def _may_move(self, rows: Integers) -> bool:
        """Young enough to be on the move, and nobody whose age the day's dates would make doubtful."""
        people = self._people
        ages = people.age_days[rows]
        known = np.isin(people.relation[rows], [int(relation) for relation in _FAMILIES]).all()
        return bool(known and ages.max() < 70 * YEAR_DAYS and ages.min() > 120 and len(rows) <= 6)

    def place(self) -> Form:
        """An address elsewhere, as entered."""
        index = int(self.rng.integers(len(self._places.code)))
        return {
            "code": self._places.code[index],
            "postal": self._places.postal[index],
            "town": self._places.town[index],
            "banchi": self.banchi(),
        }

    def country(self) -> Form:
        index = int(self.rng.integers(len(pools.COUNTRIES_OF_RETURN)))
        return {"town": pools.COUNTRIES_OF_RETURN[index]}

    def banchi(self) -> str:
        block, house = (int(n) for n in self.rng.integers(1, 60, 2))
        return f"{pools.FULL_WIDTH[block]}番{pools.FULL_WIDTH[house]}号"

    def numbers(self) -> Form:
        """住民票コード and 個人番号 of a person who comes from another municipality."""
        self._next += 1
        return {
            "resident_code": self._source.resident_code(self._next, Use.NEWCOMERS).reveal(),
            "individual_number": self._source.individual_number(self._next, Use.NEWCOMERS).reveal(),
        }

    def family(self, *, foreign: bool = False, largest: int = 6, registered: bool = True) -> list[Form]:
        """A household, householder first. `registered`: comes with numbers, from a municipality; else from abroad."""
        rows = self._take_family(foreign, largest)
        people = self._people
        rows = rows[np.argsort(people.relation[rows], kind="stable")]
        surname = int(pools.surnames().draw(self.rng, 1)[0])
        nation = pools.nationalities()[int(self.rng.integers(len(pools.nationalities())))]
        latin = nation.surnames[int(self.rng.integers(len(nation.surnames)))]
        persons = []
        domicile = self.place()
        for row in rows:
            sex, relation = int(people.sex[row]), Relation(int(people.relation[row]))
            born = self.today - timedelta(days=int(people.age_days[row]))
            own = surname
            if relation is Relation.WIFE_UNREGISTERED:
                own = int(pools.surnames().draw(self.rng, 1)[0])
            if foreign:
                person = self._foreigner(nation, latin, sex, head=relation is Relation.HEAD)
            else:
                person = self.japanese(own, sex, born.year) | {"domicile": domicile}
            person |= {"birth": born.isoformat(), "sex": str(sex), "relationship": RELATIONSHIPS[relation]}
            persons.append(person | (self.numbers() if registered else {}))
        for person in persons:
            if not foreign:
                person["register_head"] = persons[0]["name"]
        return persons

    def _take_family(self, foreign: bool, largest: int) -> Integers:
        """Members of the next household that fits; indices into the present crowd."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._refill()
            origin = self._people.origin
            for place, rows in enumerate(self._families):
                if len(rows) <= largest and (origin[rows[0]] == Origin.FOREIGN) == foreign:
                    del self._families[place]
                    return rows
        raise LookupError(f"{_ATTEMPTS} crowds without such a household")

    def japanese(self, surname: int, sex: int, born: int) -> Form:
        names, surnames = pools.given_names(sex, born < 1975), pools.surnames()
        given = int(names.draw(self.rng, 1)[0])
        return {
            "name": f"{surnames.text[surname]}{SPACE}{names.text[given]}",
            "name_kana": f"{surnames.kana[surname]}{SPACE}{names.kana[given]}",
        }

    def given_name(self, sex: int) -> tuple[str, str]:
        """A given name and its kana, of today's children."""
        names = pools.given_names(sex, False)
        drawn = int(names.draw(self.rng, 1)[0])
        return str(names.text[drawn]), str(names.kana[drawn])

    def _foreigner(self, nation: pools.Nationality, surname: tuple[str, str], sex: int, *, head: bool) -> Form:
        latin, kanji = foreigners.draw_names(self.rng, nation, surname, sex)
        self._next += 1
        until = self.today + timedelta(days=int(self.rng.integers(200, 1000)))
        return {
            "resident_kind": ResidentKind.FOREIGN.value,
            "name_latin": latin,
            "name": kanji,
            "nationality": nation.code,
            "article_30_45": foreigners.MID_TO_LONG_TERM,
            "residence_status": "1211" if head else foreigners.FAMILY_STAY,
            "residence_period": "３年",
            "residence_until": until.isoformat(),
            "residence_card": self._source.residence_card(self._next, Use.NEWCOMERS),
        }
