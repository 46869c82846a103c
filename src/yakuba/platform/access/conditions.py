"""What else must hold before somebody signs in or acts: conditions that other rooms bring, asked together in SQL.

A condition is a boolean expression over one account, `a` (a row of `access_account`), and the parameters `%(today)s::date` and
`%(now)s::timestamptz`. Its tables are read as the application itself. Those `at_each_request` are part of the one query by
which a session is looked up, so that what ends, ends with the next request; the rest is asked when somebody signs in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from yakuba.core.findings import Finding
from yakuba.platform.clock import Clock, today


@dataclass(frozen=True, slots=True)
class Condition:
    """`finding`: what the person is told, once he has shown both factors. `parameters`: more values for `sql`, by day."""

    name: str
    sql: str
    finding: Finding
    at_each_request: bool = True
    parameters: Callable[[date], Mapping[str, Any]] | None = None


_conditions: dict[str, Condition] = {}


def register(condition: Condition) -> Condition:
    """Add a condition. Raises ValueError: a taken name, or parameters on every request, which asks with a fixed few."""
    if _conditions.setdefault(condition.name, condition) is not condition:
        raise ValueError(f"condition {condition.name!r} is registered twice")
    if condition.at_each_request and condition.parameters:
        raise ValueError(f"condition {condition.name!r}: no parameters of its own on every request")
    return condition


def conditions() -> list[Condition]:
    """In the order in which they were registered."""
    return list(_conditions.values())


def standing_sql() -> str:
    """SQL: whether everything holds that is asked at each request."""
    asked = [f"({condition.sql})" for condition in _conditions.values() if condition.at_each_request]
    return " AND ".join(asked) or "TRUE"


def unmet(account_id: int, clock: Clock) -> list[Finding]:
    """Everything that keeps an account from signing in now, all at once."""
    asked = conditions()
    if not asked:
        return []
    values: dict[str, Any] = {"account": account_id, "today": today(clock), "now": clock.now()}
    for condition in asked:
        values |= condition.parameters(today(clock)) if condition.parameters else {}
    columns = ", ".join(f"({condition.sql})" for condition in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM access_account a WHERE a.id = %(account)s", values)
        row = cursor.fetchone()
    return [condition.finding for condition, holds in zip(asked, row, strict=True) if not holds]
