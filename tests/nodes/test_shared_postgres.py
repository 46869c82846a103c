"""The tests' shared server, which everything that needs a database stands on."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yakuba.nodes.embedded_postgres import Server
from yakuba.nodes.shared_postgres import shared_server, throwaway_database

_USER = (
    "import sys; from pathlib import Path; from yakuba.nodes.shared_postgres import shared_server\n"
    "with shared_server(Path(sys.argv[1])) as server:\n"
    "    print(server.port, flush=True); sys.stdin.readline()\n"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="yakuba-shared-"))
    yield made
    shutil.rmtree(made)


def _other_user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_users_share_one_server_and_the_last_one_removes_it(folder: Path) -> None:
    with _other_user(folder) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        with shared_server(folder) as server:
            assert server.port == port
            other.communicate("\n", timeout=30)
            assert server.is_running()
        assert not server.is_running()
        assert not server.home.exists()


def test_the_one_who_started_it_may_leave_first(folder: Path) -> None:
    with shared_server(folder) as server:
        other = _other_user(folder)
        assert other.stdout is not None
        other.stdout.readline()
    gc.collect()  # the warning of a process left behind would come now
    assert server.is_running()
    other.communicate("\n", timeout=30)
    assert not server.is_running()


@pytest.mark.fault
def test_a_killed_user_leaves_nothing_in_the_way(folder: Path) -> None:
    with _other_user(folder) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.send_signal(signal.SIGKILL)
        other.wait()
    with shared_server(folder) as server:
        assert server.is_running()
    assert not server.is_running()


def test_a_throwaway_database_is_gone_afterwards_with_its_sessions(postgres_server: Server) -> None:
    name = f"throwaway_{os.getpid()}"
    with throwaway_database(postgres_server, name) as url:
        forgotten = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
    forgotten.close()


def test_each_worker_has_a_database_of_its_own(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    assert row == (f"test_{os.getpid()}",)
