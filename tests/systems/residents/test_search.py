"""Searching: beginnings as stretches of an index, one plan for every value, one commit for each search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused
from yakuba.platform import prepared
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.systems.residents import enquiries, exits, services
from yakuba.systems.residents.enquiries import Match, Query

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


@given(prefix=_TEXT, rest=_TEXT, other=_TEXT)
@example(prefix="\ud7ff", rest="", other="\ue000")
@example(prefix="あ\U0010ffff", rest="い", other="い")
@settings(max_examples=300)
def test_a_beginning_is_a_stretch_of_the_order(prefix: str, rest: str, other: str) -> None:
    after = enquiries._after(prefix)
    if not after:
        assert not prefix.strip("\U0010ffff")
        return
    for text in (prefix + rest, other, after, after + other):
        lies_within = prefix.encode() <= text.encode() < after.encode()
        assert lies_within == text.startswith(prefix)


BIRTH = UncertainDate.parse("1985-04-12")
ONE_KEY = [
    Query(name="見本"),
    Query(name="ミホン"),
    Query(name="見本", exact=True),
    Query(name="ホン", current_only=True),
    Query(name="見本", include_closed=False),
    Query(birth=BIRTH),
    Query(address="桑才"),
]
MORE = [
    Query(name="見本", birth=BIRTH),
    Query(name="見本", sex="1"),
    Query(name="見本", address="桑才"),
    Query(birth=BIRTH, relationship="世帯主"),
    Query(number=19),
]


@pytest.mark.parametrize("query", ONE_KEY, ids=repr)
def test_one_key_has_one_plan(query: Query) -> None:
    assert enquiries._has_one_plan(query, Match.BEGINNING)
    assert enquiries._has_one_plan(query, Match.PART) == (not query.address)


@pytest.mark.parametrize("query", MORE, ids=repr)
def test_several_keys_are_planned_by_their_values(query: Query) -> None:
    assert not any(enquiries._has_one_plan(query, match) for match in Match)


@pytest.fixture
def family(town: None, make_desk: Callable[..., Desk], move_in: Callable[..., dict[str, Any]]) -> tuple[int, ...]:
    receipt = services.approve(
        make_desk(account="shinsa1"), services.file(make_desk(account="x"), "move_in", move_in()).filing
    )
    return tuple(receipt.persons)


@pytest.mark.parametrize("query", ONE_KEY, ids=repr)
def test_a_prepared_search_finds_what_a_planned_one_finds(
    query: Query, family: tuple[int, ...], make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = make_desk()
    asked: list[str] = []
    fetch = prepared.fetch

    def listen(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        asked.append(statement)
        return fetch(statement, parameters)

    monkeypatch.setattr(prepared, "fetch", listen)
    found = enquiries.search(clerk, query, exits.SEARCH_SCREEN)
    assert asked
    monkeypatch.setattr(enquiries, "_has_one_plan", lambda *_: False)
    assert enquiries.search(clerk, query, exits.SEARCH_SCREEN) == found
    if query.name not in {"", "ホン"} and not query.exact:
        assert set(family) <= {hit.number for hit in found.hits}


def test_what_comes_first_is_of_the_same_transaction(family: tuple[int, ...], make_desk: Callable[..., Desk]) -> None:
    seen = []

    def look() -> None:
        seen.append(connection.in_atomic_block)

    enquiries.search(make_desk(duties={Duty.INQUIRY}), Query(name="見本"), exits.SEARCH_SCREEN, first=look)
    assert seen == [True]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (Query(name="・"), ["name"]),
        (Query(name="ー", birth=UncertainDate.parse("1985-04-12")), ["name"]),
        (Query(name="‐", address="－", katagaki="・"), ["name", "address", "katagaki"]),
    ],
    ids=["dot", "long vowel", "all"],
)
def test_a_text_without_any_letter_does_not_list_the_register(
    query: Query, fields: list[str], family: tuple[int, ...], make_desk: Callable[..., Desk]
) -> None:
    with pytest.raises(Refused) as refusal:
        enquiries.search(make_desk(duties={Duty.INQUIRY}), query, exits.SEARCH_SCREEN)
    assert [(finding.code, finding.field) for finding in refusal.value.findings] == [
        ("RES-E-207", field) for field in fields
    ]
