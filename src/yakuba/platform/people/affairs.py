"""The table of rights (アクセス権限の管理表) as data: affairs with the duties that they need, and duties that exclude each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from yakuba.platform.access.duties import Duty

_FILE = Path(__file__).with_name("affairs.yaml")


@dataclass(frozen=True, slots=True)
class Affair:
    """One kind of work: the law it rests on, the duties that it needs, those that come with the post."""

    name: str
    title: str
    law: str
    duties: frozenset[Duty]
    by_post: frozenset[Duty]


@dataclass(frozen=True, slots=True)
class Separation:
    """Two duties that no person has at the same moment, and why."""

    one: Duty
    other: Duty
    reason: str


@cache
def _data() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found


@cache
def affairs() -> Mapping[str, Affair]:
    """By name, in the order of the table. Raises ValueError for a duty by post that the affair doesn't need."""
    table = {}
    for name, row in _data()["affairs"].items():
        affair = Affair(
            name, row["title"], row["law"], frozenset(map(Duty, row["duties"])), frozenset(map(Duty, row["by_post"]))
        )
        if not affair.by_post <= affair.duties:
            raise ValueError(f"affair {name}: by post only what it needs")
        table[name] = affair
    return table


@cache
def separations() -> tuple[Separation, ...]:
    """All pairs."""
    return tuple(Separation(Duty(row["one"]), Duty(row["other"]), row["reason"]) for row in _data()["separation"])


def conflicts(duties: Iterable[Duty]) -> list[Separation]:
    """The pairs of which `duties` has both."""
    held = set(duties)
    return [pair for pair in separations() if {pair.one, pair.other} <= held]
