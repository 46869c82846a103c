"""The Django fixtures that other tests stand on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.models import Office
from yakuba.platform.audit.log import Operation, breaches
from yakuba.systems.residents.models import CodePool, Town


@pytest.mark.parametrize("_again", [1, 2])
def test_a_test_leaves_nothing_behind(_again: int, town: None, make_desk: Callable[..., Desk]) -> None:
    assert Town.objects.get().code == "272230"
    assert CodePool.objects.count() == 50
    make_desk().log(Operation.SETTINGS, target="test")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_entry")
        assert cursor.fetchone() == (1,)
    assert breaches() == []


@pytest.mark.parametrize("_again", [1, 2])
def test_a_fresh_database_is_seen_by_every_thread(_again: int, fresh_database: str) -> None:
    assert not Office.objects.exists()
    Office.objects.create(code="1", name="本庁")
    seen: list[int] = []

    def look() -> None:
        seen.append(Office.objects.count())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]
