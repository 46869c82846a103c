"""The one list of event names and of who listens to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

_NAME = re.compile(r"[a-z_]+:[a-z_]+:[a-z_]+")


@dataclass(frozen=True, slots=True)
class EventType:
    """`name` is `source:subject:action`; `payload` is the dataclass that every event of this name carries."""

    name: str
    payload: type
    description: str
    unheard: str = ""  # why nobody subscribes yet; tests/test_seams.py wants one or the other


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a subscriber gets: the event as published."""

    id: int
    name: str
    subject: int | None
    legal_date: date
    recorded_at: datetime
    payload: Any


Handler = Callable[[Delivered], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    name: str
    event: str
    handle: Handler


_types: dict[str, EventType] = {}
_subscribers: dict[str, Subscriber] = {}


def declare(name: str, payload: type, description: str, *, unheard: str = "") -> EventType:
    """Add an event to the list. Raises ValueError for a malformed name or one declared twice."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"event name {name!r} is not source:subject:action")
    if name in _types and _types[name].payload is not payload:
        raise ValueError(f"event {name!r} is declared twice")
    event = EventType(name, payload, description, unheard)
    _types[name] = event
    return event


def subscribe(event: EventType, name: str) -> Callable[[Handler], Handler]:
    """Decorator: call the function on every `event`. `name` is stored with deliveries and must not change."""

    def register(handle: Handler) -> Handler:
        key = f"{name}<{event.name}"
        if key in _subscribers:
            raise ValueError(f"subscriber {key!r} is registered twice")
        _subscribers[key] = Subscriber(name, event.name, handle)
        return handle

    return register


def event_type(name: str) -> EventType:
    """The declared type. Raises KeyError: an unknown event can't be published or delivered."""
    return _types[name]


def event_types() -> list[EventType]:
    return sorted(_types.values(), key=lambda event: event.name)


def subscribers(event: str) -> list[Subscriber]:
    return [subscriber for subscriber in _subscribers.values() if subscriber.event == event]


def subscriber(name: str, event: str) -> Subscriber:
    return _subscribers[f"{name}<{event}"]


def load_payload(event: EventType, data: dict[str, Any]) -> Any:
    """The payload's dataclass from its stored JSON; unknown keys are refused, so nothing is dropped silently."""
    known = {field.name for field in fields(event.payload)}
    unknown = set(data) - known
    if unknown:
        raise ValueError(f"{event.name}: unknown payload fields {sorted(unknown)}")
    return event.payload(**data)
