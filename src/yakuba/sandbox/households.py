"""People by age and sex as in the nation, and the households they form: pure arrays, no names yet.

Ages come first (a systematic sample of the census), then couples are matched by age, children to parents, some of the old to
their children's household; whoever is left lives alone. So age and sex are the nation's, whatever the town's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from .pools import ages

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

YEAR_DAYS = 365.2425
MALE, FEMALE = 1, 2
_SIBLINGS_APART_DAYS = 300
_YOUNGEST_PARENT_YEARS = 17.5
_OLDEST_MOTHER_YEARS = 47.0
_BUCKET = 40  # parents of about the same age among whom children are dealt


class Relation(IntEnum):
    """続柄 as an index of `RELATIONSHIPS`."""

    HEAD = 0
    WIFE = 1
    HUSBAND = 2
    WIFE_UNREGISTERED = 3
    CHILD = 4
    FATHER = 5
    MOTHER = 6
    WIFES_FATHER = 7
    WIFES_MOTHER = 8
    CHILDS_WIFE = 9
    CHILDS_HUSBAND = 10
    GRANDCHILD = 11


RELATIONSHIPS = (
    "世帯主", "妻", "夫", "妻（未届）", "子", "父", "母", "妻の父", "妻の母", "子の妻", "子の夫", "子の子",
)  # fmt: skip


class Origin(IntEnum):
    """Which members of a household are foreign."""

    JAPANESE = 0
    FOREIGN = 1
    FOREIGN_WIFE = 2
    FOREIGN_HUSBAND = 3


@dataclass(slots=True)
class People:
    """One entry a person. `register` separates those of one household who have another 本籍 and may have another surname."""

    age_days: Integers
    sex: Integers
    household: Integers  # 0 to households - 1
    relation: Integers
    register: Integers  # 0: of the householder's family or couple, 1: the other one
    surname: Integers  # 0 or 1: which of the household's two surnames
    widowed: Booleans  # lives alone and may have had a spouse
    origin: Integers  # of the household
    households: int


def _curve(age_years: Floats, *points: tuple[float, float]) -> Floats:
    return np.interp(age_years, [x for x, _ in points], [y for _, y in points])


def _sample_people(rng: np.random.Generator, count: int) -> tuple[Integers, Integers]:
    """Age in days and sex: a systematic sample, so every group has its share to within one person."""
    sexes, starts, cumulated = ages()
    place = (np.arange(count) + rng.random(count)) / count
    group = np.minimum(np.searchsorted(cumulated, place, side="right"), len(cumulated) - 1)
    before = np.concatenate([[0.0], cumulated[:-1]])
    within = (place - before[group]) / (cumulated[group] - before[group])
    width = np.where(starts[group] >= 100, 8 * within**2, 5.0)
    years = starts[group] + within * width
    return (years * YEAR_DAYS).astype(np.int64), sexes[group]


def _choose(rng: np.random.Generator, weights: Floats, count: int) -> Integers:
    """Indices of `count` different ones, by weight."""
    keys = rng.exponential(size=len(weights)) / np.maximum(weights, 1e-12)
    return np.argpartition(keys, count - 1)[:count].astype(np.int64) if count else np.zeros(0, np.int64)


def _couples(rng: np.random.Generator, years: Floats, sex: Integers) -> tuple[Integers, Integers]:
    """Wives and husbands, matched by age."""
    women, men = np.flatnonzero((sex == FEMALE) & (years >= 20)), np.flatnonzero((sex == MALE) & (years >= 20))
    married = _curve(
        years[women], (20, 0.01), (25, 0.2), (30, 0.5), (36, 0.63), (45, 0.65), (60, 0.7), (70, 0.67), (77, 0.55),
        (85, 0.24), (92, 0.07), (100, 0.01),
    )  # fmt: skip
    wives = women[rng.random(len(women)) < married]
    weights = _curve(
        years[men], (20, 0.002), (25, 0.13), (30, 0.4), (36, 0.57), (45, 0.63), (60, 0.72), (70, 0.79), (80, 0.79),
        (88, 0.6), (95, 0.3),
    )  # fmt: skip
    wives = wives[: min(len(wives), len(men))] if len(wives) > len(men) else wives
    husbands = men[_choose(rng, weights, len(wives))]
    wished = years[wives] + 1.8 + rng.normal(0, 2.5, len(wives))
    return wives[np.argsort(wished, kind="stable")], husbands[np.argsort(years[husbands], kind="stable")]


def _deal(rng: np.random.Generator, wished: Floats, parents: Floats) -> Integers:
    """For each child a place in `parents` (ascending ages): near the wished age, one to four children a parent."""
    place = np.clip(np.searchsorted(parents, wished), 0, len(parents) - 1)
    order = np.argsort(place, kind="stable")
    bucket = place[order] // _BUCKET
    found = np.zeros(len(wished), np.int64)
    for number in np.unique(bucket):
        mine = order[bucket == number]
        first = number * _BUCKET
        size = min(_BUCKET, len(parents) - first)
        fertile = rng.permutation(size)[: int(np.clip(np.ceil(len(mine) / 1.6), 1, size))]
        dealt = np.arange(len(mine)) % len(fertile)
        anyone = rng.integers(len(fertile), size=len(mine))
        found[mine] = first + fertile[np.where(rng.random(len(mine)) < 0.75, dealt, anyone)]
    return found


def _space_siblings(rng: np.random.Generator, age_days: Integers, children: Integers, parent: Integers) -> None:
    """Make siblings at least `_SIBLINGS_APART_DAYS` apart, or twins; changes `age_days`."""
    order = np.lexsort((age_days[children], parent))
    rows, of = children[order], parent[order]
    for i in range(1, len(rows)):
        if of[i] == of[i - 1]:
            apart = age_days[rows[i]] - age_days[rows[i - 1]]
            if apart < _SIBLINGS_APART_DAYS:
                twins = apart < 3
                age_days[rows[i]] = age_days[rows[i - 1]] + (0 if twins else _SIBLINGS_APART_DAYS + rng.integers(200))


def form(rng: np.random.Generator, count: int, *, foreign: float = 1.0) -> People:
    """`count` people in households. `foreign` scales the share of foreign residents (1: about 3 %)."""
    age_days, sex = _sample_people(rng, count)
    years = age_days / YEAR_DAYS
    wives, husbands = _couples(rng, years, sex)
    taken = np.zeros(count, bool)
    taken[wives] = taken[husbands] = True

    at_home = _curve(
        years, (17.99, 1.0), (18, 0.93), (20, 0.76), (23, 0.64), (26, 0.56), (30, 0.47), (40, 0.36), (50, 0.3),
        (58, 0.18), (66, 0.0),
    )  # fmt: skip
    is_child = ~taken & (rng.random(count) < at_home)
    alone = ~taken & ~is_child
    single = alone & (
        ((sex == FEMALE) & (years > 24) & (years < 60) & (rng.random(count) < 0.16))
        | ((sex == MALE) & (years > 27) & (years < 62) & (rng.random(count) < 0.025))
        | ((sex == FEMALE) & (years >= 66) & (years < 90) & (rng.random(count) < 0.3))
    )
    singles = np.flatnonzero(single)

    # Families: couples first, then single parents. `mother_years` decides whose child one can be.
    husband = np.concatenate([husbands, np.where(sex[singles] == MALE, singles, -1)])
    wife = np.concatenate([wives, np.where(sex[singles] == FEMALE, singles, -1)])
    mother_years = np.where(wife >= 0, years[wife], years[husband] - 2)
    by_age = np.argsort(mother_years, kind="stable")

    children = np.flatnonzero(is_child)
    family_of = np.full(count, -1, np.int64)
    if len(children) and len(by_age):
        gap = np.clip(rng.normal(30.5 - 0.05 * years[children], 4.4), 20, 43)
        wished = years[children] + gap
        places = _deal(rng, wished, mother_years[by_age])
        apart = mother_years[by_age][places] - years[children]
        wrong = (apart < _YOUNGEST_PARENT_YEARS) | (apart > _OLDEST_MOTHER_YEARS)
        nearest = np.clip(np.searchsorted(mother_years[by_age], wished[wrong]), 0, len(by_age) - 1)
        places[wrong] = nearest
        apart = mother_years[by_age][places] - years[children]
        fits = (apart >= _YOUNGEST_PARENT_YEARS) & (apart <= _OLDEST_MOTHER_YEARS)
        family_of[children[fits]] = by_age[places[fits]]
    # In a very small town a child may find no parents: it becomes somebody grown up.
    lost = np.flatnonzero((family_of < 0) & (years < 18))
    age_days[lost] = (rng.uniform(22, 64, len(lost)) * YEAR_DAYS).astype(np.int64)

    kids = np.flatnonzero(family_of >= 0)
    _space_siblings(rng, age_days, kids, family_of[kids])
    for parents in (husband, wife):
        mine = parents[family_of[kids]]
        known = mine >= 0
        youngest = (age_days[kids[known]] + _YOUNGEST_PARENT_YEARS * YEAR_DAYS).astype(np.int64)
        np.maximum.at(age_days, mine[known], youngest)
    years = age_days / YEAR_DAYS

    has_children = np.zeros(len(husband), bool)
    has_children[family_of[kids]] = True
    return _settle(rng, age_days, sex, husband, wife, family_of, has_children, foreign)


def _settle(
    rng: np.random.Generator,
    age_days: Integers,
    sex: Integers,
    husband: Integers,
    wife: Integers,
    family_of: Integers,
    has_children: Booleans,
    foreign: float,
) -> People:
    """Who lives with whom, as whose what."""
    count, families = len(age_days), len(husband)
    years = age_days / YEAR_DAYS
    is_couple = (husband >= 0) & (wife >= 0)
    in_family = np.zeros(count, bool)
    for members in (husband, wife):
        in_family[members[members >= 0]] = True
    kids = np.flatnonzero(family_of >= 0)
    in_family[kids] = True

    # The old who live with a married child: couples without children at home, and widowed persons.
    old_couples = np.flatnonzero(is_couple & ~has_children)
    old_couples = old_couples[(years[wife[old_couples]] >= 60) & (rng.random(len(old_couples)) < 0.07)]
    widowed = np.flatnonzero(~in_family & (years >= 66) & (rng.random(count) < 0.4))
    candidates = np.setdiff1d(np.flatnonzero(is_couple), old_couples)
    candidates = candidates[years[husband[candidates]] < 66]
    candidates = candidates[np.argsort(years[husband[candidates]], kind="stable")]
    elder_father = np.full(families, -1, np.int64)
    elder_mother = np.full(families, -1, np.int64)
    joined = np.full(families, False)
    if len(candidates):
        elders = np.concatenate([wife[old_couples], widowed])
        partner = np.concatenate([husband[old_couples], np.full(len(widowed), -1)])
        wished = years[elders] - np.clip(rng.normal(29, 3.5, len(elders)), 20, 40)
        place = np.clip(np.searchsorted(years[husband[candidates]], wished), 0, len(candidates) - 1)
        target = candidates[place]
        older = np.maximum(years[husband[target]], years[wife[target]])
        youngest = np.where(partner >= 0, np.minimum(years[elders], years[partner]), years[elders])
        oldest_mother = np.minimum(years[husband[target]], years[wife[target]]) + _OLDEST_MOTHER_YEARS
        fits = (youngest - older > _YOUNGEST_PARENT_YEARS) & (years[elders] < oldest_mother)
        _, first = np.unique(np.where(fits, target, -1), return_index=True)
        for i in first:
            if not fits[i]:
                continue
            is_mother = sex[elders[i]] == FEMALE
            (elder_mother if is_mother else elder_father)[target[i]] = elders[i]
            if partner[i] >= 0:
                elder_father[target[i]] = partner[i]
                joined[old_couples[i]] = True
            in_family[elders[i]] = True

    stays = ~joined
    number = np.full(families, -1, np.int64)
    number[stays] = np.arange(int(stays.sum()))
    lone = np.flatnonzero(~in_family)
    households = int(stays.sum()) + len(lone)

    household = np.full(count, -1, np.int64)
    relation = np.full(count, Relation.HEAD, np.int64)
    register = np.zeros(count, np.int64)
    surname = np.zeros(count, np.int64)
    origin = np.zeros(households, np.int64)

    live = np.flatnonzero(stays)
    has_elder = (elder_father >= 0) | (elder_mother >= 0)
    elder_leads = has_elder & (rng.random(families) < 0.35)
    wifes_side = has_elder & (rng.random(families) < 0.25)
    pair = is_couple & stays
    plain = pair & ~has_elder
    unmarried = plain & (rng.random(families) < 0.012)
    wife_leads = plain & ~unmarried & (rng.random(families) < 0.04)

    def put(mask: Booleans, people: Integers, what: int, *, other_register: bool = False) -> None:
        rows = np.flatnonzero(mask & (people >= 0))
        household[people[rows]] = number[rows]
        relation[people[rows]] = what
        register[people[rows]] = int(other_register)

    put(stays & ~pair, husband, Relation.HEAD)
    put(stays & ~pair, wife, Relation.HEAD)
    young = pair & ~elder_leads
    put(young & ~wife_leads, husband, Relation.HEAD)
    put(young & ~wife_leads & ~unmarried, wife, Relation.WIFE)
    put(unmarried, wife, Relation.WIFE_UNREGISTERED, other_register=True)
    put(wife_leads, wife, Relation.HEAD)
    put(wife_leads, husband, Relation.HUSBAND)
    put(young & has_elder & ~wifes_side, elder_father, Relation.FATHER, other_register=True)
    put(young & has_elder & ~wifes_side, elder_mother, Relation.MOTHER, other_register=True)
    put(young & has_elder & wifes_side, elder_father, Relation.WIFES_FATHER, other_register=True)
    put(young & has_elder & wifes_side, elder_mother, Relation.WIFES_MOTHER, other_register=True)
    put(elder_leads & (elder_father >= 0), elder_father, Relation.HEAD, other_register=True)
    put(elder_leads & (elder_father >= 0), elder_mother, Relation.WIFE, other_register=True)
    put(elder_leads & (elder_father < 0), elder_mother, Relation.HEAD, other_register=True)
    put(elder_leads & ~wifes_side, husband, Relation.CHILD)
    put(elder_leads & ~wifes_side, wife, Relation.CHILDS_WIFE)
    put(elder_leads & wifes_side, wife, Relation.CHILD)
    put(elder_leads & wifes_side, husband, Relation.CHILDS_HUSBAND)
    household[kids] = number[family_of[kids]]
    relation[kids] = np.where(elder_leads[family_of[kids]], Relation.GRANDCHILD, Relation.CHILD)
    household[lone] = int(stays.sum()) + np.arange(len(lone))

    # The wife's parents, and a partner who isn't married, bear another surname.
    for members in (elder_father, elder_mother):
        rows = np.flatnonzero(wifes_side & (members >= 0))
        surname[members[rows]] = 1
    surname[wife[np.flatnonzero(unmarried)]] = 1

    draw = rng.random(families)
    age = years[np.where(wife >= 0, wife, husband)]
    may = live[(plain & ~unmarried & ~wife_leads & (age >= 20) & (age < 58))[live]]
    share = np.cumsum([0.028, 0.026, 0.011]) * foreign
    origin[number[may]] = np.select(
        [draw[may] < share[0], draw[may] < share[1], draw[may] < share[2]],
        [Origin.FOREIGN, Origin.FOREIGN_WIFE, Origin.FOREIGN_HUSBAND],
        Origin.JAPANESE,
    )
    likely = _curve(years[lone], (18, 0.26), (24, 0.29), (32, 0.17), (45, 0.05), (70, 0.012), (85, 0.004)) * foreign
    origin[household[lone]] = np.where(rng.random(len(lone)) < likely, Origin.FOREIGN, Origin.JAPANESE)

    is_lone = np.zeros(count, bool)
    is_lone[lone] = True
    return People(
        age_days, sex, household, relation, register, surname,
        is_lone & (years >= 62) & (origin[household] == Origin.JAPANESE), origin[household], households,
    )  # fmt: skip
