"""Who may do what with which table: the duty table, read from each room's `rights.yaml`, and the SQL that makes it true.

A room's file has up to three maps, `tables`, `sequences` and `functions`: name -> who -> rights. `who` is a comma-separated
list of duties, of tasks (`task:delivery`), or one of `application`, `duties`, `everybody`; rights are SQL's own words, with
columns where they are for some columns only (`SELECT (id, code), INSERT`). A function's name may hold `*`. Whoever is not
named may do nothing; what is in the schema and in no file may be used by nobody, and `unnamed` tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

import yaml
from django.apps import apps
from psycopg import sql

from .duties import Duty

FILE = "rights.yaml"
APPLICATION = "application"
_MAX_NAME = 63
"""PostgreSQL cuts longer identifiers off."""

_RIGHT = re.compile(r"\s*(?P<word>[A-Z]+)\s*(?:\((?P<columns>[^)]*)\))?\s*(?:,|$)")
_WORDS = {
    "tables": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
    "sequences": frozenset({"USAGE"}),
    "functions": frozenset({"EXECUTE"}),
}


class Task(StrEnum):
    """Work of the house itself that is no person's duty; each has a role of its own."""

    DELIVERY = "delivery"
    """Brings events to their subscribers."""
    INSPECTION = "inspection"
    """Asks the whole register whether it is consistent; writes nothing."""


ROLES = (APPLICATION, *(duty.value for duty in Duty), *(f"task:{task}" for task in Task))
_GROUPS = {
    "everybody": ROLES,
    "duties": tuple(duty.value for duty in Duty),
}


class WrongRights(ValueError):
    """A `rights.yaml` that doesn't say what it must."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One word of SQL, for the whole object (no columns) or some columns."""

    word: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.word} ({', '.join(self.columns)})" if self.columns else self.word


Granted = Mapping[str, frozenset[Right]]
"""Role -> rights."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The whole duty table: object -> role -> rights."""

    tables: Mapping[str, Granted] = field(default_factory=dict)
    sequences: Mapping[str, Granted] = field(default_factory=dict)
    functions: Mapping[str, Granted] = field(default_factory=dict)

    def of_function(self, name: str) -> Granted | None:
        """The row of a function: its own, else that of the pattern that it fits."""
        if name in self.functions:
            return self.functions[name]
        return next((granted for pattern, granted in self.functions.items() if fnmatchcase(name, pattern)), None)


@cache
def table() -> Rights:
    """The duty table of all installed rooms. Raises WrongRights for an object in two files, or what isn't understood."""
    collected: dict[str, dict[str, Granted]] = {kind: {} for kind in _WORDS}
    for app in apps.get_app_configs():
        file = Path(app.path) / FILE
        if not file.exists():
            continue
        for kind, objects in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            if kind not in collected:
                raise WrongRights(f"{file}: {kind} is none of {', '.join(collected)}")
            for name, rows in objects.items():
                if name in collected[kind]:
                    raise WrongRights(f"{file}: {name} stands in another file too")
                collected[kind][name] = _granted(rows or {}, kind, f"{file}: {name}")
    return Rights(**collected)


def _granted(rows: Mapping[str, str], kind: str, where: str) -> Granted:
    granted: dict[str, set[Right]] = {}
    for who, text in rows.items():
        rights = set(_parse(text, kind, where))
        for role in _roles(who, where):
            granted.setdefault(role, set()).update(rights)
    return {role: frozenset(rights) for role, rights in granted.items()}


def _roles(who: str, where: str) -> Iterator[str]:
    for name in (part.strip() for part in who.split(",")):
        if name not in _GROUPS and name not in ROLES:
            raise WrongRights(f"{where}: {name} is no duty, task or group")
        yield from _GROUPS.get(name, (name,))


def _parse(text: str, kind: str, where: str) -> Iterator[Right]:
    place = 0
    while place < len(text):
        found = _RIGHT.match(text, place)
        if found is None or found["word"] not in _WORDS[kind]:
            raise WrongRights(f"{where}: {text} is not understood")
        columns = tuple(sorted(part.strip() for part in (found["columns"] or "").split(",") if part.strip()))
        yield Right(found["word"], columns)
        place = found.end()


# -- names of roles in the database -----------------------------------------------------------------------------------


def role_name(prefix: str, role: str) -> str:
    """The database's name for one of `ROLES` but the application's. `prefix` is the house's own: roles belong to a server.

    Raises ValueError where PostgreSQL would cut the name off.
    """
    kind, _, name = role.rpartition(":")
    full = f"{prefix}_{kind or 'duty'}_{name}"
    if len(full.encode()) > _MAX_NAME:
        raise ValueError(f"the role name {full} is too long: choose a shorter name for the database")
    return full


def role_names(prefix: str, application: str) -> dict[str, str]:
    """Role -> its name in the database."""
    return {role: application if role == APPLICATION else role_name(prefix, role) for role in ROLES}


# -- making it true ---------------------------------------------------------------------------------------------------


def roles_statements(prefix: str, application: str, existing: Iterable[str]) -> list[sql.Composed]:
    """Statements that create the roles that are not among `existing`, and let the application take each.

    The application's own role must be there. They need CREATEROLE.
    """
    there = set(existing)
    statements = []
    for role, name in role_names(prefix, application).items():
        if role == APPLICATION:
            continue
        if name not in there:
            statements.append(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(name)))
        statements.append(sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), sql.Identifier(application)))
    return statements


def database_statements(database: str, prefix: str, application: str) -> list[sql.Composed]:
    """Statements by which nobody but the application may connect to this database. They need its owner."""
    names = role_names(prefix, application)
    with_own_tables = [sql.Identifier(names[duty]) for duty in (Duty.BULK, Duty.INDIVIDUAL_NUMBER)]
    place = sql.Identifier(database)
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(place),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(place, _listed(names.values())),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(place, sql.Identifier(application)),
        sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(place, sql.SQL(", ").join(with_own_tables)),
    ]


def grants(prefix: str, application: str, functions: Mapping[str, str], tables: Iterable[str]) -> list[sql.Composed]:
    """Statements, run by the owner after migrations, that give each role exactly its rights. Idempotent.

    `functions`: signature (`name(types)`) -> name, of our own functions; `tables`: what the schema has of `tables`.
    """
    names = role_names(prefix, application)
    every, rights, there = _listed(names.values()), table(), set(tables)
    statements = [
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(every),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}").format(every),
        sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {}").format(every),
        sql.SQL("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"),
    ]
    statements += [_sql("REVOKE ALL ON FUNCTION {} FROM PUBLIC, ", signature) + every for signature in functions]
    for kind, objects in (("TABLE", rights.tables), ("SEQUENCE", rights.sequences)):
        for name, granted in objects.items():
            if kind == "TABLE" and name not in there:
                continue  # of a room that this database was not migrated to yet
            statements += _granting(kind, sql.Identifier(name), granted, names)
    for signature, name in functions.items():
        statements += _granting("FUNCTION", _sql("{}", signature), rights.of_function(name) or {}, names)
    return statements


def _granting(kind: str, target: sql.Composable, granted: Granted, names: Mapping[str, str]) -> Iterator[sql.Composed]:
    by_right: dict[Right, list[str]] = {}
    for role, rights in granted.items():
        for right in rights:
            by_right.setdefault(right, []).append(names[role])
    for right in sorted(by_right):
        columns = sql.SQL("")
        if right.columns:
            columns = sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, right.columns)))
        words = sql.SQL(cast("LiteralString", right.word)) + columns
        target_kind = sql.SQL(cast("LiteralString", kind))
        yield sql.SQL("GRANT {} ON {} {} TO {}").format(words, target_kind, target, _listed(by_right[right]))


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _sql(template: str, signature: str) -> sql.Composed:
    # A signature comes from the catalogue (oid::regprocedure), which quotes it.
    return sql.Composed([sql.SQL(cast("LiteralString", template.replace("{}", signature)))])


# -- what the database has --------------------------------------------------------------------------------------------

_OURS = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {} AND d.deptype = 'e')"
_TABLES_SQL = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    f" AND {_OURS.format('c.oid')} ORDER BY 1"
)
_SEQUENCES_SQL = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i')) ORDER BY 1"
)
"""An identity column's sequence (deptype i) needs no right of its own."""
_FUNCTIONS_SQL = (
    "SELECT p.oid::regprocedure::text, p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
    f" AND p.prorettype <> 'trigger'::regtype AND {_OURS.format('p.oid')} ORDER BY 1"
)
"""A trigger's function is called by its trigger only, whatever anybody's rights."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the database has: tables and views, sequences, and functions (signature -> name), without extensions'."""

    tables: tuple[str, ...]
    sequences: tuple[str, ...]
    functions: Mapping[str, str]

    @classmethod
    def read(cls, cursor: Any) -> Schema:
        """Of a cursor of Django's or psycopg's."""
        rows = []
        for statement in (_TABLES_SQL, _SEQUENCES_SQL, _FUNCTIONS_SQL):
            cursor.execute(statement)
            rows.append(cursor.fetchall())
        return cls(tuple(t for (t,) in rows[0]), tuple(s for (s,) in rows[1]), dict(rows[2]))

    def unnamed(self) -> list[str]:
        """What stands in no `rights.yaml`: nobody may use it."""
        rights = table()
        return [
            *(name for name in self.tables if name not in rights.tables),
            *(name for name in self.sequences if name not in rights.sequences),
            *(signature for signature, name in self.functions.items() if rights.of_function(name) is None),
        ]

    def missing(self) -> list[str]:
        """What a `rights.yaml` names and the database hasn't."""
        rights, functions = table(), set(self.functions.values())
        return [
            *(name for name in rights.tables if name not in self.tables),
            *(name for name in rights.sequences if name not in self.sequences),
            *(name for name in rights.functions if not any(fnmatchcase(there, name) for there in functions)),
        ]


def apply(cursor: Any, *, prefix: str, application: str) -> None:
    """Give each role exactly its rights on what the database has. As the owner; idempotent."""
    schema = Schema.read(cursor)
    known = [name for name in schema.tables if name in table().tables]
    for statement in grants(prefix, application, schema.functions, known):
        cursor.execute(statement)
