"""Seals that were registered before this house (移行), many at once: each with its imprint, application, registration and card.

What is loaded was checked where it was registered. Here it is measured, and refused where the database's own rules are broken.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from . import imprints, register, rules
from .models import Act, ApplicationState, Card, Imprint, Registration, SealApplication, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSeal:
    """One registration as another system kept it."""

    key: uuid.UUID
    person: int
    version_no: int
    picture: bytes
    engraving_text: str
    engraving_kind: str
    material: str
    applicant_name: str
    registered_on: date
    office: str


@use_case(Operation.IMPORT)
def load(desk: Desk, seals: Sequence[FormerSeal]) -> int:
    """Load registrations; those that are there already (by `key`) are left out. How many were new.

    Raises Refused for a scan that can't be measured: nothing of the batch is loaded then.
    """
    desk.require(Duty.BULK)
    there = set(SealApplication.objects.filter(key__in=[seal.key for seal in seals]).values_list("key", flat=True))
    new = [seal for seal in seals if seal.key not in there]
    if not new:
        return 0
    measured = [_measured(seal) for seal in new]
    pictures = Imprint.objects.bulk_create(
        Imprint(
            picture=imprint.picture,
            picture_width_um=imprint.picture_width_um,
            picture_height_um=imprint.picture_height_um,
            width_um=imprint.width_um,
            height_um=imprint.height_um,
            fingerprint=imprint.fingerprint,
            content_hash=hashlib.sha256(imprint.picture).hexdigest(),
            taken_at=desk.now,
        )
        for imprint in measured
    )
    applications = SealApplication.objects.bulk_create(
        SealApplication(
            key=seal.key, person=seal.person, version_no=seal.version_no, state=ApplicationState.REGISTERED.value,
            imprint=picture, engraving_text=seal.engraving_text, engraving_key=rules.engraving_key(seal.engraving_text),
            engraving_kind=seal.engraving_kind, material=seal.material, applicant_kind=rules.Applicant.SELF.value,
            applicant_name=seal.applicant_name, attorney_letter=False, with_guardian=False,
            identity_method=rules.IdentityMethod.DOCUMENT.value, replaces=False, received_on=seal.registered_on,
            created_at=desk.now, account=desk.account, office=seal.office, terminal=desk.terminal,
            closed_at=datetime.combine(seal.registered_on, time(12), JAPAN), reviewer=desk.account,
        )
        for seal, picture in zip(new, pictures, strict=True)
    )  # fmt: skip
    registrations = Registration.objects.bulk_create(
        Registration(
            number=number, person=row.person, version_no=row.version_no, application=row, imprint=row.imprint,
            imprint_sequence=1, engraving_text=row.engraving_text, engraving_key=row.engraving_key,
            engraving_kind=row.engraving_kind, material=row.material, applicant_kind=row.applicant_kind,
            applicant_name=row.applicant_name, identity_method=row.identity_method, receiving_office=row.office,
            keeping_office=row.office, registered_on=row.received_on,
        )
        for row, number in zip(applications, register.next_numbers(len(new)), strict=True)
    )  # fmt: skip
    cards = Card.objects.bulk_create(
        Card(number=number, registration=row, issued_on=row.registered_on)
        for row, number in zip(registrations, register.next_numbers(len(new)), strict=True)
    )
    Step.objects.bulk_create(
        Step(
            person=row.person, application=row.application, registration=row, card=card.number, act=Act.REGISTERED.value,
            legal_date=row.registered_on, comment="移行", at=desk.now, account=desk.account, terminal=desk.terminal,
        )
        for row, card in zip(registrations, cards, strict=True)
    )  # fmt: skip
    desk.log(
        Operation.IMPORT, subjects=tuple(row.person for row in registrations), target="seals", count=len(registrations)
    )
    return len(registrations)


def _measured(seal: FormerSeal) -> imprints.Imprint:
    imprint, findings = imprints.measure(seal.picture)
    if imprint is None:
        raise Refused(findings)
    return imprint
