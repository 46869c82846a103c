"""Handing out a part of the log with its proofs, to be verified without the database (`verifier.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, TextIO

from django.db import connection, transaction

from . import merkle, signing, sql
from .checkpoints import StoredTree
from .models import Checkpoint
from .verifier import FORMAT

Progress = Callable[[int, int], None]
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Question:
    """Which entries: `first` inclusive, `last` exclusive; about one person (宛名番号), by one account, or everything."""

    first: datetime
    last: datetime
    subject: int | None = None
    account: str = ""


def _conditions(question: Question) -> tuple[str, list[Any]]:
    conditions, values = ["e.at >= %s", "e.at < %s"], [question.first, question.last]
    if question.subject is not None:
        conditions.append("e.subjects @> ARRAY[%s]::bigint[]")
        values.append(question.subject)
    if question.account:
        conditions.append("e.account = %s")
        values.append(question.account)
    return " AND ".join(conditions), values


def entries(question: Question) -> Iterator[dict[str, Any]]:
    """The sealed entries of a question in the order of the tree, each with its proof in the newest tree."""
    newest = Checkpoint.objects.order_by("-number").first()
    if newest is None:
        return
    where, values = _conditions(question)
    tree = StoredTree()
    statement = f"""SELECT l.position, e.salt, {sql.canonical("e.")} FROM audit_entry e
        JOIN audit_leaf l ON l.lane = e.lane AND l.sequence = e.sequence
        WHERE {where} AND l.position < %s ORDER BY l.position"""
    with transaction.atomic(), connection.connection.cursor(name="audit_bundle") as cursor:
        cursor.itersize = _ROWS
        cursor.execute(statement, [*values, newest.size])
        for position, salt, text in cursor:
            path = merkle.inclusion(position, newest.size, tree)
            yield {
                "position": position,
                "size": newest.size,
                "salt": salt.hex,
                "text": text,
                "path": [node.hex() for node in path],
            }


def unsealed(question: Question) -> int:
    """How many entries of a question have no proof yet."""
    where, values = _conditions(question)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM audit_entry e LEFT JOIN audit_leaf l ON l.lane = e.lane AND l.sequence = e.sequence
                WHERE {where} AND l.position IS NULL""",
            values,
        )
        return int(cursor.fetchone()[0])


def write(question: Question, stream: TextIO, *, since: int = 0) -> int:
    """Write a bundle; how many entries. `since`: the size of a head that somebody keeps: the bundle proves the growth from it.

    The bundle's heads are the first one, the one of `since`, and the newest; consecutive ones are joined by proofs.
    Seal before: an entry that is not in the tree yet is left out.
    """
    with transaction.atomic():
        heads = {head.size: head for head in _heads(since)}
        tree = StoredTree()
        document = {
            "format": FORMAT,
            "keys": [key.text for key in signing.verification_keys()],
            "question": {
                "first": question.first.isoformat(),
                "last": question.last.isoformat(),
                "subject": question.subject,
                "account": question.account,
            },
            "checkpoints": [heads[size].note for size in sorted(heads)],
            "consistency": [
                {"from": size, "to": later, "path": [node.hex() for node in merkle.consistency(size, later, tree)]}
                for size, later in pairwise(sorted(heads))
            ],
        }
        # Entries one a line: a period may hold millions.
        head = json.dumps(document, ensure_ascii=False, indent=1)
        stream.write(head[: head.rindex("}")].rstrip() + ',\n "entries": [')
        count = 0
        for entry in entries(question):
            stream.write(("," if count else "") + "\n  " + json.dumps(entry, ensure_ascii=False))
            count += 1
        stream.write(f'\n ],\n "count": {count}\n}}\n')
    return count


def _heads(since: int) -> list[Checkpoint]:
    """Raises LookupError when no head of the size `since` was ever signed."""
    ends = [Checkpoint.objects.order_by("number").first(), Checkpoint.objects.order_by("-number").first()]
    kept = Checkpoint.objects.filter(size=since).first() if since else None
    if since and kept is None:
        raise LookupError(f"大きさ{since}のチェックポイントはありません。")
    return [head for head in (*ends, kept) if head is not None]
