"""One throw-away PostgreSQL for any number of processes at once: the tests' workers, benchmarks."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yakuba.nodes.embedded_postgres import OWNER, SUPERUSER, Server, prepare_database


@contextmanager
def shared_server(folder: Path) -> Iterator[Server]:
    """The server of `folder`, without durability: the first user starts it empty, the last one stops and removes it.

    Users that were killed leave nothing that the next one doesn't clear. `folder` must be short-lived and local; raises
    PermissionError when it belongs to somebody else, PostgresUnavailable when the server can't start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if folder.lstat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user")
    folder.chmod(0o711)  # PostgreSQL's account passes through
    server = Server(folder / "postgres", folder / "private", durable=False, die_with_parent=False)
    with (folder / "gate").open("w") as gate, (folder / "users").open("w") as users:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if _is_alone(users):
            server.clear()
            shutil.rmtree(server.home, ignore_errors=True)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not server.is_running():
            server.start()
            prepare_database(server)
        fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            yield server
        finally:
            fcntl.flock(gate, fcntl.LOCK_EX)
            if _is_alone(users):
                server.stop(timeout_s=5)
                shutil.rmtree(server.home, ignore_errors=True)
            else:
                server.leave_running()


def _is_alone(users: object) -> bool:
    """Whether nobody else holds the lock; ours is then exclusive. Asked only behind the gate."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
    except BlockingIOError:
        return False
    return True


@contextmanager
def throwaway_database(server: Server, name: str) -> Iterator[str]:
    """The URL (owner's) of a fresh database `name`, dropped in the end with whoever is still connected."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
        try:
            yield server.url(name)
        finally:
            connection.execute(drop)
