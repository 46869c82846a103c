"""The seal register itself: locks, numbers, reading, and the only writers of registrations, their ends and their steps."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import QuerySet

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.events.outbox import Publication, publish
from yakuba.systems.residents.interfaces import RegisteredPerson

from . import rules
from .interfaces import REGISTRATION_CHANGED, RegistrationChanged
from .models import Act, Card, CardState, Registration, SealApplication, Step
from .retention import SETTINGS
from .rules import EndReason


def hold(person: int) -> None:
    """Until the transaction ends, nobody else changes this person's seal, and no certificate of it is made."""
    _lock("pg_advisory_xact_lock", person)


def hold_shared(person: int) -> None:
    """For who certifies: whoever changes the seal just now is waited for, and then waits."""
    _lock("pg_advisory_xact_lock_shared", person)


def _lock(function: str, person: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended('seals:' || %s, 0))", [str(person)])


def names_of(person: RegisteredPerson) -> rules.Names:
    return rules.Names(
        name=person.name,
        kana=person.name_kana,
        latin=person.name_latin,
        former_surname=person.former_surname,
        alias=person.alias,
        is_foreign=person.is_foreign,
    )


def added_words(day: date) -> list[str]:
    return SETTINGS.value("added_words", list, on=day)


def active(person: int) -> Registration | None:
    """The registration that hasn't ended, stopped or not."""
    return Registration.objects.filter(person=person, ended_on=None).first()


def require_active(person: int) -> Registration:
    """Raises Refused where there is none."""
    found = active(person)
    if found is None:
        raise Refused(
            [
                Finding(
                    "SEAL-E-040",
                    "person",
                    "この方には、現在の印鑑登録がありません。",
                    "経過を確かめ、必要なときは新しく登録してください。",
                )
            ]
        )
    return found


def valid_card(registration: Registration) -> Card | None:
    card: Card | None = registration.cards.filter(state=CardState.VALID).first()
    return card


def next_numbers(count: int = 1) -> list[int]:
    """Fresh numbers, of one series for 登録番号 and 登録証の番号: what a clerk types means one thing only.

    Numbers of a transaction that rolls back are never used again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('seals_registration_serial') FROM generate_series(1, %s)", [count])
        return [rules.with_check_digit(serial) for (serial,) in cursor.fetchall()]


def new_card(registration: Registration, day: date) -> Card:
    return Card.objects.create(number=next_numbers()[0], registration=registration, issued_on=day)


def end(
    registration: Registration, reason: EndReason, day: date, card_state: CardState = CardState.VOID
) -> Card | None:
    """End a registration and its card; the card that it had."""
    Registration.objects.filter(pk=registration.pk).update(ended_on=day, end_reason=reason.value)
    registration.ended_on, registration.end_reason = day, reason.value
    card = valid_card(registration)
    if card is not None:
        close_card(card, card_state, day)
    return card


def close_card(card: Card, state: CardState, day: date) -> None:
    Card.objects.filter(pk=card.pk).update(state=state.value, closed_on=day)


def step(
    desk: Desk,
    act: Act,
    *,
    person: int,
    application: SealApplication | None = None,
    registration: Registration | None = None,
    card: Card | None = None,
    reason: str = "",
    comment: str = "",
    on: date | None = None,
    event: int | None = None,
) -> Step:
    """Write what was done into the history."""
    return Step.objects.create(
        person=person,
        application=application,
        registration=registration,
        card=None if card is None else card.number,
        act=act.value,
        legal_date=on or desk.today,
        reason=reason,
        comment=comment,
        at=desk.now,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        event=event,
    )


def announce(desk: Desk, registration: Registration, act: Act, on: date | None = None) -> None:
    """Tell other rooms."""
    is_usable = registration.ended_on is None and registration.stopped_on is None
    payload = RegistrationChanged(registration.number, act.value, is_usable)
    publish(desk, [Publication(REGISTRATION_CHANGED, registration.person, on or desk.today, payload)])


def history(person: int) -> QuerySet[Step]:
    return Step.objects.filter(person=person).order_by("-id")
