"""Each rule of inspection on days that are made for it: what it finds, and just as much what it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.platform.audit import rules
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.rules import Act, Day, Face, Limits, Staff
from yakuba.platform.clock import JAPAN

FRIDAY, SATURDAY, HOLIDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)
LIMITS = Limits(
    day_starts_hour=7, day_ends_hour=20, mass_persons_per_day=10, mass_searches_per_hour=5, same_surname_persons=1,
    relation_looks=1, searches_without_case=3, long_session_minutes=480, denials_per_day=2,
)  # fmt: skip
CLERK = Staff("clerk", "見本　花子", "100", subject=1)


def at(hour: float, day: date = FRIDAY) -> datetime:
    return datetime.combine(day, datetime.min.time(), JAPAN) + timedelta(hours=hour)


def act(number: int, operation: Operation = Operation.VIEW, *subjects: int, hour: float = 10, **more: object) -> Act:
    made = Act(number, at(hour), "clerk", "100", "T01", operation, Result.DONE, subjects, "", {})
    return replace(made, **more)


def day_of(acts: Sequence[Act], **more: object) -> Day:
    made = Day(FRIDAY, CLERK, tuple(acts), tuple(rules.sessions(acts)), (), {}, LIMITS)
    return replace(made, **more)


def test_work_in_hours_about_filed_cases_is_nobodys_concern():
    acts = [act(1, Operation.SEARCH, 5), act(2, Operation.VIEW, 5), act(3, Operation.FILE, 5, target="filing:1")]
    assert rules.examine(day_of(acts, faces={5: Face("別人　太郎", 9, "見本町１番")})) == []


@pytest.mark.parametrize(
    ("hour", "day", "is_found"),
    [
        (6.99, FRIDAY, True), (7, FRIDAY, False), (19.99, FRIDAY, False), (20, FRIDAY, True),
        (12, SATURDAY, True), (12, HOLIDAY, True),
    ],
)  # fmt: skip
def test_nights_and_holidays(hour: float, day: date, is_found: bool):
    found = rules.out_of_hours.find(day_of([replace(act(1, Operation.VIEW, 5), at=at(hour, day))], day=day))
    assert (found is not None) == is_found


def test_signing_in_at_night_is_no_enquiry():
    assert rules.out_of_hours.find(day_of([act(1, Operation.SIGN_IN, hour=23)])) is None


def test_many_persons_or_many_searches():
    assert rules.mass_enquiry.find(day_of([act(n, Operation.VIEW, n) for n in range(9)])) is None
    found = rules.mass_enquiry.find(day_of([act(n, Operation.VIEW, n) for n in range(10)]))
    assert found is not None
    assert "10人" in found.text
    again = [act(n, Operation.VIEW, 5) for n in range(50)]
    assert rules.mass_enquiry.find(day_of(again)) is None, "one person fifty times is one person"
    spread = [act(n, Operation.SEARCH, hour=9 + n) for n in range(6)]
    assert rules.mass_enquiry.find(day_of(spread)) is None
    dense = [act(n, Operation.SEARCH, hour=9 + n / 10) for n in range(5)]
    found = rules.mass_enquiry.find(day_of(dense))
    assert found is not None
    assert "9時台に5回" in found.text


def test_ones_own_surname_searched_or_looked_at():
    searched = act(1, Operation.SEARCH, 7, 8, detail={"name": "見本　一郎"})
    assert rules.same_surname.find(day_of([searched])) is not None
    assert rules.same_surname.find(day_of([act(1, Operation.SEARCH, detail={"name": "別見本"})])) is None
    looked = act(2, Operation.VIEW, 7)
    found = rules.same_surname.find(day_of([looked], faces={7: Face("見本　一郎", 3, "")}))
    assert found is not None
    assert found.subjects == (7,)
    assert rules.same_surname.find(day_of([looked], faces={7: Face("見本木　一郎", 3, "")})) is None


@pytest.mark.parametrize(
    ("face", "subject", "words"),
    [
        (Face("別人", 50, "ここ１番"), 1, "本人"),
        (Face("別人", 50, "よそ１番"), 2, "同じ世帯"),
        (Face("別人", 51, "ここ１番"), 3, "近所"),
        (Face("別人", 51, "よそ２番"), 4, None),
    ],
)
def test_ones_own_circle(face: Face, subject: int, words: str | None):
    faces = {1: Face("見本　花子", 50, "ここ１番"), subject: face}
    found = rules.own_circle.find(day_of([act(1, Operation.VIEW, subject)], faces=faces))
    assert (found.text if found else None) == (f"{words}1件の照会" if words else None)
    unknown = day_of([act(1, Operation.VIEW, subject)], faces=faces, staff=replace(CLERK, subject=None))
    assert rules.own_circle.find(unknown) is None
    listed = day_of([act(1, Operation.SEARCH, subject)], faces=faces)
    assert rules.own_circle.find(listed) is None, "whom a search lists is not the clerk's choice"


def test_colleagues_by_number_household_and_name():
    linked, unlinked = Staff("a", "同僚　一", "100", subject=20), Staff("b", "同僚　二", "100")
    faces = {
        20: Face("同僚　一", 70, ""),
        21: Face("同僚　子", 70, ""),
        22: Face("同僚　二", 71, ""),
        23: Face("他人　三", 72, ""),
    }
    for subject, is_found in ((20, True), (21, True), (22, True), (23, False)):
        day = day_of([act(1, Operation.VIEW, subject)], faces=faces, colleagues=(linked, unlinked))
        assert (rules.colleagues.find(day) is not None) == is_found, subject
    assert rules.colleagues.find(day_of([act(1, Operation.VIEW, 23)])) is None, "unknown persons are no colleagues"


@pytest.mark.req("PLOG-010")
def test_searches_without_a_case_are_listed_from_the_limit_on():
    bare = [act(n, Operation.SEARCH, 100 + n) for n in range(3)]
    found = rules.without_case.find(day_of(bare))
    assert found is not None
    assert found.entries == (0, 1, 2)
    assert rules.without_case.find(day_of(bare[:2])) is None
    stated = [replace(one, detail={"case": "受付7"}) for one in bare]
    assert rules.without_case.find(day_of(stated)) is None


def test_the_case_of_an_act_is_what_it_says_or_what_was_entered_about_the_same_person():
    search, filing = act(1, Operation.SEARCH, 5, 6), act(2, Operation.FILE, 6, hour=15, target="filing:9")
    assert rules.case_of(search, [search, filing]) == "filing:9"
    assert rules.case_of(filing, [filing]) == "filing:9"
    assert rules.case_of(replace(search, detail={"case": "A-1"}), [search, filing]) == "A-1"
    for other in (
        replace(filing, subjects=(7,)), replace(filing, account="other"), replace(filing, result=Result.REFUSED),
        replace(filing, operation=Operation.VIEW),
    ):  # fmt: skip
        assert rules.case_of(search, [search, other]) is None
    empty = act(3, Operation.SEARCH, hour=10)
    soon, late, earlier = (replace(filing, at=at(hour)) for hour in (10.4, 10.6, 9.9))
    assert rules.case_of(empty, [empty, soon]) == "filing:9"
    assert rules.case_of(empty, [empty, late, earlier]) is None


def test_denials_from_the_limit_on():
    denied = [act(n, Operation.VIEW, result=Result.DENIED) for n in range(2)]
    assert rules.denials.find(day_of(denied)) is not None
    assert rules.denials.find(day_of(denied[:1])) is None


def session(first: float, last: float, *, out: bool = True) -> list[Act]:
    acts = [act(1, Operation.SIGN_IN, hour=first, detail={"step": "totp"})]
    acts.append(act(2, Operation.SEARCH, 5, hour=(first + last) / 2))
    acts.append(act(3, Operation.SIGN_OUT if out else Operation.VIEW, hour=last))
    return acts


@pytest.mark.parametrize(("hours", "is_found"), [(8, False), (8.01, True), (3, False)])
@pytest.mark.parametrize("out", [True, False])
def test_long_sessions(hours: float, is_found: bool, out: bool):
    found = rules.long_session.find(day_of(session(8, 8 + hours, out=out)))
    assert (found is not None) == is_found
    assert found is None or found.entries == (1,)


def test_sessions_are_told_apart_by_terminal_and_by_signing_in_again():
    acts = [
        act(1, Operation.SIGN_IN, hour=8, detail={"step": "password"}),
        act(2, Operation.SIGN_IN, hour=8, detail={"step": "key"}),
        act(3, Operation.SEARCH, 1, hour=9),
        act(4, Operation.SIGN_IN, hour=9.1, detail={"step": "totp"}, terminal="T02"),
        act(5, Operation.SEARCH, hour=9.2, terminal="T02"),
        act(6, Operation.SEARCH, hour=9.3, result=Result.REFUSED),
        act(7, Operation.SIGN_IN, hour=10, detail={"step": "key"}),
        act(8, Operation.VIEW, 1, hour=10.5),
        act(9, Operation.SIGN_OUT, hour=11),
        act(10, Operation.VIEW, 1, hour=12),
    ]
    found = rules.sessions(acts)
    assert [(s.terminal, s.started_at.hour, s.searches, s.persons, s.method, s.is_closed) for s in found] == [
        ("T01", 8, 1, 0, "key", True), ("T02", 9, 1, 0, "totp", False), ("T01", 10, 0, 1, "key", True),
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["in", "out", "search"]), max_size=40))
def test_no_search_is_counted_twice_and_none_within_a_session_is_lost(kinds: list[str]):
    operations = {"in": Operation.SIGN_IN, "out": Operation.SIGN_OUT, "search": Operation.SEARCH}
    acts = [act(n, operations[kind], hour=8 + n / 10, detail={"step": "totp"}) for n, kind in enumerate(kinds)]
    is_open, expected = False, 0
    for kind in kinds:
        expected += is_open and kind == "search"
        is_open = kind == "in" or (is_open and kind != "out")
    assert sum(s.searches for s in rules.sessions(acts)) == expected


def test_a_rule_finds_nothing_before_it_was_in_force():
    acts = [act(n, Operation.VIEW, result=Result.DENIED) for n in range(9)]
    assert {s.rule for s in rules.examine(day_of(acts))} >= {"denials"}
    assert rules.examine(day_of(acts, day=date(2015, 10, 2))) == []


def test_a_concern_names_a_bounded_number_and_counts_all():
    acts = [act(n, Operation.VIEW, n) for n in range(1000)]
    found = rules.mass_enquiry.find(day_of(acts))
    assert found is not None
    assert (found.count, len(found.entries), len(found.subjects)) == (1000, rules.NAMED, rules.NAMED)
    assert all(rules.label(name) for name in [*rules.RULES, rules.BY_HAND])
