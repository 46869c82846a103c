"""The outbox: in the act's transaction, in order per subject, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from django.db import transaction

from yakuba.platform.events import registry
from yakuba.platform.events.models import Delivery, Event
from yakuba.platform.events.outbox import MAX_ATTEMPTS, Publication, dispatch, open_failures, publish

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Noted:
    text: str


@pytest.fixture
def noted(monkeypatch):
    """An event type of the test's own, with one subscriber that writes down what it hears, and fails on request."""
    monkeypatch.setattr(registry, "_types", dict(registry._types))
    monkeypatch.setattr(registry, "_subscribers", dict(registry._subscribers))
    event = registry.declare("tests:note:written", Noted, "for tests")
    heard: list[tuple[int | None, str]] = []
    failing: set[str] = set()

    @registry.subscribe(event, "tests.listener")
    def listen(delivered: registry.Delivered) -> None:
        if delivered.payload.text in failing:
            raise RuntimeError(delivered.payload.text)
        heard.append((delivered.subject, delivered.payload.text))

    return event, heard, failing


def publication(event, subject, text):
    return Publication(event, subject, date(2026, 11, 20), Noted(text))


def test_delivered_after_the_act_and_once(noted, make_desk, clock):
    event, heard, _ = noted
    publish(make_desk(), [publication(event, 1, "a"), publication(event, 1, "b"), publication(event, 2, "c")])
    assert heard == []
    assert dispatch(clock) == 3
    assert heard == [(1, "a"), (1, "b"), (2, "c")]
    assert dispatch(clock) == 0


def test_an_act_that_fails_publishes_nothing(noted, make_desk, clock):
    event, _, _ = noted
    with pytest.raises(RuntimeError), transaction.atomic():
        publish(make_desk(), [publication(event, 1, "a")])
        raise RuntimeError
    assert dispatch(clock) == 0
    assert not Event.objects.exists()


def test_a_failing_delivery_holds_back_its_subject_only(noted, make_desk, clock):
    event, heard, failing = noted
    failing.add("a")
    publish(make_desk(), [publication(event, 1, "a"), publication(event, 1, "b"), publication(event, 2, "c")])
    dispatch(clock)
    assert heard == [(2, "c")]
    failing.clear()
    dispatch(clock)
    assert heard == [(2, "c"), (1, "a"), (1, "b")]


def test_what_never_works_waits_for_a_person_and_is_not_lost(noted, make_desk, clock):
    event, heard, failing = noted
    failing.add("a")
    publish(make_desk(), [publication(event, 1, "a"), publication(event, 1, "b")])
    for _ in range(MAX_ATTEMPTS + 2):
        dispatch(clock)
    assert [delivery.error for delivery in open_failures()] == ["RuntimeError: a"]
    assert heard == []
    assert Delivery.objects.filter(done_at=None).count() == 2


def test_only_declared_events_with_their_payload(noted, make_desk):
    event, _, _ = noted
    with pytest.raises(TypeError):
        publish(make_desk(), [Publication(event, 1, date(2026, 11, 20), "text")])
    with pytest.raises(KeyError):
        publish(make_desk(), [Publication(registry.EventType("no:such:event", str, ""), 1, date(2026, 11, 20), "x")])
    with pytest.raises(ValueError, match="source:subject:action"):
        registry.declare("nonsense", Noted, "")
    with pytest.raises(ValueError, match="unknown payload"):
        registry.load_payload(event, {"text": "a", "more": 1})
