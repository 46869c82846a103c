"""From the application to the end of a registration: states, duties, findings, what stands in the history."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.events.models import Event
from yakuba.systems.seals import rules, services
from yakuba.systems.seals.models import (
    Act,
    ApplicationState,
    Card,
    CardState,
    Registration,
    SealApplication,
    Step,
)

pytestmark = pytest.mark.django_db
Form = Callable[..., dict[str, Any]]
Scan = Callable[..., bytes]


def codes(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as refusal:
        act()
    return [finding.code for finding in refusal.value.findings]


def acts(person: int) -> list[str]:
    return list(Step.objects.filter(person=person).order_by("id").values_list("act", flat=True))


# -- registering --------------------------------------------------------------------------------------------------------


@pytest.mark.req("INKAN-001", "INKAN-006")
def test_a_seal_is_registered_by_two_people(
    clerk: Desk, reviewer: Desk, family: Any, seal_form: Form, scan: Scan
) -> None:
    receipt = services.apply(clerk, seal_form(family[0], remark="備考"), scan("見本", 1))
    assert receipt.state is ApplicationState.WAITING
    assert not Registration.objects.exists()
    assert codes(lambda: services.approve(clerk, receipt.application)) == ["SEAL-E-053"]
    registered = services.approve(reviewer, receipt.application)
    row = Registration.objects.get()
    assert rules.is_number(row.number)
    assert (row.number, row.person, row.imprint_sequence, row.former_number) == (registered.number, family[0], 1, None)
    assert (row.engraving_kind, row.engraving_text, row.material) == ("2", "見本", "1")
    assert (row.applicant_kind, row.applicant_name, row.identity_method) == ("1", "見本　太郎", "1")
    assert (row.receiving_office, row.keeping_office, row.remark) == ("100", "100", "備考")
    assert Card.objects.get().number == registered.card != registered.number
    assert acts(family[0]) == ["applied", "registered"]
    assert Entry.objects.filter(
        operation="register", subjects__contains=[family[0]], target__startswith="seal:"
    ).exists()
    assert Event.objects.filter(name="seals:registration:changed", subject=family[0]).count() == 1


@pytest.mark.req("INKAN-001")
def test_abolished_and_registered_again(clerk: Desk, family: Any, register_seal: Any, holder_form: Form) -> None:
    first = register_seal(family[0])
    services.abolish(clerk, holder_form(family[0], reason="02"))
    ended = Registration.objects.get(number=first.number)
    assert (ended.ended_on, ended.end_reason) == (clerk.today, "02")
    assert Card.objects.get(number=first.card).state == CardState.VOID
    second = register_seal(family[0], "太郎", seed=2)
    assert Registration.objects.filter(person=family[0], ended_on=None).count() == 1
    row = Registration.objects.get(number=second.number)
    assert (row.former_number, row.imprint_sequence) == (first.number, 2)
    assert codes(lambda: services.abolish(clerk, holder_form(family[1]))) == ["SEAL-E-040"]


@pytest.mark.req("INKAN-007")
def test_a_changed_seal_is_linked_to_the_former_one(family: Any, register_seal: Any) -> None:
    first = register_seal(family[0])
    second = register_seal(family[0], "見本太郎", seed=5, replaces=True)
    assert second.former_number == first.number
    old, new = Registration.objects.order_by("imprint_sequence")
    assert (old.end_reason, new.imprint_sequence, new.former_number) == ("03", 2, first.number)
    assert Card.objects.get(number=first.card).state == CardState.VOID


@pytest.mark.req("INKAN-001")
def test_one_registration_a_person_also_in_the_database(
    clerk: Desk, family: Any, register_seal: Any, seal_form: Form, scan: Scan
) -> None:
    register_seal(family[0])
    assert (
        codes(lambda: services.apply(clerk, seal_form(family[0]), scan("太郎", 2))) == ["SEAL-E-022", "SEAL-E-047"][1:]
    )
    row = Registration.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.create(
            number=rules.with_check_digit(999), person=family[0], version_no=1, application=row.application,
            imprint=row.imprint, imprint_sequence=9, engraving_text="x", engraving_key="x", engraving_kind="1", material="1",
            applicant_kind="1", applicant_name="x", identity_method="1", receiving_office="", keeping_office="",
            registered_on=clerk.today,
        )  # fmt: skip


def test_every_finding_of_a_form_comes_at_once(clerk: Desk, family: Any, seal_form: Form, scan: Scan) -> None:
    form = seal_form(
        family[0], engraving_text="社長", material="8", applicant_kind="2", applicant_name="", identity_documents=[]
    )
    assert codes(lambda: services.apply(clerk, form, scan("社長", 1, side_mm=27))) == [
        "SEAL-E-012", "SEAL-E-024", "SEAL-E-013", "SEAL-E-014", "SEAL-E-015", "SEAL-E-022", "SEAL-E-031",
    ]  # fmt: skip
    assert not SealApplication.objects.exists()
    assert Entry.objects.filter(operation="file", result="refused", target="apply").exists()


@pytest.mark.req("INKAN-006")
@pytest.mark.parametrize("method", ["", "9", None])
def test_no_registration_without_a_way_of_confirming_identity(
    clerk: Desk, family: Any, seal_form: Form, scan: Scan, method: str | None
) -> None:
    assert "SEAL-E-007" in codes(
        lambda: services.apply(clerk, seal_form(family[0], identity_method=method), scan("見本", 1))
    )


def test_a_child_and_a_stranger_are_refused(
    clerk: Desk, register_form: Any, move_in: Any, person: Any, seal_form: Form, scan: Scan
) -> None:
    numbers = register_form(
        "move_in",
        move_in(
            persons=[
                person(1),
                person(2, name="見本　二葉", name_kana="ミホン　フタバ", birth="2011-11-21", relationship="子"),
            ]
        ),
    )
    assert codes(lambda: services.apply(clerk, seal_form(numbers[1]), scan("見本", 1))) == ["SEAL-E-011"]
    assert codes(lambda: services.apply(clerk, seal_form(123456), scan("見本", 1))) == ["SEAL-E-042"]


def test_the_same_form_twice_is_one_application(clerk: Desk, family: Any, seal_form: Form, scan: Scan) -> None:
    form = seal_form(family[0])
    first = services.apply(clerk, form, scan("見本", 1))
    again = services.apply(clerk, form, scan("見本", 1))
    assert (again.application, again.repeated) == (first.application, True)
    assert codes(lambda: services.apply(clerk, seal_form(family[0]), scan("見本", 1))) == ["SEAL-E-041"]


# -- likeness -----------------------------------------------------------------------------------------------------------


def test_a_seal_belongs_to_one_person_only(
    clerk: Desk, reviewer: Desk, family: Any, register_seal: Any, seal_form: Form, scan: Scan
) -> None:
    register_seal(family[0], seed=1)
    assert codes(lambda: services.apply(clerk, seal_form(family[1]), scan("見本", 1, angle=2.0))) == ["SEAL-E-038"]
    assert codes(lambda: services.apply(clerk, seal_form(family[1]), scan("見本", 1, angle=180.0))) == ["SEAL-E-038"]
    other = services.apply(clerk, seal_form(family[1]), scan("見本", 4, side_mm=18.0))
    services.approve(reviewer, other.application)
    assert Registration.objects.filter(ended_on=None).count() == 2


def test_of_two_applications_with_one_seal_the_second_is_refused(
    clerk: Desk, family: Any, seal_form: Form, scan: Scan
) -> None:
    services.apply(clerk, seal_form(family[0]), scan("見本", 1))
    assert codes(lambda: services.apply(clerk, seal_form(family[1]), scan("見本", 1))) == ["SEAL-E-038"]


def test_a_seal_that_was_given_up_may_be_registered_again(
    clerk: Desk, family: Any, register_seal: Any, holder_form: Form
) -> None:
    register_seal(family[0], seed=1)
    services.abolish(clerk, holder_form(family[0]))
    assert register_seal(family[1], seed=1).former_number is None


# -- by letter, by a guarantor, with a guardian ---------------------------------------------------------------------------


@pytest.mark.req("INKAN-004")
def test_by_letter_in_time(
    clerk: Desk, reviewer: Desk, family: Any, make_desk: Any, clock: Any, seal_form: Form, scan: Scan
) -> None:
    form = seal_form(family[0], applicant_kind="2", applicant_name="見本　代理", attorney_letter="1", identity_method="3", identity_documents=[])  # fmt: skip
    receipt = services.apply(clerk, form, scan("見本", 1))
    row = SealApplication.objects.get()
    assert (row.state, row.inquired_on, row.answer_due_on) == (
        "inquired",
        clerk.today,
        clerk.today + timedelta(days=30),
    )
    assert row.inquiry_number
    assert codes(lambda: services.approve(reviewer, receipt.application)) == ["SEAL-E-057"]
    clock.advance(timedelta(days=30))
    answer = {"answered_on": clerk.today.isoformat(), "identity_documents": ["driving-licence"], "seal_matches": True}
    services.record_answer(clerk, receipt.application, answer)
    services.approve(reviewer, receipt.application)
    assert acts(family[0]) == ["applied", "inquired", "answered", "registered"]


@pytest.mark.req("INKAN-004")
def test_by_letter_too_late(clerk: Desk, reviewer: Desk, family: Any, clock: Any, seal_form: Form, scan: Scan) -> None:
    receipt = services.apply(clerk, seal_form(family[0], identity_method="3"), scan("見本", 1))
    clock.advance(timedelta(days=31))
    answer = {"answered_on": clerk.today.isoformat(), "identity_documents": ["driving-licence"], "seal_matches": True}
    assert codes(lambda: services.record_answer(clerk, receipt.application, answer)) == ["SEAL-E-050"]
    assert services.lapse_unanswered(clerk) == 1
    assert services.lapse_unanswered(clerk) == 0
    assert SealApplication.objects.get().state == "lapsed"
    assert codes(lambda: services.record_answer(clerk, receipt.application, answer)) == ["SEAL-E-057"]
    assert not Registration.objects.exists()


def test_an_answer_is_compared_and_whoever_brings_it_is_known(
    clerk: Desk, family: Any, seal_form: Form, scan: Scan
) -> None:
    receipt = services.apply(clerk, seal_form(family[0], identity_method="3"), scan("見本", 1))
    assert codes(lambda: services.record_answer(clerk, receipt.application, {"answered_on": "2026-11-19"})) == [
        "SEAL-E-051", "SEAL-E-052", "identity-not-verified",
    ]  # fmt: skip


def test_by_a_guarantor_who_has_a_seal_here(
    clerk: Desk, reviewer: Desk, family: Any, register_seal: Any, seal_form: Form, scan: Scan, holder_form: Form
) -> None:
    guarantor = register_seal(family[0])
    form = seal_form(
        family[1], engraving_text="花子", identity_method="2", identity_documents=[], guarantor_number=guarantor.number
    )
    assert codes(lambda: services.apply(clerk, form, scan("花子", 2))) == ["SEAL-E-017"]
    form |= {"guarantor_seal_checked": "1", "guarantor_number": guarantor.number + 1}
    assert codes(lambda: services.apply(clerk, form, scan("花子", 2))) == ["SEAL-E-016", "SEAL-E-019"]
    form |= {"guarantor_number": guarantor.number}
    services.approve(reviewer, services.apply(clerk, form, scan("花子", 2)).application)
    services.abolish(clerk, holder_form(family[0]))
    third = form | {"key": str(uuid.uuid4()), "person": family[2], "engraving_text": "一郎"}
    assert codes(lambda: services.apply(clerk, third, scan("一郎", 3))) == ["SEAL-E-019"]


# -- stop and release -------------------------------------------------------------------------------------------------------


@pytest.mark.req("INKAN-005")
def test_stopped_by_one_and_released_by_another(clerk: Desk, reviewer: Desk, family: Any, register_seal: Any) -> None:
    register_seal(family[0])
    services.stop(clerk, family[0], "2", "盗難の届出")
    row = Registration.objects.get()
    assert (row.stopped_on, row.stop_reason) == (clerk.today, "2")
    assert codes(lambda: services.stop(clerk, family[0], "1")) == ["SEAL-E-060"]
    assert codes(lambda: services.release(clerk, family[0], "発見")) == ["SEAL-E-063"]
    assert codes(lambda: services.release(reviewer, family[0], " ")) == ["SEAL-E-061"]
    services.release(reviewer, family[0], "発見の届出")
    row.refresh_from_db()
    assert (row.stopped_on, row.stop_reason) == (None, "")
    dated = Step.objects.filter(act__in=[Act.STOPPED, Act.RELEASED]).order_by("id")
    assert [(step.act, step.legal_date) for step in dated] == [("stopped", clerk.today), ("released", clerk.today)]
    assert codes(lambda: services.stop(clerk, family[0], "7")) != []


# -- cards ------------------------------------------------------------------------------------------------------------------


def test_a_lost_card_ends_the_registration_by_profile(
    clerk: Desk, family: Any, register_seal: Any, holder_form: Form
) -> None:
    registered = register_seal(family[0])
    assert services.report_card_loss(clerk, holder_form(family[0]))
    assert Card.objects.get(number=registered.card).state == CardState.LOST
    row = Registration.objects.get()
    assert (row.end_reason, row.ended_on) == ("04", clerk.today)


def test_a_damaged_card_is_exchanged(reviewer: Desk, family: Any, register_seal: Any, holder_form: Form) -> None:
    registered = register_seal(family[0])
    assert codes(lambda: services.reissue_card(reviewer, holder_form(family[0]))) == ["SEAL-E-058"]
    number = services.reissue_card(reviewer, holder_form(family[0], card_returned="1"))
    assert number != registered.card
    assert rules.is_number(number)
    assert list(Card.objects.order_by("number").values_list("state", flat=True)) == ["replaced", "valid"]


# -- who may, and what the database refuses ---------------------------------------------------------------------------------


def test_each_act_has_its_duty(
    family: Any, register_seal: Any, make_desk: Any, seal_form: Form, holder_form: Form, scan: Scan
) -> None:
    register_seal(family[0])
    clerk = make_desk({Duty.REGISTRATION, Duty.INQUIRY}, account="uketsuke2")
    waiting = services.apply(clerk, seal_form(family[1], engraving_text="花子"), scan("花子", 2))
    reader = make_desk({Duty.INQUIRY, Duty.CERTIFICATE})
    for desk, act in (
        (reader, lambda desk: services.apply(desk, seal_form(family[1]), scan("花子", 2))),
        (reader, lambda desk: services.abolish(desk, holder_form(family[0]))),
        (reader, lambda desk: services.stop(desk, family[0], "1")),
        (clerk, lambda desk: services.approve(desk, waiting.application)),
        (clerk, lambda desk: services.release(desk, family[0], "理由")),
        (clerk, lambda desk: services.reissue_card(desk, holder_form(family[0]))),
    ):
        with pytest.raises(AccessDenied):
            act(desk)
    assert Entry.objects.filter(result="denied").count() == 6


def test_history_and_what_was_registered_never_change(family: Any, register_seal: Any) -> None:
    register_seal(family[0])
    for statement in (
        "UPDATE seals_step SET comment = 'x'",
        "DELETE FROM seals_step",
        "DELETE FROM seals_imprint",
        "UPDATE seals_imprint SET width_um = 1",
        "UPDATE seals_registration SET engraving_text = 'x'",
        "UPDATE seals_registration SET person = 1",
    ):
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert getattr(refused.value.__cause__, "sqlstate", "") == "23001", statement
