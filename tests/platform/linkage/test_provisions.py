"""Law's list: whole, dated, in the numbering of its day."""

from __future__ import annotations

from datetime import date

import pytest

from yakuba.platform.linkage import provisions
from yakuba.platform.linkage.provisions import INSIDE, Flow, Scheme
from yakuba.platform.profiles import Profile

REFORM = date(2024, 5, 27)
"""別表第1 and 別表第2 gave way to 別表 and 主務省令第2条の表."""


def test_every_row_states_to_whom_what_and_by_which_law():
    rows = provisions.written().values()
    assert len(rows) > 300
    assert [row.key for row in rows if not (row.recipient and row.law and row.dataset)] == []
    assert [row.key for row in rows if row.end is not None and row.end <= row.start] == []


def test_an_item_number_counts_in_the_table_of_its_day():
    for row in provisions.written().values():
        if row.scheme is Scheme.SCHEDULE_2:
            assert row.end == REFORM
            assert row.holds_on(date(2024, 5, 26))
            assert not row.holds_on(REFORM)
        if row.scheme in {Scheme.SCHEDULE, Scheme.ORDER_2}:
            assert row.start == REFORM
            assert not row.holds_on(date(2024, 5, 26))


def test_the_registry_provides_sixty_items_by_the_network_under_either_numbering():
    network = [row for row in provisions.of_profile(Profile.KADOMA).values() if row.dataset == "residents"]
    for scheme in (Scheme.ORDER_2, Scheme.SCHEDULE_2):
        assert len([row for row in network if row.scheme is scheme and row.item]) == 60


def test_another_organ_is_a_provision_an_office_of_the_mayor_a_transfer():
    for row in provisions.of_profile(Profile.KADOMA).values():
        if row.office:
            assert row.flow is (Flow.PROVISION if "教育委員会" in row.recipient else Flow.TRANSFER)


def test_an_organisations_own_rows_stand_before_the_laws():
    kadoma, chiba = provisions.of_profile(Profile.KADOMA), provisions.of_profile(Profile.CHIBA)
    assert {row.office for row in kadoma.values() if row.item == "9" and row.scheme is Scheme.SCHEDULE} == {
        "保健福祉部障がい福祉課",
        "こども部保育幼稚園課",
    }
    assert {row.office for row in chiba.values() if row.item == "9" and row.scheme is Scheme.SCHEDULE} == {""}
    assert not [row for row in chiba.values() if row.profile is Profile.KADOMA]


@pytest.mark.parametrize("profile", list(Profile))
def test_what_is_read_in_the_house_has_a_method_of_the_house(profile: Profile):
    inside = [row for row in provisions.of_profile(profile).values() if row.method in INSIDE]
    assert inside
    assert [row.key for row in inside if row.scheme is Scheme.ORDER_2] == []
