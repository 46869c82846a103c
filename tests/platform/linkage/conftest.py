"""A house with three offices: the registry's (100), a using one (300) and information management (200)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import services as approvals
from yakuba.platform.linkage import applications, views
from yakuba.platform.linkage.applications import Use
from yakuba.platform.linkage.models import Grant, Role
from yakuba.platform.linkage.provisions import Method
from yakuba.platform.linkage.views import LinkView
from yakuba.platform.protection.policy import Concealed

PROVISION = "kadoma:residents:t:schedule:9"
"""障がい福祉課: 児童福祉法の障害児通所給付等."""

PEOPLE = {
    1: {"name": "見本　一", "town": "見本町一", "sex": "1"},
    2: {"name": "見本　二", "town": "見本町二", "sex": "2"},
    3: {"name": "見本　三", "town": "見本町三", "sex": "1"},
}


def _read(subjects: Any, items: Any) -> dict[int, dict[str, str]]:
    return {number: {item: PEOPLE[number][item] for item in items} for number in subjects if number in PEOPLE}


@pytest.fixture
def view() -> Iterator[LinkView]:
    """A small view of the registry's, of three persons."""
    registered = views.register(
        LinkView(
            name="sample:people",
            title="見本の人",
            system="residents",
            dataset="residents",
            items={"name": "氏名", "town": "町名", "sex": "性別"},
            read=_read,
            reveals={"town": Concealed.ADDRESS},
        )
    )
    yield registered
    views._views.pop("sample:people")


@pytest.fixture
def clerk(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return replace(make_desk({Duty.LINKAGE}, account="fukushi1"), office="300")


@pytest.fixture
def owner(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1")


@pytest.fixture
def information(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return replace(make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1"), office="200")


@pytest.fixture
def house(town: None, view: LinkView, information: Desk) -> LinkView:
    """Offices are named: 100 owns the view, 300 is the recipient of `PROVISION`."""
    Office.objects.bulk_create([Office(code="200", name="情報政策課"), Office(code="300", name="障がい福祉課")])
    applications.assign(information, Role.OWNER, view.name, "100", date(2026, 4, 1))
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", date(2026, 4, 1))
    return view


def use(**more: Any) -> Use:
    return Use(
        **{
            "view": "sample:people",
            "items": ("name", "town"),
            "provision": PROVISION,
            "system": "welfare",
            "purpose": "障害児通所給付の支給決定のため",
            "method": Method.IN_HOUSE,
            "start": date(2026, 11, 20),
            "end": date(2027, 3, 31),
            **more,
        }
    )


@pytest.fixture
def granted(house: LinkView, clerk: Desk, owner: Desk, information: Desk) -> Callable[..., Grant]:
    """Apply for `use(**more)`, decide both steps: the grant."""

    def run(**more: Any) -> Grant:
        application = applications.apply_for(clerk, use(**more))
        approvals.decide(owner, application.pk, grant=True)
        approvals.decide(information, application.pk, grant=True)
        return Grant.objects.get(application=application)

    return run
