"""What the seal registry puts into the resident registry's screens (個別記載: 印鑑資格, 印鑑番号)."""

from __future__ import annotations

from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.systems.residents.interfaces import IndividualEntry, add_individual_entry, add_search_task

from . import register

add_search_task("seal", "印鑑登録", "/seals/persons/")


@add_individual_entry
def seal_of(desk: Desk, person: int) -> IndividualEntry | None:
    """Whether a seal is registered, and its number."""
    if not desk.may(Duty.INQUIRY):
        return None
    with database_roles.as_duty(Duty.INQUIRY):
        registration = register.active(person)
    rows = [("印鑑の登録", "なし" if registration is None else "あり")]
    if registration is not None:
        rows.append(("登録番号", f"{registration.number:08d}"))
        if registration.stopped_on is not None:
            rows.append(("証明書の発行", "停止中"))
    return IndividualEntry("印鑑登録", tuple(rows), f"/seals/persons/{person:015d}")
