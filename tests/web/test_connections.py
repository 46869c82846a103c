"""A connection to the database that died between two requests is noticed by the session's look-up, and replaced."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from tests.django_fixtures import set_up_town
from tests.web.conftest import open_session

from yakuba.platform.access import sign_in
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import FixedClock
from yakuba.systems.residents import enquiries


@pytest.fixture
def client(fresh_database: str, web: FixedClock, settings: Any) -> Client:
    """Through the middleware of a house alone: what tests add to it would meet the dead connection first."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("tests.")]
    set_up_town()
    client = Client(raise_request_exception=False)
    client.cookies["yakuba_session"] = open_session(web, "madoguchi1", tuple(Duty))
    return client


def _kill_backend(url: str) -> int:
    """End this thread's session at the server; its process id."""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [raw.info.backend_pid])
    return int(raw.info.backend_pid)


@pytest.fixture
def keep_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a house: a connection serves one request after the other."""
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)


@pytest.mark.usefixtures("keep_connections")
def test_a_killed_backend_is_replaced_unseen(client: Client, fresh_database: str) -> None:
    assert client.post("/residents/search", {"q": "見本"}).status_code == 200
    killed = _kill_backend(fresh_database)
    response = client.post("/residents/search", {"q": "見本"})
    assert response.status_code == 200
    assert connection.connection is not None
    assert connection.connection.info.backend_pid != killed


@pytest.mark.usefixtures("keep_connections")
def test_nothing_is_asked_twice_after_the_look_up(
    client: Client, fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a view began is not begun again: a connection that dies within it is told, and the next request lives."""
    runs = []
    rows = enquiries._rows

    def dies(*question: Any) -> list[tuple[Any, ...]]:
        runs.append(question)
        if len(runs) == 1:
            _kill_backend(fresh_database)
        return rows(*question)

    monkeypatch.setattr(enquiries, "_rows", dies)
    response = client.post("/residents/search", {"q": "見本"})
    assert response.status_code == 503
    assert len(runs) == 1
    assert client.post("/residents/search", {"q": "見本"}).status_code == 200


@pytest.mark.usefixtures("keep_connections")
def test_a_look_up_that_fails_on_a_living_connection_is_not_repeated(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fails(*_: object, **__: object) -> None:
        asked.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '1ms'")
            try:
                cursor.execute("SELECT pg_sleep(10)")
            finally:
                cursor.execute("RESET statement_timeout")

    connection.ensure_connection()
    monkeypatch.setattr(sign_in, "current", fails)
    assert client.get("/").status_code == 503
    assert len(asked) == 1
