"""Counting before, extracting into the hand-over book, and keeping definitions for the next time."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, replace
from io import StringIO
from typing import Any

from django.db import connection

from yakuba.core.findings import Findings
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.audit.log import Operation
from yakuba.platform.handover import outgoing
from yakuba.platform.handover.envelope import Writable
from yakuba.platform.handover.models import Way
from yakuba.platform.handover.outgoing import Counts, Order
from yakuba.platform.jobs import runner, tasks
from yakuba.platform.jobs.models import Job
from yakuba.platform.jobs.runner import Run
from yakuba.platform.protection.passing import withheld
from yakuba.platform.transactions import use_case
from yakuba.systems.residents.exits import EXTRACT_FILE
from yakuba.systems.residents.models import SavedExtraction

from .definition import Definition, rows_from, selected
from .job import KIND

SOURCE = "residents:extraction"
STAGE = "データの抽出"
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Preview:
    """How much a definition finds: `withheld` persons are under protection and left out of `persons` and `rows`."""

    persons: int
    rows: int
    withheld: int


@use_case(Operation.EXPORT)
def preview(desk: Desk, definition: Definition) -> Preview:
    """Count, so that a person sees what comes before it is made. Raises AccessDenied."""
    desk.require(Duty.BULK)
    source, values = rows_from(definition)
    without = sorted(withheld(desk, EXTRACT_FILE))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT v.person) FILTER (WHERE v.person <> ALL(%s)),"
            " count(*) FILTER (WHERE v.person <> ALL(%s)), count(DISTINCT v.person) FILTER (WHERE v.person = ANY(%s))"
            f" FROM {source}",
            [without, without, without, *values],
        )
        found = Preview(*cursor.fetchone())
    desk.log(Operation.EXPORT, target=SOURCE, state="counted", asked=definition.in_words(), **asdict(found))
    return found


def request(desk: Desk, definition: Definition, order: Order) -> Job:
    """Queue the making of the file; it waits in the hand-over book then. Raises Refused, AccessDenied.

    What is asked with a right is made with it: `release` asks for the person's rights again before anything leaves.
    """
    order = replace(order, source=SOURCE, with_numbers=False)
    outgoing.check_order(desk, order)
    return _queue(desk, definition, order)


@use_case(Operation.EXPORT)
def _queue(desk: Desk, definition: Definition, order: Order) -> Job:
    desk.require(Duty.BULK)
    arguments = {
        "definition": definition.as_data(),
        "order": asdict(order),
        "account": desk.account, "name": desk.name, "office": desk.office, "terminal": desk.terminal,
    }  # fmt: skip
    job: Job = runner.create(KIND, arguments, desk.account, desk.clock)
    tasks.enqueue(job.pk)
    desk.log(Operation.EXPORT, target=SOURCE, state="asked", job=job.pk, asked=definition.in_words())
    return job


def make(run: Run) -> dict[str, Any]:
    """The work of the job: one statement, streamed into the sealed file. Killed, it begins anew; a cut file opens for nobody."""
    if run.cursor:
        return dict(run.cursor)
    told = run.arguments
    definition = Definition.parse(told["definition"])
    desk = Desk(
        account=told["account"], name=told["name"], office=told["office"], terminal=told["terminal"],
        purpose=Purpose.HAND_OVER.value, duties=frozenset({Duty.BULK, Duty.HANDOVER}), clock=run.clock,
    )  # fmt: skip
    order = Order(**{**told["order"], "way": Way(told["order"]["way"])})
    run.checkpoint(None, 0, None, STAGE)
    run.raise_if_cancelled()
    draft = outgoing.prepare(desk, order, lambda target: _write(target, desk, definition))
    result = {"draft": draft.pk, "persons": draft.persons, "rows": draft.rows}
    run.checkpoint(result, draft.rows, draft.rows, STAGE)
    return result


def _write(target: Writable, desk: Desk, definition: Definition) -> Counts:
    """The file: UTF-8 with a byte order mark, CRLF, headings in words. All rows are of one moment."""
    columns = list(selected(definition))
    head = StringIO()
    csv.writer(head, lineterminator="\r\n").writerow(heading for heading, _ in columns)
    target.write(b"\xef\xbb\xbf" + head.getvalue().encode())
    source, values = rows_from(definition)
    inside = connection.in_atomic_block
    with desk.acting(Duty.BULK), connection.cursor() as cursor:
        if not inside:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        without = sorted(withheld(desk, EXTRACT_FILE))
        cursor.execute(
            f"SELECT count(*), count(DISTINCT v.person) FROM {source} AND v.person <> ALL(%s)", [*values, without]
        )
        rows, persons = cursor.fetchone()
        listed = ", ".join(expression for _, expression in columns)
        order = "v.person, v.version_no"
        statement = (
            f"COPY (SELECT {listed} FROM {source} AND v.person <> ALL(%s) ORDER BY {order}) TO STDOUT (FORMAT csv)"
        )
        with cursor.copy(statement, [*values, without]) as copy:
            for block in copy:
                # PostgreSQL ends rows with a line feed; no value of the register holds one.
                target.write(bytes(block).replace(b"\n", b"\r\n"))
    return Counts(rows=rows, persons=persons)


# -- kept definitions -------------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def save(desk: Desk, name: str, definition: Definition) -> SavedExtraction:
    """Keep a definition under a name for one's office; the last one of a name holds. Raises Refused, AccessDenied."""
    desk.require(Duty.BULK)
    findings = Findings()
    if not 0 < len(name.strip()) <= _NAME_LENGTH:
        findings.error("RES-E-730", "name", "名前がないか、長すぎます。", f"{_NAME_LENGTH}字までで入力してください。")
    findings.raise_if_blocking()
    kept: SavedExtraction = SavedExtraction.objects.create(
        office=desk.office, name=name.strip(), definition=definition.as_data(), account=desk.account, at=desk.now
    )
    desk.log(Operation.SETTINGS, target=f"extraction:{kept.pk}", asked=definition.in_words())
    return kept


@use_case(Operation.SETTINGS)
def saved(desk: Desk) -> list[SavedExtraction]:
    """The office's definitions by name, each as it was kept last."""
    desk.require(Duty.BULK)
    rows = SavedExtraction.objects.filter(office=desk.office).order_by("name", "-pk").distinct("name")
    return list(rows)
