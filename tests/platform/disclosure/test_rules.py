"""The table of the way, the days, the evidence and the money, without a database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.disclosure.conftest import PERSON, TODAY, request
from tests.systems.residents.conftest import individual_number

from yakuba.core.calendar import is_business_day
from yakuba.core.findings import Severity
from yakuba.platform.disclosure import rules
from yakuba.platform.disclosure.rules import (
    ENDS,
    WAY,
    Action,
    Channel,
    Document,
    FormType,
    Kind,
    Method,
    Outcome,
    Requester,
    Shown,
    State,
)

FRESH = TODAY - timedelta(days=30)
STALE = TODAY - timedelta(days=31)


def codes(**more: Any) -> set[str]:
    return {finding.code for finding in rules.check(request(**more), today=TODAY, takes_free_form=True)}


# -- the way ----------------------------------------------------------------------------------------------------------


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    reached, frontier = {State.RECEIVED}, [State.RECEIVED]
    while frontier:
        new = set(WAY[frontier.pop()].values()) - reached
        reached |= new
        frontier += new
    assert reached == set(State)
    ending = set(ENDS)
    while more := {state for state in State if state not in ending and set(WAY[state].values()) & ending}:
        ending |= more
    assert ending == set(State)
    assert {state for state in State if not set(WAY[state]) - {Action.CONTINUE}} == set(ENDS)


def test_every_action_has_its_place_and_its_word() -> None:
    used = {action for row in WAY.values() for action in row}
    assert used == set(Action) - {Action.RECEIVE}
    assert all(action.label for action in Action)
    assert all(state.label for state in State)
    assert not {Action.ORDER, Action.HEAR} & {
        action for state in State for action in rules.open_actions(Kind.CORRECTION, state)
    }


# -- days -------------------------------------------------------------------------------------------------------------


def test_thirty_days_are_counted_without_the_first_and_end_on_an_open_day() -> None:
    # The 30th day after 20 November 2026 is a Sunday.
    assert rules.decision_due(date(2026, 11, 20), 30) == date(2026, 12, 21)
    # 29 December and the New Year are closed.
    assert rules.decision_due(date(2026, 11, 30), 30) == date(2027, 1, 4)
    assert rules.decision_due(date(2026, 11, 20), 30, extension=30) == date(2027, 1, 19)
    assert rules.decision_due(date(2026, 11, 2), 30, not_counted=5) == date(2026, 12, 7)


@settings(max_examples=60, deadline=None)  # the first look at a year makes its calendar
@given(
    received=st.dates(date(2023, 4, 1), date(2034, 1, 1)),
    extension=st.sampled_from([0, 30]),
    lost=st.lists(st.integers(0, 40), max_size=3),
)
def test_a_due_day_is_open_and_never_early(received: date, extension: int, lost: list[int]) -> None:
    amendments = [(received, received + timedelta(days=days)) for days in lost]
    due = rules.decision_due(received, 30, extension=extension, not_counted=rules.days_not_counted(amendments))
    plain = received + timedelta(days=30 + extension + sum(lost))
    assert is_business_day(due)
    assert plain <= due <= plain + timedelta(days=12)
    assert not any(is_business_day(plain + timedelta(days=n)) for n in range((due - plain).days))


def test_two_whole_weeks_lie_between_a_decision_and_what_a_third_party_is_against() -> None:
    assert rules.earliest_execution(date(2026, 12, 1), is_opposed=False) == date(2026, 12, 1)
    assert rules.earliest_execution(date(2026, 12, 1), is_opposed=True) == date(2026, 12, 16)


def test_records_are_kept_until_every_remedy_is_over() -> None:
    assert rules.keep_until(date(2026, 11, 20), None) == date(
        2027, 2, 23
    )  # three months end on a Saturday, then a holiday
    assert rules.keep_until(date(2026, 11, 20), date(2026, 12, 18)) == date(2027, 3, 19)


# -- what a request must say ------------------------------------------------------------------------------------------


@pytest.mark.req("DISC-T-004")
def test_a_free_form_with_every_item_is_taken_and_one_without_comes_back() -> None:
    assert codes(form_type=FormType.FREE) == set()
    missing = rules.check(
        request(form_type=FormType.FREE, requester_name=" ", requester_address="", matter=""),
        today=TODAY,
        takes_free_form=True,
    )
    assert [finding.field for finding in missing.errors] == ["requester_name", "requester_address", "matter"]
    assert all("第77条" in finding.article for finding in missing.errors)
    (warning,) = rules.check(request(form_type=FormType.FREE), today=TODAY, takes_free_form=False)
    assert (warning.code, warning.severity) == ("DSC-W-006", Severity.WARNING)


@pytest.mark.parametrize("kind", [Kind.CORRECTION, Kind.SUSPENSION])
def test_what_follows_a_disclosure_names_it_and_comes_in_time(kind: Kind) -> None:
    assert codes(kind=kind) == set()
    assert codes(kind=kind, claim="", reason="") == {"DSC-E-001"}
    assert codes(kind=kind, disclosed_on=None) == {"DSC-E-012"}
    assert codes(kind=kind, disclosed_on=TODAY + timedelta(days=1)) == {"DSC-E-013"}
    # Ninety days after 20 August is 18 November; after 22 August the very day.
    assert codes(kind=kind, disclosed_on=date(2026, 8, 20)) == {"DSC-W-014"}
    assert codes(kind=kind, disclosed_on=date(2026, 8, 22)) == set()


@pytest.mark.parametrize("field", ["requester_name", "matter", "requester_phone"])
def test_no_individual_number_is_taken_in(field: str) -> None:
    assert codes(**{field: f"見本 {individual_number(5)}"}) == {"DSC-E-002"}


def test_the_act_binds_from_its_day_on() -> None:
    assert codes(received_on=date(2023, 3, 31)) == {"DSC-E-005"}
    assert codes(received_on=date(2023, 4, 1)) == set()
    assert codes(received_on=TODAY + timedelta(days=1)) == {"DSC-E-004"}
    assert codes(matter="見" * 2001) == {"DSC-E-003"}


# -- evidence ---------------------------------------------------------------------------------------------------------

LICENCE = Shown(Document.DRIVING_LICENCE)
PRINCIPAL = {"subject_name": "見本　花子", "subject_address": "門真市見本町１番", "requester_name": "見本　次郎"}


@pytest.mark.req("DISC-T-002")
@pytest.mark.parametrize(
    ("requester", "channel", "shown", "expected"),
    [
        (Requester.PERSON, Channel.COUNTER, (), ["DSC-E-010"]),
        (Requester.PERSON, Channel.COUNTER, (LICENCE,), []),
        (Requester.PERSON, Channel.POST, (LICENCE,), ["DSC-E-010", "DSC-E-010"]),
        (Requester.PERSON, Channel.POST, (Shown(Document.IDENTITY_COPY), Shown(Document.RESIDENT_COPY, STALE)), ["DSC-E-011"]),
        (Requester.PERSON, Channel.POST, (Shown(Document.IDENTITY_COPY), Shown(Document.RESIDENT_COPY, FRESH)), []),
        (Requester.LEGAL_REPRESENTATIVE, Channel.COUNTER, (LICENCE,), ["DSC-E-010"]),
        (Requester.LEGAL_REPRESENTATIVE, Channel.COUNTER, (LICENCE, Shown(Document.MANDATE, FRESH)), ["DSC-E-010"]),
        (Requester.LEGAL_REPRESENTATIVE, Channel.COUNTER, (LICENCE, Shown(Document.FAMILY_REGISTER, STALE)), ["DSC-E-011"]),
        (Requester.LEGAL_REPRESENTATIVE, Channel.COUNTER, (LICENCE, Shown(Document.REGISTRATION)), ["DSC-E-011"]),
        (Requester.LEGAL_REPRESENTATIVE, Channel.COUNTER, (LICENCE, Shown(Document.REGISTRATION, FRESH)), []),
        (Requester.AGENT, Channel.COUNTER, (LICENCE, Shown(Document.MANDATE, FRESH)), ["DSC-E-010"]),
        (Requester.AGENT, Channel.COUNTER, (LICENCE, Shown(Document.MANDATE, FRESH), Shown(Document.SEAL_CERTIFICATE, FRESH)), []),
        (Requester.AGENT, Channel.COUNTER, (LICENCE, Shown(Document.MANDATE, TODAY + timedelta(days=1)), Shown(Document.PRINCIPAL_IDENTITY)), ["DSC-E-011"]),
    ],
)  # fmt: skip
def test_each_kind_of_requester_shows_its_own_evidence(
    requester: Requester, channel: Channel, shown: tuple[Shown, ...], expected: list[str]
) -> None:
    more = {} if requester is Requester.PERSON else PRINCIPAL
    found = rules.check(
        request(requester=requester, channel=channel, shown=shown, **more), today=TODAY, takes_free_form=True
    )
    assert [finding.code for finding in found] == expected


def test_a_representative_names_the_person() -> None:
    assert "DSC-E-001" in codes(
        requester=Requester.LEGAL_REPRESENTATIVE, shown=(LICENCE, Shown(Document.FAMILY_REGISTER, FRESH))
    )
    assert PERSON > 0


# -- decisions and money ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "grounds", "reason", "masked", "kept_back", "expected"),
    [
        (Outcome.FULL, (), "", 0, 0, []),
        (Outcome.FULL, ("affairs",), "", 0, 0, ["DSC-E-021"]),
        (Outcome.FULL, (), "", 2, 0, ["DSC-E-022"]),
        (Outcome.FULL, (), "", 0, 1, ["DSC-E-022"]),
        (Outcome.PARTIAL, ("third_party",), "世帯主の氏名", 2, 0, []),
        (Outcome.PARTIAL, ("affairs",), "理由", 2, 1, ["DSC-E-026"]),
        (Outcome.PARTIAL, ("third_party",), "理由", 2, 1, ["DSC-E-026"]),
        (Outcome.PARTIAL, ("existence",), "理由", 0, 0, ["DSC-E-025"]),
        (Outcome.NONE, (), "", 0, 0, ["DSC-E-023", "DSC-E-024"]),
        (Outcome.NONE, ("correct",), "理由", 0, 0, ["DSC-E-020"]),
        (Outcome.NONE, ("existence",), f"番号 {individual_number(3)}", 0, 0, ["DSC-E-002"]),
    ],
)
def test_a_decision_says_why(
    outcome: Outcome, grounds: tuple[str, ...], reason: str, masked: int, kept_back: int, expected: list[str]
) -> None:
    found = rules.check_decision(
        Kind.DISCLOSURE, outcome, grounds, reason, withheld=(), masked=masked, kept_back=kept_back
    )
    assert [finding.code for finding in found] == expected


def test_every_outcome_of_every_kind_has_words_and_grounds() -> None:
    assert all(outcome.label(kind) for kind in Kind for outcome in Outcome)
    assert all(rules.grounds_of(kind) for kind in Kind)
    assert len({ground.code for ground in rules.GROUNDS}) == len(rules.GROUNDS)


@pytest.mark.req("DISC-002", "PDISC-002")
def test_only_copies_cost_money() -> None:
    def cost(method: Method, delivery: Channel, sides: int, postage: int = 0) -> int:
        return rules.cost_yen(method, delivery, sides, side_yen=10, postage_yen=postage)

    assert cost(Method.COPY, Channel.COUNTER, 3) == 30
    assert cost(Method.COPY, Channel.POST, 5, 140) == 50 + 140
    assert cost(Method.VIEW, Channel.COUNTER, 5) == 0
    with pytest.raises(ValueError, match="negative"):
        cost(Method.COPY, Channel.COUNTER, -1)
