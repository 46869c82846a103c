"""The way of a request from its receipt to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.platform.disclosure.conftest import PERSON, TODAY, Office, Room, on, request

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.disclosure import services
from yakuba.platform.disclosure.models import Case, Decision, Step
from yakuba.platform.disclosure.rules import (
    Channel,
    FormType,
    Kind,
    Method,
    Outcome,
    Payment,
    Requester,
    State,
)
from yakuba.platform.disclosure.services import Proposal
from yakuba.platform.protection import flags
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind
from yakuba.platform.retention.models import Hold

pytestmark = pytest.mark.django_db

DUE = date(2026, 12, 21)
DAY = timedelta(days=1)


def refusal(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [finding.code for finding in refused.value.findings]


def state(case: Case) -> tuple[str, date | None]:
    case.refresh_from_db()
    return case.state, case.due


# -- receiving --------------------------------------------------------------------------------------------------------


@pytest.mark.req("DISC-001", "DISC-T-001", "SEC-C-017")
@pytest.mark.parametrize(("kind", "article"), [(Kind.DISCLOSURE, 77), (Kind.CORRECTION, 91), (Kind.SUSPENSION, 99)])
def test_a_request_gets_a_number_an_article_a_state_and_a_day(office: Office, kind: Kind, article: int) -> None:
    case = office.received(kind)
    assert case.number == f"{kind.label}第{case.pk}号"
    assert kind.articles.request_article.endswith(f"第{article}条")
    assert state(case) == (State.RECEIVED, DUE)
    assert (case.requester, case.shown) == ("person", [["driving_licence", None]])
    entry = Entry.objects.get(operation="disclose", result="done")
    assert (entry.subjects, entry.detail["case"]) == ([PERSON], f"disclosure:{case.pk}")


@pytest.mark.req("DISC-001", "DISC-T-001", "DISC-T-002")
def test_without_proof_of_identity_nothing_is_received(office: Office) -> None:
    assert refusal(lambda: office.received(shown=())) == ["DSC-E-010"]
    assert refusal(lambda: office.received(requester=Requester.AGENT, subject_name="見本　花子", subject_address="門真市")) == ["DSC-E-010", "DSC-E-010"]  # fmt: skip
    assert not Case.objects.exists()


def test_all_findings_come_at_once(office: Office) -> None:
    assert refusal(lambda: office.received(matter="", shown=(), sources=("no:source",))) == [
        "DSC-E-001", "DSC-E-010", "DSC-E-030",
    ]  # fmt: skip


def test_only_the_person_of_the_request_is_looked_up(office: Office) -> None:
    assert refusal(lambda: office.received(subject=PERSON + 7)) == ["DSC-E-031"]
    assert refusal(lambda: office.received(subject=PERSON + 1)) == ["DSC-E-032"]


def test_the_prescribed_form_is_asked_for_by_name(office: Office) -> None:
    free = {"form_type": FormType.FREE}  # the house of these tests wants its own form
    assert refusal(lambda: office.received(**free)) == ["DSC-W-006"]
    case = office.received(**free, confirmed=("DSC-W-006", "DSC-W-999"))
    assert case.confirmed == ["DSC-W-006"]


def test_only_who_has_the_duty_receives(town: None, room: Room, make_desk: Any) -> None:
    desk = make_desk(frozenset(Duty) - {Duty.DISCLOSURE})
    with pytest.raises(AccessDenied):
        services.receive(desk, request())
    assert Entry.objects.get(operation="disclose").result == "denied"


# -- days -------------------------------------------------------------------------------------------------------------


def test_days_of_an_amendment_do_not_count(office: Office) -> None:
    case = office.received()
    services.ask_amendment(office.clerk, case.pk, "対象の年度", TODAY + 14 * DAY)
    assert state(case) == (State.AMENDMENT, TODAY + 14 * DAY)
    services.amend(on(office.clerk, TODAY + 10 * DAY), case.pk, "令和七年度")
    assert state(case) == (State.RECEIVED, date(2027, 1, 4))  # the 30th of December is closed


def test_a_request_that_is_never_mended_is_decided_against_only_after_its_days(office: Office) -> None:
    case = office.received()
    form = Proposal(outcome=Outcome.NONE, grounds=("form",), reason="対象が特定されないため")
    assert refusal(lambda: services.propose(office.clerk, case.pk, form)) == ["DSC-E-045"]
    services.ask_amendment(office.clerk, case.pk, "対象の年度", TODAY + 14 * DAY)
    assert refusal(lambda: services.propose(on(office.clerk, TODAY + 14 * DAY), case.pk, form)) == ["DSC-E-044"]
    services.propose(on(office.clerk, TODAY + 15 * DAY), case.pk, form)
    assert state(case)[0] == State.PROPOSED


def test_the_period_is_extended_once_and_in_time(office: Office) -> None:
    case = office.received()
    late = on(office.clerk, DUE + DAY)
    assert refusal(lambda: services.extend(late, case.pk, "量が多いため")) == ["DSC-E-041"]
    services.extend(on(office.clerk, DUE), case.pk, "量が多いため")
    assert state(case) == (State.RECEIVED, date(2027, 1, 19))
    assert refusal(lambda: services.extend(on(office.clerk, DUE), case.pk, "また")) == ["DSC-E-040"]


def test_a_mass_of_data_comes_in_two_parts(office: Office) -> None:
    case = office.received()
    rest = date(2027, 3, 31)
    too_early = date(2027, 1, 19)
    assert refusal(lambda: services.extend_specially(office.clerk, case.pk, "著しく大量", too_early)) == ["DSC-E-039"]
    assert state(case)[1] == DUE  # nothing of it stayed
    services.extend_specially(office.clerk, case.pk, "著しく大量", rest)
    office.decided(case)
    services.notify(office.clerk, case.pk)
    services.continue_rest(office.clerk, case.pk)
    assert state(case) == (State.RECEIVED, rest)
    office.decided(case)
    services.notify(office.clerk, case.pk)
    assert refusal(lambda: services.continue_rest(office.clerk, case.pk)) == ["DSC-E-062"]


def test_steps_follow_each_other_in_time(office: Office) -> None:
    case = office.received()
    assert refusal(lambda: services.investigate(office.clerk, case.pk, "確認", TODAY - DAY)) == ["DSC-E-036"]
    assert refusal(lambda: services.investigate(office.clerk, case.pk, "確認", TODAY + DAY)) == ["DSC-E-035"]
    assert refusal(lambda: services.investigate(office.clerk, case.pk, " ")) == ["DSC-E-037"]
    assert refusal(lambda: services.amend(office.clerk, case.pk, "x")) == ["DSC-E-034"]
    assert refusal(lambda: services.investigate(office.clerk, 0, "x")) == ["DSC-E-033"]


# -- deciding ---------------------------------------------------------------------------------------------------------


def test_somebody_else_decides(office: Office, make_desk: Any) -> None:
    case = office.received()
    both = make_desk({Duty.DISCLOSURE, Duty.APPROVAL}, account="kaiji1")
    decision = services.propose(both, case.pk, Proposal(outcome=Outcome.FULL))
    with pytest.raises(AccessDenied, match="APR-E-003"):
        approvals.decide(both, decision.application_id, grant=True)
    assert state(case) == (State.PROPOSED, DUE)
    approvals.decide(office.head, decision.application_id, grant=True)
    assert state(case) == (State.DECIDED, TODAY)
    assert services.decision_of(case) == decision


def test_what_was_not_approved_is_examined_again(office: Office) -> None:
    case = office.received()
    decision = services.propose(office.clerk, case.pk, Proposal(outcome=Outcome.FULL))
    assert refusal(lambda: services.take_back(office.clerk, case.pk, "直す")) == ["DSC-E-048"]
    approvals.decide(office.head, decision.application_id, grant=False, reason="範囲が広い")
    services.take_back(office.clerk, case.pk, "直す")
    assert state(case)[0] == State.RECEIVED
    assert services.decision_of(case) is None
    office.decided(case)
    assert state(case)[0] == State.DECIDED


def test_the_decision_is_about_what_was_known_when_it_was_proposed(office: Office, room: Room) -> None:
    case = office.received()
    decision = office.decided(case)
    assert room.asked == [decision.as_of] == [datetime(2026, 11, 20, tzinfo=JAPAN)]
    payload = str(decision.application.payload)
    assert "見本の記録" in payload
    assert not [text for text in ("見本　花子", "見本町", str(PERSON)) if text in payload]
    assert bytes(decision.application.content_hash) == bytes(decision.content_hash) != b""


@pytest.mark.parametrize(
    ("others", "kept_back", "grounds"), [(1, 0, ("third_party",)), (0, 2, ("affairs",)), (1, 1, ("affairs", "third_party"))]
)  # fmt: skip
def test_what_is_left_out_is_said(
    office: Office, room: Room, others: int, kept_back: int, grounds: tuple[str, ...]
) -> None:
    room.others, room.kept_back = others, kept_back
    case = office.received()
    assert refusal(lambda: office.decided(case)) == ["DSC-E-022"]
    office.decided(case, Outcome.PARTIAL, grounds=grounds, reason="法に定める不開示情報のため")
    assert state(case)[0] == State.DECIDED


def test_nothing_to_disclose_is_no_disclosure(office: Office, room: Room) -> None:
    room.lines.clear()
    case = office.received()
    assert refusal(lambda: office.decided(case)) == ["DSC-E-047"]
    office.decided(case, Outcome.NONE, grounds=("not_held",), reason="記録がないため")
    services.notify(office.clerk, case.pk)
    assert refusal(lambda: services.order(office.clerk, case.pk, Method.VIEW, Channel.COUNTER, sides=0)) == [
        "DSC-E-050"
    ]
    services.finish(office.clerk, case.pk, "")
    assert state(case) == (State.DONE, None)


@pytest.mark.parametrize("kind", [FlagKind.SUPPORT, FlagKind.OWN_REQUEST])
def test_protection_keeps_a_person_under_it_back(office: Office, make_desk: Any, kind: FlagKind) -> None:
    case = office.received()
    flags.set_flags(
        make_desk({Duty.PROTECTION}, account="shien1"),
        FlagOrder(
            subjects=(PERSON,), kind=kind, ways=(Way.ISSUE,), starts_on=TODAY, last_day=TODAY + 30 * DAY, reason="見本"
        ),
    )  # fmt: skip
    assert refusal(lambda: office.decided(case)) == ["PRO-E-001"]
    assert state(case)[0] == State.RECEIVED
    office.decided(case, Outcome.NONE, grounds=("harm",), reason="本人の安全のため")


# -- third parties ----------------------------------------------------------------------------------------------------


def test_a_third_party_is_heard_and_has_two_weeks(office: Office) -> None:
    case = office.received()
    services.hear(office.clerk, case.pk, "見本法人", TODAY + 5 * DAY, is_required=True)
    heard = Step.objects.get(action="hear")
    assert refusal(lambda: office.decided(case)) == ["DSC-E-046"]
    services.record_opinion(office.clerk, case.pk, heard.pk, "反対する", is_opposed=True)
    twice = lambda: services.record_opinion(office.clerk, case.pk, heard.pk, "x", is_opposed=False)  # noqa: E731
    assert refusal(twice) == ["DSC-E-043"]
    office.decided(case)
    services.notify(office.clerk, case.pk)
    services.order(office.clerk, case.pk, Method.VIEW, Channel.COUNTER, sides=0)
    case.refresh_from_db()
    assert refusal(lambda: services.check_release(on(office.clerk, TODAY + 14 * DAY), case)) == ["DSC-E-060"]
    services.check_release(on(office.clerk, TODAY + 15 * DAY), case)


def test_who_does_not_answer_holds_nobody_up(office: Office) -> None:
    case = office.received()
    services.hear(office.clerk, case.pk, "見本法人", TODAY + 5 * DAY, is_required=False)
    office.decided(case, day=TODAY + 6 * DAY)
    assert state(case)[0] == State.DECIDED


# -- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("DISC-T-003", "PDISC-002", "DISC-002")
def test_copies_are_paid_before_they_are_handed_over(office: Office) -> None:
    case = office.notified()
    assert refusal(lambda: services.check_release(office.clerk, case)) == ["DSC-E-055"]
    assert refusal(lambda: services.order(office.clerk, case.pk, Method.COPY, Channel.POST, sides=5)) == ["DSC-E-054"]
    services.order(office.clerk, case.pk, Method.COPY, Channel.POST, sides=5, postage_yen=140)
    assert refusal(lambda: services.check_release(office.clerk, case)) == ["DSC-E-059"]
    assert refusal(lambda: services.pay(office.clerk, case.pk, 50, Payment.CASH)) == ["DSC-E-057", "DSC-E-058"]
    services.pay(office.clerk, case.pk, 190, Payment.MONEY_ORDER)
    assert refusal(lambda: services.pay(office.clerk, case.pk, 190, Payment.MONEY_ORDER)) == ["DSC-E-056"]
    assert services.check_release(office.clerk, case).detail["cost_yen"] == 190
    # Another order is another price.
    services.order(office.clerk, case.pk, Method.COPY, Channel.COUNTER, sides=5)
    assert refusal(lambda: services.check_release(office.clerk, case)) == ["DSC-E-059"]
    services.pay(office.clerk, case.pk, 50, Payment.CASH)
    services.check_release(office.clerk, case)


@pytest.mark.req("DISC-002")
def test_looking_is_free_and_at_the_counter(office: Office) -> None:
    case = office.notified()
    assert refusal(lambda: services.order(office.clerk, case.pk, Method.VIEW, Channel.POST, sides=0)) == ["DSC-E-051"]
    services.order(office.clerk, case.pk, Method.VIEW, Channel.COUNTER, sides=0)
    assert services.check_release(office.clerk, case).detail["cost_yen"] == 0


def test_nobody_orders_for_thirty_days(office: Office) -> None:
    case = office.notified()
    assert state(case) == (State.NOTIFIED, DUE)
    assert refusal(lambda: services.finish(on(office.clerk, DUE), case.pk, "申出がない")) == ["DSC-E-061"]
    services.finish(on(office.clerk, DUE + DAY), case.pk, "申出がない")
    assert state(case) == (State.DONE, None)


# -- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["withdraw", "transfer"])
def test_records_are_held_while_a_request_is_open(office: Office, ending: str) -> None:
    case = office.received()
    hold = Hold.objects.get()
    assert (hold.kind, hold.key, hold.period.lower, hold.period.upper) == ("closed_record", PERSON, TODAY, None)
    getattr(services, ending)(on(office.clerk, TODAY + DAY), case.pk, "見本の理由")
    hold.refresh_from_db()
    assert hold.period.upper == TODAY + DAY
    assert state(case)[1] is None


def test_after_a_decision_records_are_held_through_the_remedies(office: Office) -> None:
    case = office.received()
    office.decided(case, Outcome.NONE, grounds=("not_held",), reason="記録がないため")
    services.notify(office.clerk, case.pk)
    services.finish(office.clerk, case.pk, "")
    assert Hold.objects.get().period.upper == date(2027, 2, 23)


@pytest.mark.parametrize("table", ["disclosure_case", "disclosure_step", "disclosure_decision"])
def test_what_was_written_stays(office: Office, table: str) -> None:
    office.decided(office.received())
    column = "matter" if table == "disclosure_case" else "account"
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="変更できません"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Decision.objects.get().outcome == "full"
