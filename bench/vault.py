"""What keeping 個人番号 apart costs: `python -m bench.vault --numbers 1000000`.

Starts a PostgreSQL of its own with fsync on and works as the application does, with its roles. Sealing is measured in
processor seconds of this process; a look at one number (right, second factor, log entry, opening) and a search for one by
the clock on the wall, each in its own transaction; the change of a key in rows a second, PostgreSQL included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.house import conditions, percentiles
from yakuba.nodes.embedded_postgres import Server, prepare_database

CHUNK = 50_000
LOOKS = 2_000
HARD_SEALED_PER_SECOND = 50_000
HARD_RESEALED_PER_SECOND = 3_000
HARD_REVEAL_P95_MS = 50.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.vault", description=__doc__)
    parser.add_argument("--numbers", type=int, default=200_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yakuba-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account passes through
        server = Server(folder / "postgres", folder / "private")
        server.start()
        try:
            prepare_database(server)
            result = _run(args.numbers, folder, server)
        finally:
            server.stop()
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(
        result["sealed_per_processor_second"] < HARD_SEALED_PER_SECOND
        or result["rotation"]["rows_per_second"] < HARD_RESEALED_PER_SECOND
        or result["reveal_ms"]["p95"] > HARD_REVEAL_P95_MS
    )


def _numbers(count: int) -> list[str]:
    from yakuba.core.numbers import PERSONAL_WEIGHTS

    payloads = np.random.default_rng(20261121).permutation(10_000_000_000 // 1000)[:count] * 997 + 10_000_000_000
    total = sum((payloads // 10**place % 10) * weight for place, weight in enumerate(PERSONAL_WEIGHTS))
    remainder = total % 11
    digits = np.where(remainder <= 1, 0, 11 - remainder)
    return [f"{number:012d}" for number in (payloads * 10 + digits).tolist()]


def _timed(count: int, act: Callable[[int], object]) -> list[float]:
    taken = []
    for place in range(count):
        start = time.perf_counter()
        act(place)
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)


def _run(count: int, folder: Path, server: Server) -> dict[str, Any]:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "yakuba.nodes.settings",
        "YAKUBA_DATABASE_URL": server.url(),
        "YAKUBA_DATA": str(folder / "data"),
        "YAKUBA_SECRET_KEY": "bench",
    }
    os.environ.pop("YAKUBA_APP_DATABASE_URL", None)
    from yakuba.nodes import town

    town.make_ready(lambda *_: None)
    from django.db import connection, transaction

    from yakuba.core.numbers import IndividualNumber
    from yakuba.platform.access.desk import Desk, system_desk
    from yakuba.platform.access.duties import Duty, Purpose
    from yakuba.platform.audit.log import Operation
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.jobs import runner
    from yakuba.platform.transactions import use_case
    from yakuba.platform.vault import rotation, store

    clock = SystemClock()
    desk = Desk(
        "bench",
        "見本　計測",
        "100",
        "T01",
        Purpose.REGISTER_CARE.value,
        frozenset(Duty),
        clock,
        confirmed_at=clock.now(),
    )
    digits = _numbers(count)

    @use_case(Operation.IMPORT)
    def put(desk: Desk, sealed: store.SealedNumbers) -> None:
        desk.require(Duty.BULK)
        assert store.put_many(sealed) == {}

    @use_case(Operation.VIEW_NUMBER)
    def reveal(desk: Desk, id_: int) -> IndividualNumber:
        return store.reveal(desk, id_, id_)

    @use_case(Operation.SEARCH)
    def find(desk: Desk, number: str) -> int | None:
        desk.require(Duty.INDIVIDUAL_NUMBER)
        return store.find(IndividualNumber(number))

    @use_case(Operation.REGISTER)
    def put_one(desk: Desk, number: str) -> None:
        desk.require(Duty.REGISTRATION)
        store.put([IndividualNumber(number)], desk.now)

    with desk.acting(Duty.BULK), connection.cursor() as cursor:
        cursor.execute("SELECT vault_reserve(%s)", [count])
        base: int = cursor.fetchone()[0]
    store.learn_key()
    sealing_s = putting_s = putting_wall_s = 0.0
    for start in range(0, count, CHUNK):
        chunk = digits[start : start + CHUNK]
        before = time.process_time()
        sealed = store.seal_many(range(base + start, base + start + len(chunk)), chunk, clock.now())
        sealing_s += time.process_time() - before
        before, wall = time.process_time(), time.perf_counter()
        put(desk, sealed)
        putting_s += time.process_time() - before
        putting_wall_s += time.perf_counter() - wall

    looks = min(LOOKS, count)
    draw = np.random.default_rng(1).integers(0, count, looks).tolist()
    reveal_ms = percentiles(_timed(looks, lambda place: reveal(desk, base + draw[place])))
    find_ms = percentiles(_timed(looks, lambda place: find(desk, digits[draw[place]])))
    more = _numbers(count + looks)[count:]
    put_ms = percentiles(_timed(looks, lambda place: put_one(desk, more[place])))

    officer = system_desk("bench", {Duty.SECURITY}, clock)
    wall, before = time.perf_counter(), time.process_time()
    _, job = rotation.rotate(officer)
    promoted_ms = (time.perf_counter() - wall) * 1000
    wall, before = time.perf_counter(), time.process_time()
    done = runner.execute(job.pk, clock)
    seconds, processor_s = time.perf_counter() - wall, time.process_time() - before
    assert done.result is not None
    assert done.result["done"] == count + looks
    wall = time.perf_counter()
    rotation.retire(officer, 1)
    retire_s = time.perf_counter() - wall
    with transaction.atomic():
        assert find(desk, digits[0]) == base
    return {
        "figure": "vault",
        "conditions": conditions(numbers=count, chunk=CHUNK),
        "sealing_processor_s": round(sealing_s, 2),
        "sealed_per_processor_second": round(count / sealing_s),
        "put_s": round(putting_wall_s, 2),
        "put_client_processor_s": round(putting_s, 2),
        "put_per_second": round(count / putting_wall_s),
        "reveal_ms": reveal_ms,
        "find_ms": find_ms,
        "put_one_ms": put_ms,
        "rotation": {
            "promote_ms": round(promoted_ms, 1),
            "rows_per_second": round((count + looks) / seconds),
            "client_processor_s": round(processor_s, 2),
            "prove_empty_and_retire_s": round(retire_s, 2),
        },
    }


if __name__ == "__main__":
    raise SystemExit(main())
