"""The kinds of record that have a period, each registered by the room that owns it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Rhythm(StrEnum):
    DAILY = "daily"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record.

    `last_day(base)`: records whose period ran from this day or before have expired on `base`; raises NoSetting while nobody
    has decided how long they are kept. `expired`: SELECT of (key bigint, office text, since date) with the parameter
    `%(last_day)s`. `tables`: what an erasure empties, for the physical purge. `needs_approval`: each office must approve.
    """

    name: str
    title: str
    reference: str
    rhythm: Rhythm
    last_day: Callable[[date], date]
    expired: str
    tables: tuple[str, ...]
    needs_approval: bool


_kinds: dict[str, RecordKind] = {}


def register(kind: RecordKind) -> RecordKind:
    """Add a kind. Raises ValueError for a name that is taken."""
    if kind.name in _kinds and _kinds[kind.name] is not kind:
        raise ValueError(f"kind of record {kind.name!r} is registered twice")
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> RecordKind:
    """Raises KeyError for an unknown kind."""
    return _kinds[name]


def kinds() -> list[RecordKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def years_before(day: date, years: int) -> date:
    """The last day from which `years` whole years have passed on `day` (民法143条): from 29 February they end on 28 or 29."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # today is 29 February, that year had none
        return day.replace(year=day.year - years, day=28)
