"""What the register tells inspections of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yakuba.platform.audit import monitoring
from yakuba.systems.residents import enquiries, services
from yakuba.systems.residents.monitoring import faces


def test_names_households_and_addresses_of_current_records(town: None, make_desk: Callable[..., Any], move_in: Any):
    filed = services.file(make_desk(account="x"), "move_in", move_in())
    receipt = services.approve(make_desk(account="shinsa1"), filed.filing)
    version = enquiries.by_numbers(receipt.persons)[0]
    face = faces([version.person_id, 404])[version.person_id]
    assert (face.name, face.household) == (version.name, version.household_number)
    assert face.address
    assert face.address == f"{version.address_town}{version.address_banchi}"
    assert monitoring.register_faces(faces) is faces, "once is enough"
