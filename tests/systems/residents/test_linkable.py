"""The register read by another office, from the application to the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import services as approvals
from yakuba.platform.linkage import applications, reading
from yakuba.platform.linkage.applications import Use
from yakuba.platform.linkage.models import Grant, Role
from yakuba.platform.linkage.provisions import Method
from yakuba.platform.linkage.reading import LinkageDenied
from yakuba.platform.linkage.views import LinkView
from yakuba.systems.residents import linkable

PROVISION = "kadoma:residents:t:schedule:23"
Ask = Callable[..., reading.Reading]


@pytest.fixture
def ask(town: None, make_desk: Callable[..., Any]) -> Ask:
    """`ask(view, persons, *items)`: 保護課 reads by a grant for all items of the view, through every step."""
    Office.objects.bulk_create([Office(code="200", name="情報政策課"), Office(code="300", name="保護課")])
    clerk = replace(make_desk({Duty.LINKAGE}, account="hogo1"), office="300")
    owner = make_desk({Duty.APPROVAL}, account="kacho1")
    information = replace(make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1"), office="200")
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", date(2026, 4, 1))

    def run(view: LinkView, persons: tuple[int, ...], *items: str) -> reading.Reading:
        applications.assign(information, Role.OWNER, view.name, "100", date(2026, 4, 1))
        wanted = Use(
            view=view.name,
            items=tuple(view.items),
            provision=PROVISION,
            system="welfare",
            purpose="保護の決定のため",
            method=Method.IN_HOUSE,
            start=clerk.today,
            end=date(2027, 3, 31),
        )
        application = applications.apply_for(clerk, wanted)
        approvals.decide(owner, application.pk, grant=True)
        approvals.decide(information, application.pk, grant=True)
        grant = Grant.objects.get(application=application)
        return reading.read(clerk, grant.pk, view.name, persons, items, system="welfare", case="保護R8-1")

    return run


@pytest.fixture
def family(register_form: Callable[..., tuple[int, ...]], move_in: Callable[..., Any]) -> tuple[int, ...]:
    return register_form("move_in", move_in())


@pytest.mark.req("ATENA-015")
def test_the_four_items_of_a_family(ask: Ask, family: tuple[int, ...]):
    got = ask(linkable.BASIC, family, "name", "birth", "sex", "address_town", "address_banchi")
    assert [got.rows[person]["name"] for person in family] == ["見本　太郎", "見本　花子", "見本　一郎"]
    assert [got.rows[person]["birth"] for person in family] == ["1980-04-12", "1982-03-01", "2010-05-05"]
    assert {got.rows[person]["address_banchi"] for person in family} == {"１番１号"}
    assert all(len(row) == 5 for row in got.rows.values())


def test_the_household_of_a_family(ask: Ask, family: tuple[int, ...]):
    got = ask(linkable.HOUSEHOLD, family, "household_number", "relationship", "householder_name")
    assert [got.rows[person]["relationship"] for person in family] == ["世帯主", "妻", "子"]
    assert len({got.rows[person]["household_number"] for person in family}) == 1


@pytest.mark.parametrize("view", [linkable.BASIC, linkable.ADDRESS, linkable.HOUSEHOLD], ids=lambda view: view.name)
def test_no_view_has_a_number_or_a_remark_to_give(view: LinkView, ask: Ask, family: tuple[int, ...]):
    assert not {"individual_number", "resident_code", "remark"} & set(view.items)
    with pytest.raises(LinkageDenied, match="LNK-E-208"):
        ask(view, family, "remark")


def test_unknown_persons_are_not_told_apart(ask: Ask, family: tuple[int, ...]):
    got = ask(linkable.ADDRESS, (999_999_999_999_999,), "address_town")
    assert got.rows == {}
