"""Real processes write while the keys change under them, and who changes the keys is killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock
from yakuba.platform.vault import keys, keyset, rotation, store

WRITERS = 3
KILLS = 4


def _start(module: str, url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.platform.vault.{module}", *arguments]
    environment = {**os.environ, "YAKUBA_DATABASE_URL": url}
    environment.pop("YAKUBA_APP_DATABASE_URL", None)
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.fault
def test_nothing_is_lost_or_doubled(fresh_database: str, own_keys: Path, tmp_path: Path):
    data, chance = own_keys.parent.parent, random.Random(1)  # noqa: S311
    outs = [tmp_path / f"writer{n}" for n in range(WRITERS)]
    writers = [
        _start("writer", fresh_database, str(data), str(out), str(n), str(WRITERS)) for n, out in enumerate(outs)
    ]
    try:
        deadline = time.monotonic() + 60
        while not all(out.exists() and out.stat().st_size > 2000 for out in outs):
            assert time.monotonic() < deadline
            assert all(writer.poll() is None for writer in writers), [w.stderr.read() for w in writers if w.stderr]
            time.sleep(0.02)  # real processes: there is nothing else to wait on
        stages = set()
        for _ in range(KILLS):
            rotator = _start("rotator", fresh_database, str(data))
            assert rotator.stdout is not None
            # After one of its steps, and then a moment of chance within the next one.
            reached = [rotator.stdout.readline().strip() for _ in range(chance.randint(1, 3))]
            stages.add(reached[-1])
            time.sleep(chance.random() * 0.05)
            rotator.send_signal(signal.SIGKILL)
            rotator.communicate()
        assert stages - {""}, "killed at work, not before it"
        last = _start("rotator", fresh_database, str(data))
        told, wrong = last.communicate(timeout=120)
        assert last.returncode == 0, wrong
        assert told.split("\n")[-2] == "retired"
    finally:
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.close()
        ended = [(writer.wait(timeout=30), writer.stderr.read() if writer.stderr else "") for writer in writers]
        for writer in writers:
            for stream in (writer.stdout, writer.stderr):
                if stream is not None:
                    stream.close()
    assert ended == [(0, "")] * WRITERS

    promised: dict[str, int] = {}
    for out in outs:
        for line in out.read_text().splitlines():
            digits, id_ = line.split()
            assert promised.setdefault(digits, int(id_)) == int(id_), "one number, one id, whoever put it"
    assert len(promised) > 200
    keys.forget()
    assert store.find_many(list(promised)) == promised
    held = store._sealed(promised.values())
    assert [store.open_number(id_, held[id_]) for id_ in promised.values()] == list(promised)
    officer = system_desk("test", {Duty.SECURITY}, SystemClock())
    status = {key.id: key for key in rotation.status(officer)}
    writing = max(status)
    assert status[writing].held["vault_number.sealed"] >= len(promised)
    assert [key.id for key in status.values() if key.held] == [writing], "everything is under the last key"
    assert set(keyset.read().keys) >= {id_ for id_, key in status.items() if key.state != "retired"}
