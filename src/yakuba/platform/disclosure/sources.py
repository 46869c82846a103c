"""What each room holds about a person, and how it is put into words for that person.

A room registers a `Source` for each kind of data that it keeps by 宛名番号. Who else stands in them is the room's to leave out:
a collector writes `OTHERS` in such a place, and the text of another person never leaves the room.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from yakuba.platform.access.desk import Desk

OTHERS = "（本人以外の情報）"
"""Stands where somebody else's data would be (78条1項2号)."""
NUMBER = "（個人番号の記載あり）"
"""Stands where the person's own 個人番号 goes, when it was asked for; it enters the paper last, and no hash."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a source: `widths` are shares of the page, one for each column. `kept_back`: lines that aren't shown, as
    they would hinder an affair (78条1項7号); whom or what they concern is not said.
    """

    title: str
    header: tuple[str, ...]
    widths: tuple[int, ...]
    lines: tuple[tuple[str, ...], ...]
    kept_back: int = 0

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.header) or any(len(line) != len(self.header) for line in self.lines):
            raise ValueError(f"section {self.title}: every line has {len(self.header)} places")

    @property
    def masked(self) -> int:
        return sum(place == OTHERS for line in self.lines for place in line)


Collector = Callable[[Desk, int, datetime], tuple[Section, ...]]


def _unknown(_desk: Desk, _subject: int, _name: str) -> bool | None:
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """`name` is `room:what`; the smaller `order`, the earlier it stands on the paper. `collect(desk, subject, until)`: what was known before then, in the desk's transaction, under
    Duty.DISCLOSURE. `record_kinds`: kinds of retention whose key is the 宛名番号. `is_called`: whether the person has
    this name; None: the room doesn't know the person.
    `number(desk, subject, until)`: the person's 個人番号 in clear. `number_id`: which of the vault it is. `carried(desk, subject, reference, since)`: what a reference of the room's (a
    filing) did for this person since a day, in words; None: nothing.
    """

    name: str
    title: str
    collect: Collector
    order: int = 500
    record_kinds: tuple[str, ...] = ()
    is_called: Callable[[Desk, int, str], bool | None] = _unknown
    number: Callable[[Desk, int, datetime], str] | None = None
    number_id: Callable[[Desk, int], int | None] | None = None
    carried: Callable[[Desk, int, str, date], str | None] | None = None


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Add a source. Raises ValueError for a name that is taken."""
    if _sources.setdefault(source.name, source) != source:
        raise ValueError(f"source {source.name!r} is registered twice")
    return source


def sources() -> list[Source]:
    return sorted(_sources.values(), key=lambda source: (source.order, source.name))


def chosen(names: Collection[str]) -> list[Source]:
    """The sources of these names; of no name: all."""
    return [source for source in sources() if not names or source.name in names]


@dataclass(frozen=True, slots=True)
class Collected:
    """What is held about a person, source by source, as it was known before `as_of`."""

    as_of: datetime
    parts: tuple[tuple[Source, tuple[Section, ...]], ...]

    def without(self, withheld: Collection[str]) -> Collected:
        return Collected(
            self.as_of, tuple((source, part) for source, part in self.parts if source.name not in withheld)
        )

    @property
    def masked(self) -> int:
        """Places that are blotted out because they are about others."""
        return sum(section.masked for _, part in self.parts for section in part)

    @property
    def kept_back(self) -> int:
        return sum(section.kept_back for _, part in self.parts for section in part)

    @property
    def is_empty(self) -> bool:
        return not any(section.lines for _, part in self.parts for section in part)

    @property
    def digest(self) -> bytes:
        """SHA-256 of everything that would be handed out. An 個人番号 isn't in it: twelve digits could be tried out."""
        content = [[source.name, [asdict(section) for section in part]] for source, part in self.parts]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).digest()


def collect(desk: Desk, subject: int, names: Iterable[str], as_of: datetime) -> Collected:
    """Ask every chosen source. In the caller's transaction, after `desk.require(Duty.DISCLOSURE)`."""
    return Collected(as_of, tuple((source, source.collect(desk, subject, as_of)) for source in chosen(tuple(names))))
