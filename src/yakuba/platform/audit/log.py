"""Writing and verifying the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import connection

from . import sql


class Operation(StrEnum):
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SECOND_FACTOR = "second_factor"
    SEARCH = "search"
    VIEW = "view"
    VIEW_NUMBER = "view_number"
    FILE = "file"
    REVIEW = "review"
    REGISTER = "register"
    ISSUE = "issue"
    PREVIEW = "preview"
    DELIVER = "deliver"
    IMPORT = "import"
    EXPORT = "export"
    PROVIDE = "provide"
    HAND_OVER = "hand_over"
    SETTINGS = "settings"
    APPLY = "apply"
    DECIDE = "decide"
    ERASE = "erase"
    AUDIT = "audit"


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: `subjects` are 宛名番号 as integers; `detail` never holds an 個人番号 or a secret."""

    at: datetime
    account: str
    terminal: str
    office: str
    purpose: str
    operation: Operation
    result: Result
    subjects: tuple[int, ...] = ()
    target: str = ""
    detail: dict[str, object] = field(default_factory=dict)


def append(act: Act) -> None:
    """Write one entry in the current transaction. Outside a transaction it is committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_append(%s, %s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s::jsonb)",
            [
                act.at,
                act.account,
                act.terminal,
                act.office,
                act.purpose,
                act.operation,
                list(act.subjects),
                act.target,
                act.result,
                json.dumps(act.detail, ensure_ascii=False, default=str),
            ],
        )


def breaches() -> list[tuple[int, int]]:
    """(lane, sequence) of every entry that does not fit its chain; empty when the log is whole."""
    with connection.cursor() as cursor:
        cursor.execute(sql.VERIFY)
        return list(cursor.fetchall())


def subjects_of(rows: Iterable[int]) -> tuple[int, ...]:
    """Distinct 宛名番号 in a stable order."""
    return tuple(sorted(set(rows)))
