"""Seals of a former system, loaded many at once; and those of synthetic people."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.sandbox import seals
from yakuba.sandbox.seal_pictures import draw
from yakuba.systems.seals import rules
from yakuba.systems.seals.loading import FormerSeal, load
from yakuba.systems.seals.models import Card, Registration, SealApplication

pytestmark = pytest.mark.django_db


def former(person: int, text: str, picture: bytes) -> FormerSeal:
    return FormerSeal(
        key=uuid.uuid5(uuid.NAMESPACE_OID, f"{person}"), person=person, version_no=1, picture=picture, engraving_text=text,
        engraving_kind="2", material="1", applicant_name="見本　太郎", registered_on=date(2020, 4, 1), office="100",
    )  # fmt: skip


def test_loaded_once_whole_or_not_at_all(family: Any, make_desk: Any) -> None:
    desk = make_desk({Duty.BULK})
    batch = [former(family[0], "見本", draw("見本", 1)), former(family[1], "花子", draw("花子", 2))]
    assert (load(desk, batch), load(desk, batch)) == (2, 0)
    numbers = [*Registration.objects.values_list("number", flat=True), *Card.objects.values_list("number", flat=True)]
    assert len(set(numbers)) == 4
    assert all(rules.is_number(number) for number in numbers)
    with pytest.raises(Refused):
        load(desk, [former(family[2], "一郎", draw("一郎", 3, side_mm=7.0))])
    assert Registration.objects.count() == 2
    with pytest.raises(AccessDenied):
        load(make_desk({Duty.REGISTRATION}), batch)


def test_synthetic_holders_get_their_seals_once(family: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "SHARE", 1.0)
    assert (seals.draw(1, clock, 1), seals.draw(1, clock, 1)) == (1, 0)
    assert seals.draw(1, clock) == 1, "of the family the adults only"
    assert set(Registration.objects.values_list("person", flat=True)) == set(family[:2])
    texts = set(SealApplication.objects.values_list("engraving_text", flat=True))
    assert texts <= {"見本", "太郎", "花子", "見本太郎", "見本花子"}
