"""The clock that is passed in: nothing in the house asks the machine for the time by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, with time zone."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(JAPAN)


@dataclass(slots=True)
class FixedClock:
    """Stands still until it is moved: for tests and rehearsals."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


def today(clock: Clock) -> date:
    """The civil date in Japan."""
    return clock.now().astimezone(JAPAN).date()


def midnight(day: date) -> datetime:
    """When a day begins in Japan."""
    return datetime.combine(day, time(), JAPAN)
