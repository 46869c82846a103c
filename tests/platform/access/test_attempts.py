"""Attempts are counted by the whole house: whoever asks, from whichever process."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connections

from yakuba.platform.access import attempts
from yakuba.platform.access.attempts import HOUR, MINUTE, Counted
from yakuba.platform.clock import FixedClock


def test_connections_count_together(fresh_database: str, clock: FixedClock) -> None:
    seen: list[int] = []

    def try_often() -> None:
        try:
            seen.extend(attempts.count(Counted.ATTEMPTS, "T01", clock.now(), MINUTE) for _ in range(10))
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=try_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 41))
    assert attempts.counted(Counted.ATTEMPTS, "T01", clock.now(), MINUTE) == 40


def test_kinds_names_and_times_are_apart(db: None, clock: FixedClock) -> None:
    now = clock.now()
    assert attempts.count(Counted.ATTEMPTS, "T01", now, MINUTE) == 1
    assert attempts.count(Counted.ATTEMPTS, "T02", now, MINUTE) == 1
    assert attempts.count(Counted.FAILURES, "T01", now, HOUR) == 1
    assert attempts.count(Counted.ATTEMPTS, "T01", now + timedelta(seconds=59), MINUTE) == 2
    assert attempts.count(Counted.ATTEMPTS, "T01", now + timedelta(seconds=60), MINUTE) == 1
    attempts.forget(Counted.ATTEMPTS, "T01")
    assert attempts.counted(Counted.ATTEMPTS, "T01", now, MINUTE) == 0
    assert attempts.counted(Counted.FAILURES, "T01", now, HOUR) == 1
