"""Django for tests: a migrated database a worker, rolled back after each test, and a small town in it.

The append-only tables refuse TRUNCATE and DELETE, so `transactional_db` and `live_server` can't clean up: a test that needs
real commits (threads, processes, browsers) takes `fresh_database`, a clone of its own that is dropped afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import count
from typing import Any

import django
import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from yakuba.nodes.embedded_postgres import OWNER, SUPERUSER, Server
from yakuba.platform.clock import JAPAN, FixedClock

os.environ["DJANGO_SETTINGS_MODULE"] = "yakuba.nodes.settings"
django.setup()  # at once: the conftest files below import models
settings.MIDDLEWARE.insert(0, "tests.django_fixtures.AsTheApplication")

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=JAPAN)
"""When tests happen unless they say otherwise: a Friday."""
ROLES_PREFIX, APPLICATION_ROLE, APPLICATION_PASSWORD = "yakuba_tests", "yakuba_tests_app", "tests-only"
_clones = count()


def _clone(server: Server, name: str, template: str) -> str:
    with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*map(sql.Identifier, (name, OWNER, template)))
        )
    return server.url(name)


def _drop(server: Server, name: str) -> None:
    with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _point_django_at(url: str) -> None:
    from django.db import connections

    from yakuba.nodes.settings import database_from_url

    connections["default"].close()
    # In place: connections of other threads are made from the same dictionary.
    connections.settings["default"].update(database_from_url(url))
    connections["default"].settings_dict = connections.settings["default"]


@pytest.fixture(scope="session")
def django_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A data folder of the worker's own, with the vault's key in it."""
    from yakuba.platform.vault import keys

    settings.DATA = tmp_path_factory.mktemp("data")
    settings.SECRET_KEY = "tests-only"
    keys.create()
    yield
    keys.forget()


def make_roles(server: Server) -> None:
    """The roles of a house on a server, once: every test database there is used through the same ones."""
    from yakuba.platform.access import rights

    with psycopg.connect(server.url("postgres", SUPERUSER)) as administrator:
        administrator.execute("SELECT pg_advisory_xact_lock(hashtext('tests: roles'))")
        there = {name for (name,) in administrator.execute("SELECT rolname FROM pg_roles").fetchall()}
        if APPLICATION_ROLE not in there:
            administrator.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}").format(
                    sql.Identifier(APPLICATION_ROLE), sql.Literal(APPLICATION_PASSWORD)
                )
            )
        for statement in rights.roles_statements(ROLES_PREFIX, APPLICATION_ROLE, there):
            administrator.execute(statement)
        for name in rights.role_names(ROLES_PREFIX, APPLICATION_ROLE).values():
            administrator.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), sql.Identifier(OWNER)))


@pytest.fixture(scope="session")
def django_roles(postgres_server: Server) -> None:
    """Tests connect as the owner, because they set things up; a use case begins, as in a house, in the application's role."""
    from django.db import connections

    make_roles(postgres_server)
    connections.settings["default"].update(DUTY_ROLES=ROLES_PREFIX, APPLICATION_ROLE=APPLICATION_ROLE)


class AsTheApplication:
    """Middleware of tests: what a view does outside any use case, it does with the application's own rights."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        from django.db import connection

        if not connection.in_atomic_block:
            return self._get_response(request)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET LOCAL role TO {}").format(sql.Identifier(APPLICATION_ROLE)))
        try:
            return self._get_response(request)
        finally:
            if connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL role TO DEFAULT")


@pytest.fixture(scope="session")
def django_template(
    postgres_server: Server, django_data: None, django_roles: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Name of a database with all migrations and rights, to which nobody is connected: to be cloned."""
    from django.core.management import call_command
    from django.db import connections

    from yakuba.platform.access import rights
    from yakuba.platform.vault import keys

    name = f"django_template_{os.getpid()}"
    _drop(postgres_server, name)
    _point_django_at(_clone(postgres_server, name, "template0"))
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False)
        keys.create_if_missing()
        with connections["default"].cursor() as cursor:
            rights.apply(cursor, prefix=ROLES_PREFIX, application=APPLICATION_ROLE)
        connections["default"].close()
    yield name
    _drop(postgres_server, name)


@pytest.fixture(scope="session")
def django_db_setup(
    postgres_server: Server, django_template: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """What pytest-django's `db` stands on: the worker's own clone."""
    from django.db import connections

    name = f"django_{os.getpid()}"
    _drop(postgres_server, name)
    _point_django_at(_clone(postgres_server, name, django_template))
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
    _drop(postgres_server, name)


@pytest.fixture
def fresh_database(
    postgres_server: Server, django_template: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """URL of an empty, migrated database for one test that commits; Django (every thread of it) uses it meanwhile."""
    from django.db import connections

    name = f"django_fresh_{os.getpid()}_{next(_clones)}"
    url = _clone(postgres_server, name, django_template)
    with django_db_blocker.unblock():
        _point_django_at(url)
        _forget_town()
        try:
            yield url
        finally:
            _forget_town()
            connections["default"].close()
            _point_django_at(postgres_server.url(f"django_{os.getpid()}"))
            _drop(postgres_server, name)


def _forget_town() -> None:
    """The register remembers its town for the life of a process; another database has another one."""
    from yakuba.platform.profiles import house_profile

    house_profile.cache_clear()
    register = sys.modules.get("yakuba.systems.residents.register")
    if register:
        register.town.cache_clear()


@pytest.fixture
def clock() -> FixedClock:
    """Stands at `NOON` until the test moves it."""
    return FixedClock(NOON)


def set_up_town(codes: int = 50) -> None:
    """The smallest house that works: office, terminal, town, certifier and free 住民票コード. Commits as the caller does."""
    from yakuba.core.numbers import ResidentCode
    from yakuba.platform import profiles
    from yakuba.platform.access.models import Office, Terminal
    from yakuba.systems.residents.models import Certifier, CodePool, Town

    profiles.set_up("272230")
    office, _ = Office.objects.get_or_create(code="100", defaults={"name": "市民課"})
    Terminal.objects.get_or_create(
        code="T01", defaults={"name": "窓口1番", "office": office, "network": "127.0.0.0/8", "printer": "P01"}
    )
    Town.objects.get_or_create(
        code="272230",
        defaults={
            "name": "門真市",
            "prefecture": "大阪府",
            "is_sandbox": True,
            "channels": ["1", "2", "3"],
        },
    )
    if not Certifier.objects.exists():
        Certifier.objects.create(
            period=(date(2020, 1, 1), None), title="門真市長", name="見本　太郎", seal_svg="<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><rect width='10' height='10'/></svg>"
        )  # fmt: skip
    payloads = [f"{2_000_000_000 + 7919 * serial:010d}" for serial in range(codes)]
    CodePool.objects.bulk_create(
        CodePool(
            code=payload + ResidentCode.check_digit(payload),
            requested_on=date(2026, 4, 1),
            shuffle=(serial * 37 % codes) / codes,
        )
        for serial, payload in enumerate(payloads)
    )


@pytest.fixture
def town(db: None) -> Iterator[None]:
    """`set_up_town` in the test's transaction."""
    _forget_town()
    set_up_town()
    yield
    _forget_town()


@pytest.fixture
def make_desk(clock: FixedClock) -> Callable[..., object]:
    """Factory of desks: `make_desk(duties=..., account=..., at=..., purpose=..., is_confirmed=...)`; all duties unless stated."""
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.access.duties import Duty, Purpose

    def make(
        duties: frozenset[Duty] | set[Duty] | None = None,
        account: str = "madoguchi1",
        at: datetime | None = None,
        purpose: Purpose | str = Purpose.MOVE_FILING,
        is_confirmed: bool = True,
    ) -> Desk:
        return Desk(
            account=account,
            name=f"見本　{account}",
            office="100",
            terminal="T01",
            purpose=str(purpose),
            duties=frozenset(Duty) if duties is None else frozenset(duties),
            clock=FixedClock(at) if at else clock,
            printer="P01",
            confirmed_at=(FixedClock(at) if at else clock).now() if is_confirmed else None,
        )

    return make
