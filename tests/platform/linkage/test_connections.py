"""The connection matrix, pair by pair."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from yakuba.platform.linkage.connections import connections
from yakuba.platform.profiles import NoSetting, Profile

TODAY = date(2026, 11, 20)

# Written out by hand from the ticks; `test_*_exactly` holds the computed matrix against it.
TSUKUBA = {
    "tax": "addressee revenue filing eltax kokuzei renkei image_archive backup residents counter applications",
    "addressee": "revenue filing eltax renkei intermediate juki residents counter applications",
    "revenue": "filing eltax kokuzei renkei image_archive backup residents counter applications",
    "filing": "eltax kokuzei renkei image_archive backup",
    "eltax": "kokuzei renkei image_archive backup",
    "kokuzei": "renkei image_archive backup",
    "renkei": "image_archive backup",
    "image_archive": "backup",
    "juki": "residents",
    "residents": "counter applications",
    "counter": "applications",
    "portal": "applications",
}
KANAZAWA = {
    "child_allowance": "addressee residents applications",
    "addressee": "intermediate residents tax",
    "juki": "residents",
    "residents": "tax applications",
    "portal": "applications",
}
NUMBER_LINKAGE = {
    "residents", "tax", "intermediate", "health_insurance", "care_insurance", "child_allowance", "health_information",
    "child_rearing", "standard_health_insurance",
}  # fmt: skip


def _pairs(table: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset((one, other)) for one, others in table.items() for other in others.split()}


@pytest.mark.parametrize(
    ("profile", "systems", "expected"), [(Profile.TSUKUBA, 17, TSUKUBA), (Profile.KANAZAWA, 8, KANAZAWA)]
)
def test_each_pair_of_described_systems_exactly(profile: Profile, systems: int, expected: dict[str, str]):
    matrix = connections(TODAY, profile)
    assert len(matrix.systems) == systems
    for one, other in combinations(matrix.systems, 2):
        wanted = frozenset((one, other)) in _pairs(expected)
        assert matrix.permitted(one, other) is matrix.permitted(other, one) is wanted, (one, other)


def test_number_linkage_knows_nine_systems_and_no_other():
    matrix = connections(TODAY, Profile.KANAZAWA)
    everybody = {*matrix.systems, *(tick for system in matrix.systems.values() for tick in system.ticks), "unknown"}
    assert {name for name in everybody - {"addressee"} if matrix.permitted("addressee", name)} == NUMBER_LINKAGE


def test_what_one_side_alone_states_stays_shut_and_is_listed():
    matrix = connections(TODAY, Profile.KANAZAWA)
    assert matrix.one_sided() == [("child_allowance", "tax"), ("applications", "addressee")]


def test_systems_that_nobody_describes_are_not_connected():
    matrix = connections(TODAY, Profile.TSUKUBA)
    assert not matrix.permitted("somebody", "tax")
    assert not matrix.permitted("somebody", "else")


def test_before_its_first_day_there_is_no_matrix():
    with pytest.raises(NoSetting):
        connections(date(2015, 10, 4), Profile.TSUKUBA)
