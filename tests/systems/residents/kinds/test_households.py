"""世帯: splitting, merging and changing households, and 続柄 of foreign residents."""

from __future__ import annotations

import pytest

from yakuba.systems.residents import enquiries
from yakuba.systems.residents.models import Filing

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(register_form, move_in) -> tuple[int, ...]:
    return register_form("move_in", move_in(moved_on="2026-11-10"))


@pytest.mark.req("RES-007", "RES-076")
def test_a_household_splits_and_merges_again(register_form, common, family, current, refused, cancel):
    head, wife, child = family
    home = current(head).household_number
    form = common(changed_on="2026-11-15", persons=[child])
    assert refused("household_split", {**form, "persons": list(family)}) == {"RES-E-121"}
    register_form("household_split", form)
    new = current(child)
    assert (new.reason, new.relationship, new.householder_name) == ("310", "世帯主", "見本　一郎")
    assert new.household_number != home
    assert (new.address_banchi, new.address_since.stored) == ("１番１号", "2026-11-10"), "nobody moved"
    assert [member.person_id for member in enquiries.members(home)] == [head, wife]
    row = Filing.objects.get(kind="household_split")
    assert row.base_versions == {f"{child:015d}": 1}

    merge = common(
        changed_on="2026-11-18", persons=[child], household_number=home, relationships={f"{child:015d}": "子"}
    )
    assert refused("household_transfer", merge) == {"RES-E-123"}, "all of a household join: 合併"
    register_form("household_merge", merge)
    assert (current(child).reason, current(child).household_number, current(child).relationship) == ("311", home, "子")
    assert current(child).householder_name == "見本　太郎"
    assert enquiries.members(new.household_number) == ()
    cancel()
    assert (current(child).household_number, current(child).relationship) == (new.household_number, "世帯主")


@pytest.mark.req("RES-007", "RES-076")
def test_some_members_change_to_another_household(register_form, common, family, move_in, person, current, refused):
    head, wife, child = family
    (other,) = register_form("move_in", move_in(moved_on="2026-11-12", persons=[person(11, name="手本　四郎", name_kana="テホン　シロウ", register_head="手本　四郎")]))  # fmt: skip
    target = current(other).household_number
    form = common(changed_on="2026-11-15", persons=[head], household_number=target,
                  relationships={f"{head:015d}": "縁故者", f"{child:015d}": "子"})  # fmt: skip
    assert refused("household_transfer", form) == {"RES-E-090"}, "who becomes householder of those who stay?"
    register_form("household_transfer", form | {"householder_after": wife})
    assert (current(head).reason, current(head).householder_name) == ("312", "手本　四郎")
    assert (current(wife).relationship, current(child).householder_name) == ("世帯主", "見本　花子")
    assert refused("household_transfer", common(changed_on="2026-11-16", persons=[wife], household_number=target,
        householder_after=child, relationships={f"{wife:015d}": "世帯主"})) == {"RES-E-076"}  # fmt: skip


def test_another_address_is_no_change_of_household(
    register_form, common, family, move_in, person, town_codes, current, refused
):
    (other,) = register_form("move_in", move_in(
        moved_on="2026-11-12", address={"code": town_codes[1], "banchi": "９番"},
        persons=[person(11, name="手本　四郎", name_kana="テホン　シロウ", register_head="手本　四郎")]))  # fmt: skip
    form = common(changed_on="2026-11-15", persons=[family[2]], household_number=current(other).household_number,
                  relationships={f"{family[2]:015d}": "縁故者"})  # fmt: skip
    assert refused("household_transfer", form) == {"RES-E-122"}
    assert refused("household_transfer", form | {"household_number": current(family[0]).household_number}) == {
        "RES-E-096"
    }
    assert "RES-E-075" in refused("household_transfer", form | {"household_number": 5})


def test_a_foreign_residents_relationship(register_form, common, move_in, foreigner, current, refused, family):
    numbers = register_form("move_in", move_in(
        moved_on="2026-11-11",
        persons=[foreigner(21), foreigner(22, name_latin="MIHON MARY", sex="2", relationship="同居人", residence_card="AA00000000AB")]))  # fmt: skip
    head, partner = numbers
    form = common(person=partner, changed_on="2026-11-18", relationship="妻")
    assert refused("relationship_change", form | {"person": head}) == {"RES-E-124"}
    assert refused("relationship_change", form | {"person": family[1]}) == {"RES-E-033"}
    assert refused("relationship_change", form | {"relationship": "同居人"}) == {"RES-E-171"}
    register_form("relationship_change", form)
    assert (current(partner).reason, current(partner).relationship) == ("312", "妻")


def test_a_cancelled_act_never_leaves_two_householders(register_form, common, family, office, current, person, refused):
    """The head dies, the wife follows him, a child is born to her household, and then the death proves wrong."""
    head, wife, child = family
    register_form("death", common(person=head, died_on="2026-11-12", householder_after=wife,
                                  relationships={f"{child:015d}": "子"}))  # fmt: skip
    death = Filing.objects.get(kind="death").pk
    (baby,) = register_form("birth", common(household_number=current(wife).household_number, child={
        "name": "見本　さくら", "name_kana": "ミホン　サクラ", "birth": "2026-11-14", "sex": "2", "relationship": "子",
        "domicile": {"town": "大阪府見本市中央", "banchi": "１番"}, "register_head": "見本　太郎"}))  # fmt: skip
    assert current(baby).householder_name == "見本　花子"
    register_form("cancellation", office(filing=death, ground="死亡の届出の誤り"))
    assert current(head).relationship == "世帯主"
    assert {current(number).householder_name for number in (head, wife, child, baby)} == {"見本　太郎"}
