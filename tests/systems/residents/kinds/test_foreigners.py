"""外国人住民 (法30条の45〜50) and the change of nationality."""

from __future__ import annotations

from datetime import date

import pytest

from yakuba.systems.residents.models import Resident, ResidentVersion

from ..conftest import individual_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def settles(common, foreigner, town_codes):
    def make(**more):
        persons = [foreigner(1, resident_code=None)]
        return (
            common(settled_on="2026-11-19", address={"code": town_codes[0], "banchi": "７番"}, persons=persons) | more
        )

    return make


@pytest.mark.req("RES-002")
def test_a_mid_to_long_term_resident_settles(register_form, settles, person, current, refused):
    assert "RES-E-067" in refused("foreigner_settles", settles(persons=[person(2, resident_code=None)]))
    (number,) = register_form("foreigner_settles", settles())
    version = current(number)
    assert (version.reason, version.previous_town, version.resident_code is not None) == ("102", None, True)
    assert version.foreign_resident_since.stored == version.resident_since.stored == "2026-11-19"
    assert version.foreign_resident_since_reason == "102"


def test_somebody_who_lives_here_becomes_a_foreign_resident(register_form, settles, current, refused):
    form = settles()
    form["qualified_on"] = form.pop("settled_on")
    assert refused("foreigner_qualifies", form | {"living_since": "2026-11-20"}) == {"RES-E-066"}
    (number,) = register_form("foreigner_qualifies", form | {"living_since": "2026-10-01"})
    version = current(number)
    assert (version.address_since.stored, version.foreign_resident_since.stored) == ("2026-10-01", "2026-11-19")


@pytest.mark.req("RES-065")
@pytest.mark.parametrize(
    ("items", "code"),
    [
        ({"residence_card": ""}, "RES-E-063"),
        ({"article_30_45": "2", "residence_card": "", "residence_status": "", "residence_period": ""}, "RES-E-063"),
        ({"article_30_45": "3", "residence_status": "", "residence_period": ""}, "RES-E-064"),
        ({"article_30_45": "4", "residence_status": "", "residence_period": ""}, "RES-E-064"),
        ({"article_30_45": "2"}, "RES-E-065"),
        ({"article_30_45": "9"}, "code-unknown"),
        ({"nationality": ""}, "RES-E-051"),
        ({"residence_until": "2026-11-01"}, "RES-W-065"),
    ],
)
def test_each_class_of_article_30_45_has_its_items(settles, foreigner, refused, items, code):
    assert code in refused("foreigner_settles", settles(persons=[foreigner(1, resident_code=None) | items]))


def test_every_class_can_be_registered(register_form, settles, foreigner, current):
    bare = {"residence_status": "", "residence_period": "", "residence_until": None, "residence_card": ""}
    for serial, (kind, more) in enumerate({
        "1": {}, "2": {**bare, "residence_card": "BB00000000AA"}, "3": {**bare, "landing_until": "2027-01-10"},
        "4": {**bare, "landing_until": "2027-01-10"}, "5": bare, "6": bare,
    }.items()):  # fmt: skip
        entry = (
            foreigner(40 + serial, resident_code=None, name_latin=f"MIHON {'ABCDEF'[serial]}", article_30_45=kind)
            | more
        )
        if entry["residence_card"]:
            entry["residence_card"] = f"CC0000000{serial}AA"
        (number,) = register_form("foreigner_settles", settles(persons=[entry]))
        assert current(number).article_30_45 == kind


def test_a_notice_of_the_immigration_agency(register_form, settles, office, current, refused):
    (number,) = register_form("foreigner_settles", settles())
    notice = {"key": office()["key"], "person": number, "effective_on": "2026-11-20"}
    assert refused("residence_update", notice) == {"RES-E-170"}
    assert "code-unknown" in refused("residence_update", notice | {"residence_status": "9999"})
    register_form("residence_update", notice | {"residence_until": "2031-11-20", "residence_card": "DD00000000AA"})
    version = current(number)
    assert (version.reason, version.residence_until, version.residence_card) == (
        "303",
        date(2031, 11, 20),
        "DD00000000AA",
    )
    assert version.residence_status == "1211", "what the notice doesn't state stays"
    # Another class: what only the former one has is gone.
    special = {**notice, "key": office()["key"], "article_30_45": "2"}
    assert refused("residence_update", special) == {"RES-E-063"}
    register_form("residence_update", special | {"residence_card": "EE00000000AA"})
    version = current(number)
    assert (version.article_30_45, version.residence_status, version.residence_until) == ("2", None, None)


def japanese(common, number: int, **more):
    return common(person=number, acquired_on="2026-11-18", name="見本　譲二", name_kana="ミホン　ジョウジ",
                  domicile={"town": "大阪府見本市中央", "banchi": "２番"}, register_head="見本　譲二", **more)  # fmt: skip


@pytest.mark.req("RES-002", "RES-010")
@pytest.mark.parametrize("kind", ["naturalization", "nationality_acquisition"])
def test_who_becomes_japanese_keeps_every_number(
    register_form, move_in, foreigner, common, current, refused, cancel, kind
):
    (number,) = register_form("move_in", move_in(moved_on="2026-11-10", persons=[
        foreigner(51, individual_number=individual_number(51), alias="見本　譲二", alias_kana="ミホン　ジョウジ")]))  # fmt: skip
    before = current(number)
    form = japanese(common, number)
    assert refused(kind, form | {"name": "MIHON JOHN"}) >= {"name-latin"}
    assert refused(kind, form | {"register_head": ""}) == {"RES-E-053"}
    register_form(kind, form)
    closed, opened = ResidentVersion.objects.filter(person=number, version_no__gt=1).order_by("version_no")
    assert (closed.reason, closed.effect, closed.status, closed.closing_ground) == ("204", "closing", "6", "2")
    assert (closed.resident_kind, closed.nationality) == ("2", "USA")
    assert (opened.reason, opened.effect, opened.status, opened.closing_reason) == ("104", "entry", "1", None)
    kept = ("resident_code", "individual_number", "household_number", "address_since", "resident_since")
    assert [getattr(opened, name) for name in kept] == [getattr(before, name) for name in kept]
    assert opened.record_number not in (None, before.record_number)
    gone = ("nationality", "article_30_45", "residence_card", "residence_until", "name_latin", "alias",
            "foreign_resident_since")  # fmt: skip
    assert {getattr(opened, name) for name in gone} == {None}
    assert (opened.name, opened.householder_name, opened.domicile_banchi) == ("見本　譲二", "見本　譲二", "２番")
    assert Resident.objects.get(pk=number).is_open
    assert refused(kind, japanese(common, number)) == {"RES-E-033"}
    cancel()
    assert (current(number).resident_kind, current(number).alias) == ("2", "見本　譲二")
    assert current(number).record_number == before.record_number


@pytest.mark.req("RES-011")
def test_who_loses_nationality_and_stays_gets_a_foreign_record(
    register_form, move_in, person, common, current, refused
):
    (number,) = register_form("move_in", move_in(moved_on="2026-08-10", confirmed=["RES-W-020"], persons=[person(61)]))
    before = current(number)
    form = common(person=number, lost_on="2026-11-01", name_latin="MIHON TARO", nationality="USA")
    assert refused("nationality_loss", form | {"name_latin": "", "nationality": ""}) == {"RES-E-051"}
    late = refused("nationality_loss", form | {"lost_on": "2026-09-01"})
    assert late == {"RES-E-199"}, "sixty days of passage are over"
    register_form("nationality_loss", form)
    closed, opened = ResidentVersion.objects.filter(person=number, version_no__gt=1).order_by("version_no")
    assert (closed.reason, closed.status, closed.closing_ground) == ("205", "6", "2")
    assert (opened.reason, opened.resident_kind, opened.article_30_45) == ("105", "2", "6")
    assert (opened.register_head, opened.domicile_town) == (None, None)
    assert opened.foreign_resident_since.stored == "2026-11-01"
    assert (opened.resident_code, opened.resident_since) == (before.resident_code, before.resident_since)


@pytest.mark.req("RES-004", "RES-011")
def test_who_loses_nationality_and_lives_abroad_is_closed_alone(register_form, move_in, common, current, refused):
    head, wife, child = register_form("move_in", move_in(moved_on="2026-11-06"))
    form = common(person=head, lost_on="2026-11-10", stays="0")
    assert refused("nationality_loss", form) == {"RES-E-090"}
    register_form("nationality_loss", form | {"householder_after": wife, "relationships": {f"{child:015d}": "子"}})
    assert (current(head).status, current(head).closing_reason) == ("6", "205")
    assert [Resident.objects.get(pk=number).is_open for number in (head, wife, child)] == [False, True, True]
