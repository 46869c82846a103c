"""Indexes that a load into an empty register takes down and builds at its end, and the owner's connection for it.

Constraints stay. Names and definitions come from the database itself and are kept in the job's cursor, so whoever goes on
with the job builds the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from yakuba.core.findings import Finding, Refused

from ..models import Resident, ResidentVersion, SearchAddress, SearchName

_MODELS = (Resident, ResidentVersion, SearchName, SearchAddress)
_TABLES = [model._meta.db_table for model in _MODELS]
_LOCK_TIMEOUT_S = 30
_BUILDERS = 2  # sessions that build at the same time
_MEMORY_MB = 256  # of each

Definition = list[str]  # name, CREATE INDEX statement


@contextmanager
def owner() -> Iterator[psycopg.Connection[Any]]:
    """A connection, each statement committed by itself, that may change tables and sequences of the register.

    Django's own account where it owns them, else that of YAKUBA_DATABASE_URL. Raises Refused when neither does.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(pg_has_role(tableowner, 'USAGE')) FROM pg_tables WHERE tablename = ANY(%s)", [_TABLES]
        )
        owns = cursor.fetchone()[0]
    url = os.environ.get("YAKUBA_DATABASE_URL", "")
    if not owns and not url:
        raise Refused(
            [
                Finding(
                    "RES-E-312", "database", "台帳の表を所有する接続がありません。",
                    "YAKUBA_DATABASE_URL に所有者の接続先を設定して実行してください。",
                )
            ]
        )  # fmt: skip
    with psycopg.connect(_conninfo() if owns else url, autocommit=True) as session:
        yield session


def _conninfo() -> str:
    database = settings.DATABASES["default"] | connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return psycopg.conninfo.make_conninfo(
        **{name: database[key] for key, name in names.items() if database.get(key)},
        **{name: value for name, value in database.get("OPTIONS", {}).items() if isinstance(value, str)},
    )


def definitions() -> list[Definition]:
    """Every index of the register's tables that no constraint stands on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY(%s) AND NOT i.indisunique ORDER BY 1",
            [_TABLES],
        )
        return [list(row) for row in cursor.fetchall()]


def missing() -> list[str]:
    """Indexes that the tables should have and lack: until they are built, searches are slow (but find everything)."""
    there = {name for name, _ in definitions()}
    return [index.name for model in _MODELS for index in model._meta.indexes if index.name not in there]


def drop(wanted: Sequence[Definition]) -> None:
    with owner() as session:
        session.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT_S}s'")
        for name, _ in wanted:
            session.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))


def build(wanted: Sequence[Definition], report: Callable[[int, int], None]) -> None:
    """Build those of `wanted` that are missing, and let the planner look at the tables. Can be repeated."""
    there = {name for name, _ in definitions()}
    left = [definition for definition in wanted if definition[0] not in there]
    if not left:
        return
    # The dear ones first, so that both builders end together.
    left.sort(key=lambda definition: " gin " not in definition[1])
    with owner() as first, owner() as second, ThreadPoolExecutor(_BUILDERS) as pool:
        sessions = [first, second]

        def with_a_session(work: Callable[[psycopg.Connection[Any]], object]) -> None:
            session = sessions.pop()
            try:
                work(session)
            finally:
                sessions.append(session)

        def run(definition: Definition) -> None:
            with_a_session(lambda session: _create(session, definition))

        def analyze(table: str) -> None:
            with_a_session(lambda session: session.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table))))

        for session in sessions:
            session.execute(f"SET maintenance_work_mem = '{_MEMORY_MB}MB'")
        for done, _ in enumerate(pool.map(run, left), 1):
            report(done, len(left))
        list(pool.map(analyze, _TABLES))


def _create(session: psycopg.Connection[Any], definition: Definition) -> None:
    name, statement = definition
    guarded = statement.replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1)
    try:
        session.execute(guarded)
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        # A session whose client was killed went on building the same index, and was first.
        if name not in {there for there, _ in session.execute("SELECT relname, 1 FROM pg_class").fetchall()}:
            raise


def advance_sequences(session: psycopg.Connection[Any], person_serial: int, household_serial: int) -> None:
    """Numbers given from now on lie beyond these serials. Sequences never go back."""
    for name, serial in (("residents_person_serial", person_serial), ("residents_household_serial", household_serial)):
        if serial:
            session.execute(
                "SELECT setval(%(name)s, greatest(%(serial)s, CASE WHEN is_called THEN last_value ELSE 0 END))"
                f" FROM {name}",
                {"name": name, "serial": serial},
            )
