"""The requirements catalogue. Read when asked for, not when imported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

AREAS = ("residents", "prefecture", "tax", "child_allowance")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads the catalogue in a tenth of the time
_ID = re.compile(r"^- id: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One promise: `requirement` is what must hold, `check` how running software shows it.

    `beyond_software` says (in Japanese) why no test of ours can show it; empty where one can.
    """

    id: str
    area: str
    system: str
    kind: str
    sources: tuple[str, ...]
    requirement: str
    check: str
    beyond_software: str = ""


def _text(name: str) -> str:
    return (resources.files(__name__) / "data" / f"{name}.yaml").read_text(encoding="utf-8")


def _load(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a safe loader, in C where there is one


@cache
def ids() -> frozenset[str]:
    """The id of every requirement, without parsing the rest."""
    return frozenset(id_ for area in AREAS for id_ in _ID.findall(_text(area)))


@cache
def requirements() -> tuple[Requirement, ...]:
    """Every requirement, in the order of the areas. Raises ValueError for an id that stands twice."""
    reasons = _load(_text("beyond_software"))
    entries = tuple(
        Requirement(
            row["id"], area, row["system"], row["kind"], tuple(row["sources"]), row["requirement"], row["check"],
            reasons.get(row["id"], ""),
        )
        for area in AREAS
        for row in _load(_text(area))
    )  # fmt: skip
    if len({entry.id for entry in entries}) != len(entries):
        raise ValueError("an id stands twice in the catalogue")
    return entries


@cache
def documents() -> Mapping[str, str]:
    """Title of each document by the name that `Requirement.sources` cites."""
    return MappingProxyType(_load(_text("documents")))
