"""Which columns of other rooms hold secrets under the vault's keys, so that a rotation finds every one of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from .sql import guard_secret


@dataclass(frozen=True, slots=True)
class Column:
    """`context`: an SQL expression over the row, equal to what `sealing.seal` was told. The table's key is `id`."""

    table: str
    name: str
    context: str

    @property
    def place(self) -> str:
        return f"{self.table}.{self.name}"


_declared: dict[str, Column] = {}


def declare(table: str, name: str, *, context: str) -> None:
    """Say that `table.name` holds sealed secrets. Raises ValueError when it was declared with another context."""
    column = Column(table, name, context)
    if _declared.setdefault(column.place, column) != column:
        raise ValueError(f"{column.place} is declared twice")


def declared() -> list[Column]:
    return [_declared[place] for place in sorted(_declared)]


def install(cursor: CursorWrapper) -> None:
    """Let the database know the columns, and guard them. As the owner; idempotent."""
    for column in declared():
        cursor.execute(
            "INSERT INTO vault_column (table_name, column_name, context) VALUES (%s, %s, %s)"
            " ON CONFLICT (table_name, column_name) DO UPDATE SET context = EXCLUDED.context",
            [column.table, column.name, column.context],
        )
        cursor.execute(guard_secret(column.table, column.name))


def any_secret(cursor: CursorWrapper) -> tuple[str, bytes] | None:
    """Context and value of some sealed secret, if there is one. As the owner."""
    for column in declared():
        cursor.execute(
            f"SELECT ({column.context})::text, {column.name} FROM {column.table} WHERE {column.name} IS NOT NULL LIMIT 1"
        )
        row = cursor.fetchone()
        if row:
            return row[0], bytes(row[1])
    return None
