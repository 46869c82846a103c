"""Which systems may exchange data at all: the ticks 「他のシステムとの接続」 of the assessments, as a matrix by date.

A tick names a system, a group (「税務システム」) or the in-house linkage. Two systems may exchange when both tick the in-house
linkage, or when each of them that states anything ticks the other. What only one side states stays shut, and is listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from yakuba.platform import profiles
from yakuba.platform.profiles import Profile

SETTINGS = profiles.declare("linkage", Path(__file__).with_name("settings.yaml"))
IN_HOUSE = "in_house_linkage"


@dataclass(frozen=True, slots=True)
class System:
    name: str
    label: str
    ticks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Connections:
    """The matrix of one organisation. `systems` are those that it describes; ticks may name others besides."""

    systems: dict[str, System]

    def permitted(self, one: str, other: str) -> bool:
        """Whether two systems may exchange; a system with itself needs no linkage."""
        if one == other:
            return True
        sides = [side for side in (self.systems.get(one), self.systems.get(other)) if side is not None]
        if len(sides) == 2 and all(IN_HOUSE in side.ticks for side in sides):
            return True
        stated = [side for side in sides if side.ticks]
        return bool(stated) and all((other if side.name == one else one) in side.ticks for side in stated)

    def pairs(self) -> list[tuple[str, str]]:
        """Every permitted pair of described systems, each once."""
        return [pair for pair in combinations(self.systems, 2) if self.permitted(*pair)]

    def one_sided(self) -> list[tuple[str, str]]:
        """(who ticks, who is ticked): shut, because the other side says nothing of it."""
        return [
            (one.name, other)
            for one in self.systems.values()
            for other in sorted(one.ticks)
            if other in self.systems and not self.permitted(one.name, other)
        ]

    def label(self, name: str) -> str:
        return self.systems[name].label if name in self.systems else name


def connections(on: date, profile: Profile | None = None) -> Connections:
    """The matrix that holds on a day. Raises NoSetting where none was decided."""
    return _connections(on, profile or profiles.house_profile())


@lru_cache(maxsize=64)
def _connections(on: date, profile: Profile) -> Connections:
    stated: dict[str, Any] = SETTINGS.value("connections", dict, on=on, profile=profile)
    groups = {name: frozenset(members) for name, members in stated["groups"].items()}
    systems = {}
    for name, (label, *ticks) in stated["systems"].items():
        named: set[str] = set()
        for tick in ticks:
            named |= groups.get(tick, frozenset({tick}))
        systems[name] = System(name, label, frozenset(named - {name}))
    return Connections(systems)
