"""Rewriting tables after an erasure: until then a deleted row still lies on its page, readable to whoever has the files.

What the write-ahead log holds of an erased record goes when PostgreSQL reuses the segment, after the next checkpoints; where
backups keep log segments, their own period decides.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from .kinds import kinds

Report = Callable[[str], None]


def tables() -> list[str]:
    """Every table from which an erasure takes rows."""
    return sorted({table for kind in kinds() for table in kind.tables})


def purge(owner: psycopg.Connection, report: Report = lambda table: None) -> list[str]:
    """Rewrite the tables that erasures empty, without the dead rows, and make the files durable: the tables, in order.

    `owner`: a connection in autocommit that owns them. Each is locked while it is rewritten: a million versions take seconds.
    """
    assert owner.autocommit, "VACUUM runs outside transactions"
    done = tables()
    for table in done:
        owner.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(sql.Identifier(table)))
        report(table)
    return done
