"""The kinds of application that exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from yakuba.platform.access.duties import Duty

if TYPE_CHECKING:
    from yakuba.platform.access.desk import Desk

    from .models import Application


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: by whom (`duty`), what it is called, whether it must be another office than the applicant's, and which
    key of the payload names the office that decides (empty: any).
    """

    duty: Duty
    label: str
    other_office: bool = False
    office_in: str = ""


Lines = tuple[tuple[str, str], ...]
"""(label, value) as a decision maker reads them."""


def _no_effect(_desk: Desk, _application: Application) -> None:
    """Most approvals only open a door that somebody then goes through."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`applicant`: who may apply; one of them. `valid_for`: how long an approval can be used; None: until revoked.

    `uses`: how often; None: without limit. `on_approved` runs in the transaction of the last decision.
    """

    name: str
    title: str
    applicant: tuple[Duty, ...]
    steps: tuple[Step, ...]
    describe: Callable[[dict[str, Any]], Lines]
    valid_for: timedelta | None = None
    uses: int | None = None
    on_approved: Callable[[Desk, Application], None] = _no_effect


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind. Raises ValueError for a name that is taken, or without a step."""
    if kind.name in _kinds and _kinds[kind.name] is not kind:
        raise ValueError(f"kind of application {kind.name!r} is registered twice")
    if not kind.steps or not kind.applicant:
        raise ValueError(f"kind of application {kind.name!r} needs an applicant and a step")
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> Kind:
    """Raises KeyError for an unknown kind."""
    return _kinds[name]


def kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.name)
