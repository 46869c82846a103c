"""Registrations end with the record on which they rest: by the register's events, once, in order, with a notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from yakuba.core.findings import Findings, Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.rights import Task
from yakuba.platform.audit.models import Entry
from yakuba.platform.events.models import Delivery, Event
from yakuba.platform.events.outbox import dispatch, open_failures
from yakuba.systems.residents import planning
from yakuba.systems.residents import register as residents_register
from yakuba.systems.residents.models import Filing
from yakuba.systems.residents.reasons import Reason
from yakuba.systems.seals import services
from yakuba.systems.seals.models import Card, CardState, LapseNotice, Registration, Step

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliver(clock: Any) -> Callable[[], None]:
    def run() -> None:
        while dispatch(clock):
            pass
        assert [d.error for d in open_failures()] == []
        assert [d.error for d in Delivery.objects.filter(done_at=None)] == []

    return run


@pytest.fixture
def change(reviewer: Desk) -> Callable[..., None]:
    """Write a version of a person's record with other items, as a filing of the registry would."""

    def run(person: int, **items: Any) -> None:
        (version,) = residents_register.current_versions([person])
        changed = planning.Change(
            person=person,
            reason=Reason.EX_OFFICIO_CHANGE,
            valid_from=reviewer.today,
            items={**version.items(), **items},
        )
        with transaction.atomic():
            residents_register.write(reviewer, planning.Plan([changed], Findings()))

    return run


@pytest.mark.req("INKAN-003")
def test_another_name_ends_it_and_the_person_is_told(
    family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    registered = register_seal(family[1])
    deliver()
    change(family[1], name="佐藤　花子", name_kana="サトウ　ハナコ")
    deliver()
    row = Registration.objects.get(number=registered.number)
    assert row.end_reason == "13"
    assert Card.objects.get().state == CardState.VOID
    notice = LapseNotice.objects.get()
    assert (notice.person, notice.reason, notice.printed_at) == (family[1], "13", None)
    lapsed = Step.objects.get(act="lapsed")
    assert (lapsed.account, lapsed.card) == ("system:seals", registered.card)
    assert Event.objects.get(pk=lapsed.event).subject == family[1]
    assert Entry.objects.filter(account="system:seals", subjects__contains=[family[1]]).exists()


@pytest.mark.req("INKAN-003")
def test_another_address_and_a_name_that_the_seal_still_shows_end_nothing(
    register_form: Any, common: Any, town_codes: Any, family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    register_seal(family[0])
    register_seal(family[1], "花子", seed=2)
    register_form(
        "move_within",
        common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"}),
    )
    change(family[1], name="佐藤　花子", name_kana="サトウ　ハナコ")
    deliver()
    assert Registration.objects.filter(ended_on=None).count() == 2
    assert not LapseNotice.objects.exists()


def test_the_former_surname_keeps_a_seal_and_its_removal_ends_it(
    family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    register_seal(family[1])
    change(
        family[1], name="佐藤　花子", name_kana="サトウ　ハナコ", former_surname="見本", former_surname_kana="ミホン"
    )
    deliver()
    assert Registration.objects.filter(ended_on=None).exists()
    change(family[1], former_surname=None, former_surname_kana=None)
    deliver()
    assert Registration.objects.get().end_reason == "13"


def test_guardianship_that_begins_ends_it(family: Any, register_seal: Any, change: Any, deliver: Any, reviewer: Desk, clerk: Desk, seal_form: Any, scan: Any) -> None:  # fmt: skip
    register_seal(family[0])
    change(family[0], adult_ward=True)
    deliver()
    assert Registration.objects.get().end_reason == "14"
    assert LapseNotice.objects.count() == 1
    with pytest.raises(Refused) as refusal:
        services.apply(clerk, seal_form(family[0]), scan("見本", 1))
    assert [finding.code for finding in refusal.value.findings] == ["SEAL-E-018"]
    receipt = services.apply(clerk, seal_form(family[0], with_guardian="1"), scan("見本", 1))
    services.approve(reviewer, receipt.application)
    change(family[0], remark="備考")
    deliver()
    assert Registration.objects.filter(ended_on=None).count() == 1, "it was registered knowing of the guardian"


@pytest.mark.req("INKAN-009")
def test_death_and_moving_out_end_it(
    register_form: Any, common: Any, family: Any, register_seal: Any, deliver: Any
) -> None:
    first, second = register_seal(family[1], "花子"), register_seal(family[2], "一郎", seed=2)
    register_form("death", common(person=family[1], notifier_kind="2", died_on="2026-11-19"))
    register_form(
        "move_out", common(planned_on="2026-11-20", persons=[family[2]], destination={"town": "京都府見本市"})
    )
    deliver()
    dead, gone = (Registration.objects.get(number=seal.number) for seal in (first, second))
    assert (dead.end_reason, dead.ended_on.isoformat()) == ("12", "2026-11-20"), "it doesn't end before it began"
    assert (gone.end_reason, gone.ended_on.isoformat()) == ("11", "2026-11-20")
    assert not LapseNotice.objects.exists()


def test_a_cancelled_event_lets_a_registration_go_on_with_its_card(
    register_form: Any,
    common: Any,
    family: Any,
    register_seal: Any,
    deliver: Any,
    reviewer: Desk,
    clerk: Desk,
    holder_form: Any,
) -> None:
    seal = register_seal(family[1], "花子")
    register_form(
        "move_out", common(planned_on="2026-11-20", persons=[family[1]], destination={"town": "京都府見本市"})
    )
    deliver()

    def codes() -> list[str]:
        with pytest.raises(Refused) as refusal:
            services.restore(reviewer, seal.number, "転出の取消し")
        return [finding.code for finding in refusal.value.findings]

    assert codes() == ["SEAL-E-043"]
    filing = Filing.objects.get(kind="move_out")
    register_form("cancellation", {"key": common()["key"], "filing": filing.pk, "ground": "届出人の申出"})
    deliver()
    assert Registration.objects.get().ended_on is not None, "not by itself: somebody looks at it"
    services.restore(reviewer, seal.number, "転出の取消し")
    assert Registration.objects.get().ended_on is None
    assert Card.objects.get().state == CardState.VALID
    services.abolish(clerk, holder_form(family[1]))
    with pytest.raises(Refused) as refusal:
        services.restore(reviewer, seal.number, "廃止の取消し")
    assert [finding.code for finding in refusal.value.findings] == ["SEAL-E-066"], "what the holder ended stays ended"


def test_a_delivery_that_comes_twice_changes_nothing(
    family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    register_seal(family[1])
    change(family[1], name="佐藤　花子", name_kana="サトウ　ハナコ")
    deliver()
    before = (Step.objects.count(), Event.objects.count())
    Delivery.objects.filter(subscriber="seals.lapse").update(done_at=None)
    deliver()
    assert (Step.objects.count(), Event.objects.count()) == before


def test_an_old_event_doesnt_end_what_was_registered_after_it(
    family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    deliver()
    change(family[1], name="佐藤　花子", name_kana="サトウ　ハナコ")
    change(family[1], name="見本　花子", name_kana="ミホン　ハナコ")
    register_seal(family[1])
    deliver()
    assert Registration.objects.filter(ended_on=None).exists()


def test_the_delivery_may_touch_nothing_else_of_the_register() -> None:
    from django.db import DatabaseError, connection

    with pytest.raises(DatabaseError), database_roles.task(Task.DELIVERY), connection.cursor() as cursor:
        cursor.execute("SELECT resident_code FROM residents_version")
