"""What the seal registry does on the register's events: registrations that their holder's record no longer carries end.

Events come in order per person, each with the version that it wrote; a registration that was made on that version or a later
one was checked against it and stays. A delivery that comes twice finds the registration ended, and its step is unique.
"""

from __future__ import annotations

from yakuba.platform.access.desk import system_desk
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import FixedClock
from yakuba.platform.events.registry import Delivered, subscribe
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.systems.residents import interfaces as residents

from . import register, rules
from .models import Act, LapseNotice


@hands_out_nothing("ends registrations; who is to be told waits for a clerk")
@subscribe(residents.RECORD_CHANGED, "seals.lapse")
def lapse(event: Delivered) -> None:
    """End the person's registration where the new version leaves it no ground (職権抹消)."""
    person = event.subject
    assert person is not None
    register.hold(person)
    registration = register.active(person)
    if registration is None or event.payload.after_version <= registration.version_no:
        return
    version = residents.person_at(person, event.payload.after_version)
    if version is None:
        raise LookupError(f"event {event.id} names a version that is not there")
    day = event.legal_date
    reason = rules.lapse(
        is_open=version.is_open,
        status=version.status,
        engraving_text=registration.engraving_text,
        names=register.names_of(version),
        became_ward=version.adult_ward and "adult_ward" in event.payload.changed,
        added_words=register.added_words(max(day, registration.registered_on)),
    )
    if reason is None:
        return
    # An event may hold from before the registration began; a registration doesn't end before it begins.
    ended_on = max(day, registration.registered_on)
    desk = system_desk("seals", set(), FixedClock(event.recorded_at))
    card = register.end(registration, reason, ended_on)
    register.step(
        desk, Act.LAPSED, person=person, registration=registration, card=card, reason=reason.value, on=ended_on,
        event=event.id,
    )  # fmt: skip
    if reason in rules.NOTIFIED:
        LapseNotice.objects.create(
            registration=registration,
            person=person,
            version_no=version.version_no,
            reason=reason.value,
            made_at=event.recorded_at,
        )
    register.announce(desk, registration, Act.LAPSED, ended_on)
    desk.log(Operation.REGISTER, subjects=(person,), target=f"seal:{registration.number:08d}", state="lapsed", reason=reason.value, event=event.id)  # fmt: skip
