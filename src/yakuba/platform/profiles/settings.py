"""Dated settings of a room for each profile, from a YAML file beside the room's code.

A file maps each setting's name to `description`, `unit`, `reference` (the assessment and its chapter, or the law) and
`values`: for each profile a list of `{start, value}` in order of `start`, each holding until the next. `standard` is what a
profile that says nothing of its own takes; where a setting has no `standard`, such a profile has no value, and asking refuses:
a limit that nobody decided is not a limit of nought, nor none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import yaml

from .organisation import Profile, house_profile

T = TypeVar("T")


class NoSetting(LookupError):
    """The profile has no value at that date: somebody has to decide it first."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `values` are (start, value) of each profile, in order of start."""

    name: str
    description: str
    unit: str
    reference: str
    values: Mapping[Profile, tuple[tuple[date, Any], ...]]

    def on(self, day: date, profile: Profile) -> Any:
        """The value that holds on `day`. Raises NoSetting."""
        for start, value in reversed(self.values.get(profile) or self.values.get(Profile.STANDARD, ())):
            if start <= day:
                return value
        raise NoSetting(
            f"設定「{self.description}」（{self.name}）が、{profile} の {day.isoformat()} に定められていません。"
        )


class Settings:
    """The settings of one room."""

    def __init__(self, room: str, settings: Mapping[str, Setting]) -> None:
        self.room = room
        self.settings = settings

    def value(self, name: str, kind: type[T], *, on: date, profile: Profile | None = None) -> T:
        """The value of `name`, which is a `kind`, on a day; of this house's profile unless another is named.

        Raises NoSetting where nothing is decided, KeyError for an unknown name, TypeError for another kind.
        """
        found = self.settings[name].on(on, profile or house_profile())
        # Exactly: a bool is no count of years.
        if type(found) is not kind:
            raise TypeError(f"{self.room}.{name} is {type(found).__name__}, not {kind.__name__}")
        return found


_declared: dict[str, Settings] = {}


def declare(room: str, path: Path) -> Settings:
    """Read a room's `settings.yaml`. Raises ValueError naming what is wrong with it."""
    settings = {name: _parse(f"{room}.{name}", name, data) for name, data in _load(path).items()}
    _declared[room] = Settings(room, settings)
    return _declared[room]


def declared() -> dict[str, Settings]:
    """Every room's settings, by room."""
    return dict(sorted(_declared.items()))


def _load(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{path.name}: not a mapping of settings")
    return data


_FIELDS = {"description", "unit", "reference", "values"}


def _parse(where: str, name: str, data: Mapping[str, Any]) -> Setting:
    if set(data) != _FIELDS:
        raise ValueError(f"{where}: wants exactly {sorted(_FIELDS)}, has {sorted(data)}")
    values = {}
    for profile, rows in data["values"].items():
        dated = tuple((row["start"], row["value"]) for row in rows)
        if any(type(start) is not date for start, _ in dated):
            raise ValueError(f"{where}.{profile}: every start is a date")
        if any(before >= after for (before, _), (after, _) in pairwise(dated)):
            raise ValueError(f"{where}.{profile}: starts must rise")
        values[Profile(profile)] = dated
    kinds = {type(value) for dated in values.values() for _, value in dated}
    if len(kinds) != 1:
        raise ValueError(f"{where}: values of one kind are wanted, found {sorted(kind.__name__ for kind in kinds)}")
    return Setting(name, str(data["description"]), str(data["unit"]), str(data["reference"]), values)
