"""What other rooms may use of the seal registry: its event, and whether somebody's seal can be certified now."""

from __future__ import annotations

from dataclasses import dataclass

from yakuba.core.findings import Finding
from yakuba.platform.access.desk import Desk
from yakuba.platform.events.registry import declare


@dataclass(frozen=True, slots=True)
class RegistrationChanged:
    """A registration began, ended, stopped or went on: `act` is one of `models.Act`; `is_usable` as it is afterwards."""

    registration: int
    act: str
    is_usable: bool


REGISTRATION_CHANGED = declare(
    "seals:registration:changed",
    RegistrationChanged,
    "印鑑登録の登録・廃止・抹消・回復・発行停止・解除。同じトランザクションで。",
    unheard="convenience keeps its own file of who may be certified and will subscribe when that room exists",
)


@dataclass(frozen=True, slots=True)
class SealState:
    """Whether a person's seal may be certified; `findings` say why not. `registration` is None where there is none."""

    registration: int | None
    findings: tuple[Finding, ...]

    @property
    def is_certifiable(self) -> bool:
        return self.registration is not None and not self.findings


def seal_state(desk: Desk, person: int) -> SealState:
    """For who issues elsewhere (kiosks): asked in the transaction in which the paper is made, and true until its end.

    The desk has taken `Duty.CERTIFICATE`; protection is asked by the caller's own exit.
    """
    from yakuba.systems.residents import interfaces as residents

    from . import certificates, register

    residents.hold([person])
    register.hold_shared(person)
    registration = register.active(person)
    if registration is None:
        return SealState(None, (Finding("SEAL-E-040", "person", "この方には、現在の印鑑登録がありません。", ""),))
    record = residents.persons([person]).get(person)
    findings = (
        *certificates.check_usable(registration, register.valid_card(registration)),
        *certificates.check_record(record, registration, register.added_words(desk.today)),
    )
    return SealState(registration.number, findings)
