"""Taking a duty's role: within a use case the database answers as the duty that the desk required, and refuses the rest.

The application's own role may do next to nothing (`rights.yaml`). `desk.require(duty)` in a use case takes the duty's role
until the use case ends, `desk.acting(duty)` for a stretch of it; the transaction's end gives it back in any case.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import psycopg
from django.db import connection, transaction
from psycopg import pq, sql

from .duties import Duty
from .rights import Task, role_name


class _State(threading.local):
    """Of this thread's connection. `role`: None outside any stretch, else that which was taken ("": none yet).

    `savepoints`: those open when it was taken. If one of them is gone, the role may have been rolled back with it.
    """

    role: str | None = None
    savepoints: tuple[str, ...] = ()


_state = _State()


def prefix() -> str:
    """What the names of this house's roles begin with: its database's name, unless the settings say otherwise."""
    settings = connection.settings_dict
    return str(settings.get("DUTY_ROLES") or settings["NAME"])


@contextmanager
def stretch(*, savepoint: bool = False) -> Iterator[None]:
    """A transaction, or a stretch of the one that is open, at whose end the role is again what it was before.

    With `savepoint`, what fails is undone to the stretch's beginning, like a transaction of its own.
    """
    nested, before = connection.in_atomic_block, (_state.role, _state.savepoints)
    with transaction.atomic() if savepoint or not nested else nullcontext():
        back = before[0] or (_present() if nested else "")
        if before[0] is None:
            # Where the login is not the application's own (tests), the stretch begins as it does in a house.
            _state.role, _state.savepoints = "", ()
            application = connection.settings_dict.get("APPLICATION_ROLE")
            if application:
                _take(application)
        try:
            yield
        except BaseException:
            # A rollback brings the role back by itself, and a transaction that has failed takes no statement.
            if nested and not savepoint and _is_usable():
                _take(back)
            raise
        else:
            if nested and not connection.needs_rollback:
                _take(back)
        finally:
            _state.role, _state.savepoints = before


def take(duty: Duty) -> None:
    """From here to the end of the stretch the database answers as `duty`. Outside a stretch nothing happens."""
    if _state.role is not None:
        _take(role_name(prefix(), duty))


@contextmanager
def as_duty(duty: Duty) -> Iterator[None]:
    """A transaction (or a stretch of the open one) in a duty's role, for what is about nobody and needs no purpose.

    The caller has seen that the desk has the duty.
    """
    with stretch():
        take(duty)
        yield


@contextmanager
def task(which: Task, *, savepoint: bool = False) -> Iterator[None]:
    """A transaction (or a stretch of the open one) in the role of a task of the house itself. See `stretch`."""
    with stretch(savepoint=savepoint):
        _take(role_name(prefix(), f"task:{which}"))
        yield


def is_refusal(error: BaseException | None) -> bool:
    """Whether an exception is, or comes of, the database's own refusal (SQLSTATE 42501)."""
    while error is not None:
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return True
        error = error.__cause__
    return False


def _take(role: str) -> None:
    savepoints = tuple(connection.savepoint_ids)
    if _state.role == role and savepoints[: len(_state.savepoints)] == _state.savepoints:
        return
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL role TO {}").format(sql.Identifier(role)))
    _state.role, _state.savepoints = role, savepoints


def _present() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        return str(cursor.fetchone()[0])


def _is_usable() -> bool:
    raw = connection.connection
    return (
        raw is not None
        and not connection.needs_rollback
        and raw.info.transaction_status in {pq.TransactionStatus.INTRANS, pq.TransactionStatus.IDLE}
    )
