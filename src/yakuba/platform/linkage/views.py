"""What a room hands out by linkage: each view declared once by the room that owns the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from yakuba.platform.protection.policy import Concealed

Subject = int
"""宛名番号."""

Row = Mapping[str, str | None]
"""Item -> value as the agreed interface writes it: stored dates, codes as they are, empty for none; None: withheld."""

Read = Callable[[Sequence[Subject], Sequence[str]], Mapping[Subject, Mapping[str, str]]]
"""Persons and items -> the row of each person who is there. Asked inside a transaction, in the role of Duty.LINKAGE."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """`system`: the owner among the systems of the connection matrix. `dataset`: what the list of provisions calls it.

    `items`: name -> label. `reveals`: what each item that leads to a person's whereabouts tells of them.
    """

    name: str
    title: str
    system: str
    dataset: str
    items: Mapping[str, str]
    read: Read
    reveals: Mapping[str, Concealed] = field(default_factory=dict)


_views: dict[str, LinkView] = {}


def register(view: LinkView) -> LinkView:
    """Add a view. Raises ValueError for a name that is taken, or a view without items."""
    if view.name in _views and _views[view.name] is not view:
        raise ValueError(f"linkable view {view.name!r} is registered twice")
    if not view.items or not set(view.reveals) <= set(view.items):
        raise ValueError(f"linkable view {view.name!r} has no items, or reveals what it hasn't")
    _views[view.name] = view
    return view


def view_of(name: str) -> LinkView | None:
    return _views.get(name)


def views() -> list[LinkView]:
    return sorted(_views.values(), key=lambda view: view.name)
