"""Counting attempts in the database: every process and machine of the house counts together.

A count belongs to a kind, a name (the terminal's code, or an address) and the minute or hour in which it began; `sessions.sweep`
takes old ones away.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.db import connection

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = timedelta(days=1)


class Counted(StrEnum):
    ATTEMPTS = "attempts"
    """Sign-ins begun at a terminal."""
    FAILURES = "failures"
    """Wrong passwords, codes and keys at a terminal."""
    STRANGERS = "strangers"
    """Knocks from an address where no terminal is."""


_COUNT_SQL = """
INSERT INTO access_attempt_count AS c (kind, name, began_at, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (kind, name, began_at) DO UPDATE SET count = c.count + 1 RETURNING count
"""


def count(kind: Counted, name: str, now: datetime, per: timedelta) -> int:
    """Count one; how many there are by now in this minute or hour, this one included."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SQL, [kind.value, name, began(now, per)])
        return int(cursor.fetchone()[0])


def counted(kind: Counted, name: str, now: datetime, per: timedelta) -> int:
    """How many there are in this minute or hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count FROM access_attempt_count WHERE kind = %s AND name = %s AND began_at = %s",
            [kind.value, name, began(now, per)],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def forget(kind: Counted, name: str) -> int:
    """Take the counts of a name away; how many rows there were."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_attempt_count WHERE kind = %s AND name = %s", [kind.value, name])
        return int(cursor.rowcount)


def forget_old(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_attempt_count WHERE began_at < %s", [now - KEPT])


def began(now: datetime, per: timedelta) -> datetime:
    """The beginning of the minute or hour that `now` is in."""
    return datetime.fromtimestamp(now.timestamp() // per.total_seconds() * per.total_seconds(), tz=UTC)
