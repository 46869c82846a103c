"""Residents whom the day's filings and papers are about, drawn from the register: each household is used once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from yakuba.platform.access import database_roles
from yakuba.platform.access.rights import Task
from yakuba.systems.residents.models import ResidentVersion
from yakuba.systems.residents.reasons import ResidentKind
from yakuba.systems.residents.register import current_versions

_YEAR_DAYS = 365.2425
_SPOUSES = ("妻", "夫")
HOUSEHOLDER = "世帯主"


@dataclass(frozen=True, slots=True)
class Home:
    """A household as it stands: current versions of its open members, householder first."""

    number: int
    members: tuple[ResidentVersion, ...]

    @property
    def head(self) -> ResidentVersion:
        return self.members[0]

    @property
    def others(self) -> tuple[ResidentVersion, ...]:
        return self.members[1:]

    @property
    def spouse(self) -> ResidentVersion | None:
        return next((member for member in self.members if member.relationship in _SPOUSES), None)

    @property
    def children(self) -> tuple[ResidentVersion, ...]:
        return tuple(member for member in self.members if member.relationship == "子")

    @property
    def is_family(self) -> bool:
        """Householder, spouse and children only."""
        return self.spouse is not None and all(m.relationship in (HOUSEHOLDER, *_SPOUSES, "子") for m in self.members)

    @property
    def numbers(self) -> list[int]:
        return [member.person_id for member in self.members]

    def lived_here_days(self, today: date) -> int:
        """For how long the newest member has been a resident."""
        return int(min((today - member.resident_since.latest).days for member in self.members))


def age(version: ResidentVersion, today: date) -> float:
    return float((today - version.birth.latest).days / _YEAR_DAYS)


def is_japanese(version: ResidentVersion) -> bool:
    return bool(version.resident_kind == ResidentKind.JAPANESE)


_SETTLED_DAYS = 90
"""Filings of the day look back two months at most: whoever has lived here longer is asked about nothing before."""


class TownPeople:
    """Households and closed records, in an order that the seed decides."""

    def __init__(self, seed: int, today: date, households: int, closed: int) -> None:
        self.today = today
        self._seed = seed
        with database_roles.task(Task.INSPECTION):
            self._homes = self._draw_homes(households)
            self._closed = self._draw_closed(closed)

    def _draw_homes(self, count: int) -> list[Home]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT r.household_number, array_agg(m.number) FROM (SELECT household_number FROM residents_resident"
                " WHERE is_open GROUP BY household_number ORDER BY hashint8extended(household_number, %s), 1 LIMIT %s) r"
                " JOIN residents_resident m ON m.household_number = r.household_number AND m.is_open"
                " GROUP BY 1 ORDER BY hashint8extended(r.household_number, %s), 1",
                [self._seed, count, self._seed],
            )
            rows = cursor.fetchall()
        versions = {v.person_id: v for v in current_versions(number for _, numbers in rows for number in numbers)}
        homes = []
        for household, numbers in rows:
            members = sorted(
                (versions[number] for number in numbers), key=lambda v: (v.relationship != HOUSEHOLDER, v.person_id)
            )
            if all(self._is_ordinary(member) for member in members) and members[0].relationship == HOUSEHOLDER:
                homes.append(Home(household, tuple(members)))
        return homes

    def _is_ordinary(self, version: ResidentVersion) -> bool:
        """Nothing in the way of a filing or a paper: no lock, stop, ban, planned move, unknown date or recent arrival."""
        return not (
            version.person.pending_filing
            or version.processing_stopped_on
            or version.issue_prohibited
            or version.move_out_planned_on
            or version.name is version.name_latin is None
            or version.resident_since is None
            or (self.today - version.resident_since.latest).days < _SETTLED_DAYS
            or version.birth.stored != version.birth.latest.isoformat()
        )

    def _draw_closed(self, count: int) -> list[ResidentVersion]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT number FROM residents_resident WHERE NOT is_open AND pending_filing IS NULL"
                " ORDER BY hashint8extended(number, %s), 1 LIMIT %s",
                [self._seed, count],
            )
            found = [number for (number,) in cursor.fetchall()]
        versions = {version.person_id: version for version in current_versions(found)}
        return [versions[number] for number in found]

    def take(self, wanted: Callable[[Home], bool]) -> Home | None:
        """The next unused household that fits, or None when there is none left."""
        for place, home in enumerate(self._homes):
            if wanted(home):
                return self._homes.pop(place)
        return None

    def look_at(self, place: float) -> Home | None:
        """An unused household, by a number from 0 to 1; it stays to be used: for what doesn't change the register."""
        return self._homes[int(place * len(self._homes))] if self._homes else None

    def take_closed(self, wanted: Callable[[ResidentVersion], bool]) -> ResidentVersion | None:
        for place, version in enumerate(self._closed):
            if wanted(version):
                return self._closed.pop(place)
        return None

    def find(self, condition: str, *parameters: object) -> ResidentVersion | None:
        """One open person, unlocked, whose current version `v` fits an SQL condition of ours."""
        with database_roles.task(Task.INSPECTION), connection.cursor() as cursor:
            cursor.execute(
                "SELECT r.number FROM residents_resident r JOIN residents_version v ON v.person = r.number"
                " AND v.version_no = r.version_no WHERE r.is_open AND r.pending_filing IS NULL"
                f" AND {condition} ORDER BY hashint8extended(r.number, %s), 1 LIMIT 1",
                [*parameters, self._seed],
            )
            row = cursor.fetchone()
            return current_versions(row)[0] if row else None
