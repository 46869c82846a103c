"""The embedded PostgreSQL: settings, life, and what comes back after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.nodes import processes
from yakuba.nodes.embedded_postgres import (
    OWNER,
    SUPERUSER,
    PostgresUnavailable,
    Server,
    free_port,
    prepare_database,
    server_account,
    tuning,
)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's account can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="yakuba-pg-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stopped_server(place: Path) -> Server:
    """A server with files and a database, not running."""
    server = Server(place / "postgres", place / "private")
    server.start()
    prepare_database(server)
    server.stop()
    return server


@pytest.fixture
def server(stopped_server: Server) -> Iterator[Server]:
    stopped_server.start()
    yield stopped_server
    stopped_server.stop()


def _query(url: str, sql: str) -> tuple[object, ...]:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return tuple(row)


def test_the_owner_may_create_roles_and_owns_the_database_but_is_no_superuser(server: Server) -> None:
    row = _query(
        server.url(),
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, pg_get_userbyid(datdba) "
        "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()",
    )
    assert row == (OWNER, False, True, True, OWNER)


def test_trigrams_of_kana_work_and_contrib_is_there(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        for extension in ("pg_trgm", "btree_gist", "pgcrypto"):
            connection.execute(f"CREATE EXTENSION {extension}")  # type: ignore[arg-type]
        row = connection.execute("SELECT show_trgm('ヤマダ')").fetchone()
        assert row is not None
        assert row[0]
        connection.rollback()


def test_the_account_is_never_root(server: Server) -> None:
    identity = server.postmaster()
    assert identity is not None
    assert Path(f"/proc/{identity.pid}").stat().st_uid != 0


def test_only_those_who_know_the_password_enter(server: Server) -> None:
    parts = urlsplit(server.url())
    for url in (
        server.url().replace(server.password(OWNER), "wrong"),
        f"postgresql://{OWNER}@{parts.hostname}:{parts.port}/yakuba",
    ):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url, connect_timeout=5)
    for role in (OWNER, SUPERUSER):
        assert (server.private / f"postgres_{role}_password").stat().st_mode & 0o777 == 0o600


def test_nothing_of_a_person_reaches_the_log(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE seen (name text PRIMARY KEY, age int)")
        connection.execute("INSERT INTO seen VALUES ('見本花子', 30)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO seen VALUES (%s, 30)", ["見本花子"])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT '見本花子'::int")
    written = "".join(file.read_text(encoding="utf-8") for file in server.log.iterdir())
    assert "ready to accept connections" in written
    assert "見本花子" not in written


def test_stopping_is_clean_and_the_port_is_kept(stopped_server: Server) -> None:
    stopped_server.start()
    port = stopped_server.port
    stopped_server.stop()
    assert not stopped_server.is_running()
    assert stopped_server.postmaster() is None
    stopped_server.start()
    assert stopped_server.port == port
    stopped_server.stop()


def test_a_taken_port_is_left_to_its_owner(stopped_server: Server) -> None:
    import socket

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", stopped_server.port or 0))
        other.listen()
        stopped_server.start()
        assert stopped_server.port != other.getsockname()[1]
        assert _query(stopped_server.url(), "SELECT 1") == (1,)
        stopped_server.stop()


@pytest.mark.fault
def test_after_the_kill_of_the_server_committed_rows_are_there(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    identity = server.postmaster()
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    server.start()
    assert _query(server.url(), "SELECT n FROM kept LIMIT 1") == (42,)


@pytest.mark.fault
def test_a_session_that_outlives_its_killed_server_is_ended(server: Server) -> None:
    """A computing session notices the death of its server only when it is done; a new server can't start before."""
    connection = psycopg.connect(server.url())
    busy = connection.info.backend_pid
    session = processes.identify(busy)
    assert session is not None
    os.kill(busy, signal.SIGSTOP)  # as busy as can be
    identity = server.postmaster()
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    server.start()
    assert not processes.is_alive(session)
    assert _query(server.url(), "SELECT 1") == (1,)
    connection.close()


@pytest.mark.fault
@pytest.mark.parametrize("zombie", [False, True])
def test_a_pid_file_naming_another_process_does_not_stop_a_start(stopped_server: Server, zombie: bool) -> None:
    """The noted pid may belong to another process of the account, or to a dead one whose parent doesn't care."""
    account = server_account()
    stranger = subprocess.Popen(["/bin/sleep", "60"], cwd="/", user=account.uid if account else None)
    try:
        if zombie:
            stranger.kill()
            os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
        lines = [str(stranger.pid), str(stopped_server.data), "1", "5432", "", "127.0.0.1", "1 1", "ready"]
        pid_file = stopped_server.data / "postmaster.pid"
        pid_file.write_text("\n".join(lines) + "\n", encoding="ascii")
        pid_file.chmod(0o600)
        if account:
            os.chown(pid_file, account.uid, account.gid)
        assert not stopped_server.is_running()
        stopped_server.start()
        assert _query(stopped_server.url(), "SELECT 1") == (1,)
        stopped_server.stop()
        assert zombie or stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.fault
def test_the_server_goes_down_cleanly_with_a_killed_owner(stopped_server: Server) -> None:
    program = (
        "import sys, time; from pathlib import Path; from yakuba.nodes.embedded_postgres import Server;"
        "s = Server(Path(sys.argv[1]), Path(sys.argv[2]), durable=False); s.start();"
        "print('up', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(stopped_server.home), str(stopped_server.private)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    identity = stopped_server.postmaster()
    assert identity is not None
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert processes.wait_ended(identity, 20)
    assert not (stopped_server.data / "postmaster.pid").exists()


@pytest.mark.fault
def test_an_interrupted_first_start_begins_again(place: Path) -> None:
    server = Server(place / "interrupted", place / "interrupted-private", durable=False)
    program = (
        "import sys; from pathlib import Path; from yakuba.nodes.embedded_postgres import Server;"
        "Server(Path(sys.argv[1]), Path(sys.argv[2]), durable=False).start()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(server.home), str(server.private)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 20
    while not (server.home / "data.new").is_dir() and time.monotonic() < deadline:
        time.sleep(0.005)
    first.kill()
    first.wait()
    assert not server.data.exists()
    server.start()
    assert _query(server.url("postgres", SUPERUSER), "SELECT 1") == (1,)
    server.stop()


def test_a_home_too_deep_for_a_socket_has_it_elsewhere_while_it_runs(place: Path) -> None:
    deep = place / ("x" * 90)
    deep.mkdir(mode=0o711)
    server = Server(deep / "postgres", deep / "private", durable=False)
    server.start()
    (folder,) = _query(server.url("postgres", SUPERUSER), "SHOW unix_socket_directories")
    assert list(Path(str(folder)).iterdir())
    assert Path(str(folder)).stat().st_mode & 0o777 == 0o700
    server.stop()
    assert not Path(str(folder)).exists()


def test_a_server_that_cannot_start_says_why(stopped_server: Server) -> None:
    configuration = stopped_server.data / "postgresql.conf"
    before = configuration.read_text(encoding="utf-8")
    configuration.write_text(before + "\nno_such_setting = on\n", encoding="utf-8")
    try:
        with pytest.raises(PostgresUnavailable, match="no_such_setting"):
            stopped_server.start()
    finally:
        configuration.write_text(before, encoding="utf-8")


@given(st.integers(64, 1 << 21))
def test_the_settings_stay_within_the_machine(memory_mb: int) -> None:
    settings = tuning(memory_mb)
    shared_mb = int(settings["shared_buffers"].removesuffix("MB"))
    assert 32 <= shared_mb <= 1024
    assert shared_mb <= max(32, memory_mb // 4)
    assert (settings["fsync"], settings["full_page_writes"], settings["synchronous_commit"]) == ("on", "on", "on")


def test_a_free_port_is_not_listened_on() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert free_port(taken.getsockname()[1]) != taken.getsockname()[1]
