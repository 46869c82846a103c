"""Statements that the database plans once for each connection: for the few that run on nearly every request.

Planning three joined tables costs the processor as much as fetching a page through them. The plan holds for every value
(`plan_cache_mode` in the settings), so only a statement belongs here whose best plan doesn't depend on its values; no
values stand in its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def fetch(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement (psycopg's `%s` or `%(name)s`), on this thread's connection, in its transaction if any.

    Parameters are bound by the server: where PostgreSQL can't tell a type from the place, the statement casts. Raises
    Django's database errors.
    """
    with connection.wrap_database_errors, _executed(statement, parameters) as cursor:
        return list(cursor.fetchall())


def run(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Like `fetch` for a statement without rows: how many it touched."""
    with connection.wrap_database_errors, _executed(statement, parameters) as cursor:
        return int(cursor.rowcount)


def _executed(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> Any:
    if connection.queries_logged or connection.execute_wrappers:  # somebody counts or watches
        watched = connection.cursor()
        watched.execute(statement, parameters)
        return watched
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    # In the text format, as Django's own cursors: its loaders of dates and times are registered for that one.
    return psycopg.Cursor(connection.connection).execute(statement, parameters, prepare=True)
