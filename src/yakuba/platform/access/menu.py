"""The entries of the main menu. Each room adds its own where it names its addresses; a person sees those of his duties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .duties import Duty


@dataclass(frozen=True, slots=True)
class Entry:
    """`duties`: any one of them shows the entry; none: everybody sees it. `order`: smaller stands further left."""

    order: int
    url: str
    label: str
    duties: frozenset[Duty]


_entries: dict[str, Entry] = {}


def add(url: str, label: str, duties: Iterable[Duty] = (), *, order: int = 500) -> None:
    """Add an entry. The same again changes nothing; raises ValueError for an address that has another one."""
    entry = Entry(order, url, label, frozenset(duties))
    if _entries.setdefault(url, entry) != entry:
        raise ValueError(f"the menu has another entry for {url}")


def entries(duties: frozenset[Duty]) -> list[Entry]:
    """What a person with these duties is offered, in order."""
    offered = [entry for entry in _entries.values() if not entry.duties or entry.duties & duties]
    return sorted(offered, key=lambda entry: (entry.order, entry.url))
