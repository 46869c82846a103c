"""The database refuses too: each duty, each table, each column, tried with raw SQL, against the duty table (`rights.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from tests.django_fixtures import APPLICATION_PASSWORD, APPLICATION_ROLE, ROLES_PREFIX

from yakuba.nodes.embedded_postgres import Server
from yakuba.platform.access import rights
from yakuba.platform.access.duties import Duty

NAMES = rights.role_names(ROLES_PREFIX, APPLICATION_ROLE)
STATEMENTS = {
    "SELECT": "SELECT {column} FROM {table} LIMIT 0",
    "INSERT": "INSERT INTO {table} ({column}) OVERRIDING SYSTEM VALUE SELECT NULL WHERE false",
    "UPDATE": "UPDATE {table} SET {column} = DEFAULT WHERE false",
    "DELETE": "DELETE FROM {table} WHERE false",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}
"""Each touches no row: what comes back says whether the right is there. DELETE and TRUNCATE know no columns."""

TRY = """
DO $try$
DECLARE
    place integer;
    refused text := '';
    statements text[] := string_to_array(current_setting('tests.statements'), ';');
BEGIN
    FOR place IN 1 .. array_length(statements, 1) LOOP
        BEGIN
            EXECUTE statements[place];
            RAISE EXCEPTION 'undo' USING ERRCODE = 'TU000';
        EXCEPTION
            WHEN insufficient_privilege THEN refused := refused || place || ',';
            WHEN SQLSTATE 'TU000' THEN NULL;
        END;
    END LOOP;
    PERFORM set_config('tests.refused', refused, true);
END $try$
"""

Attempt = tuple[str, str, str]
"""Table, word, column ("" where the word knows none)."""


@pytest.fixture(scope="module")
def columns(django_db_setup: None, django_db_blocker: Any) -> dict[str, list[str]]:
    """Every table and view of the database with its columns; generated ones are nobody's to write."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = rights.Schema.read(cursor).tables
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)"
            " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum",
            [list(tables)],
        )
        found: dict[str, list[str]] = {name: [] for name in tables}
        for table, column in cursor.fetchall():
            found[table].append(column)
        return found


@pytest.fixture
def application(postgres_server: Server, db: None) -> Iterator[psycopg.Connection[Any]]:
    """A session with the application's own password, as any program would open it that got hold of it."""
    place = psycopg.conninfo.conninfo_to_dict(postgres_server.url(connection.settings_dict["NAME"]))
    with psycopg.connect(
        **place | {"user": APPLICATION_ROLE, "password": APPLICATION_PASSWORD}, autocommit=False
    ) as session:
        yield session
        session.rollback()


def attempts(columns: dict[str, list[str]]) -> list[Attempt]:
    return [
        (table, word, column)
        for table, names in columns.items()
        for word in STATEMENTS
        for column in (names if "{column}" in STATEMENTS[word] else [""])
    ]


def is_allowed(attempt: Attempt, role: str) -> bool:
    """What the duty table says, read word by word and column by column."""
    table, word, column = attempt
    granted = rights.table().tables.get(table, {}).get(role, frozenset())
    return any(right.word == word and (not right.columns or column in right.columns) for right in granted)


def refused_of(session: psycopg.Connection[Any], wanted: list[Attempt]) -> set[Attempt]:
    quote = sql.Identifier
    statements = [
        sql.SQL(STATEMENTS[word]).format(table=quote(table), column=quote(column or "_")).as_string(session)
        for table, word, column in wanted
    ]
    session.execute("SELECT set_config('tests.statements', %s, true)", [";".join(statements)])
    session.execute(TRY)
    (places,) = session.execute("SELECT current_setting('tests.refused')").fetchone() or ("",)
    return {wanted[int(place) - 1] for place in places.split(",") if place}


@pytest.mark.req("SEC-T-003", "PSEC-007", "PSEC-018")
@pytest.mark.parametrize("role", rights.ROLES)
def test_each_duty_may_exactly_what_the_table_says(
    role: str, application: psycopg.Connection[Any], columns: dict[str, list[str]]
) -> None:
    if role != rights.APPLICATION:
        application.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(NAMES[role])))
    wanted = attempts(columns)
    refused = refused_of(application, wanted)
    said = {attempt for attempt in wanted if not is_allowed(attempt, role)}
    assert sorted(refused - said) == [], "the duty table allows it, the database doesn't"
    assert sorted(said - refused) == [], "the database allows what the duty table doesn't"
    assert said, "nobody may do everything"


@pytest.mark.parametrize("role", rights.ROLES)
def test_sequences_and_functions_are_of_whom_the_table_names(role: str, application: psycopg.Connection[Any]) -> None:
    cursor = application.cursor()
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = current_user")
    schema = rights.Schema.read(cursor)
    table, name = rights.table(), NAMES[role]
    for sequence in schema.sequences:
        (may,) = cursor.execute("SELECT has_sequence_privilege(%s, %s, 'USAGE')", [name, sequence]).fetchone() or ()
        assert may == (role in table.sequences[sequence]), sequence
    for signature, function in schema.functions.items():
        cursor.execute("SELECT has_function_privilege(%s, %s::regprocedure, 'EXECUTE')", [name, signature])
        (may,) = cursor.fetchone() or ()
        assert may == (role in (table.of_function(function) or {})), signature


def test_everything_is_named_and_nothing_else(application: psycopg.Connection[Any]) -> None:
    schema = rights.Schema.read(application.cursor())
    assert schema.unnamed() == []
    assert schema.missing() == []


def test_the_login_inherits_nothing_and_is_no_owner(application: psycopg.Connection[Any]) -> None:
    row = application.execute(
        "SELECT rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,"
        " EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) FROM pg_roles r WHERE rolname = current_user"
    ).fetchone()
    assert row == (False,) * 6


@pytest.mark.parametrize("taken", ["postgres", "yakuba_owner"])
def test_the_login_can_not_become_owner(taken: str, application: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(taken)))


def test_a_duty_is_given_back_with_the_transaction(application: psycopg.Connection[Any]) -> None:
    application.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(NAMES[Duty.INQUIRY])))
    application.commit()
    assert application.execute("SELECT current_user").fetchone() == (APPLICATION_ROLE,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("SELECT * FROM residents_version LIMIT 0")
