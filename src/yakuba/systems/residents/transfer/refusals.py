"""Rows that were not loaded: kept with their reasons, without an 個人番号 in clear."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.db import transaction

from yakuba.core.findings import Finding
from yakuba.core.numbers import AddresseeNumber, holds_individual_number
from yakuba.platform.access.desk import Desk
from yakuba.platform.protection.passing import Passed, passing
from yakuba.platform.vault import sealing

from ..exits import REFUSALS_LIST
from ..models import ImportRefusal
from .job import SEALING_CONTEXT
from .layout import COLUMNS, PLACE

_NUMBER = PLACE["number"] - 1
_SECRET = PLACE["individual_number"] - 1
_PORTION = 1000


def refusal(job: int, row: int, line: bytes, findings: Iterable[Finding], *, is_record: bool) -> ImportRefusal:
    """The row to be kept. `is_record`: the line has its fields, so that the 個人番号 can be taken out of it alone."""
    number, text, secret = None, "", line
    if is_record:
        fields = next(csv.reader([line.decode()]))
        assert len(fields) == len(COLUMNS)
        secret = fields[_SECRET].encode()
        fields[_SECRET] = ""
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(fields)
        text = out.getvalue()
        if holds_individual_number(text):
            # In the column of something else: then nothing of the line is kept in clear.
            text, secret = "", line
        number = None if AddresseeNumber.check(fields[_NUMBER]) else int(fields[_NUMBER])
    return ImportRefusal(
        job=job,
        row=row,
        number=number,
        findings=[as_json(finding) for finding in findings],
        line=text,
        sealed=sealing.seal_ahead(SEALING_CONTEXT, secret) if secret else None,
    )


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as kept; `position` without what has no meaning."""
    data = asdict(finding)
    data["position"] = {key: value for key, value in (data["position"] or {}).items() if value is not None}
    return data


def describe(finding: Mapping[str, Any]) -> str:
    """One line for a person."""
    column = finding["position"].get("column")
    where = f"{column}項目目 " if column else ""
    return f"[{finding['code']}] {where}{finding['field']}: {finding['message']} {finding['remedy']}".rstrip()


def open_refusals(job: int | None = None) -> Iterable[ImportRefusal]:
    """What still waits for a person, in the order of jobs and rows. Read it as Duty.BULK."""
    rows = ImportRefusal.objects.filter(resolved_at__isnull=True).order_by("job", "row")
    return (rows.filter(job=job) if job is not None else rows).iterator(chunk_size=1000)


def listed(desk: Desk, rows: Iterable[ImportRefusal]) -> Iterator[Passed[ImportRefusal]]:
    """The rows as they may be listed, in portions: who is under protection is left out, and counted by `refused`."""
    remaining = iter(rows)
    while portion := list(islice(remaining, _PORTION)):
        with transaction.atomic():
            gate = passing(desk, REFUSALS_LIST, [row.number for row in portion if row.number is not None])
            yield gate.filter(
                portion, lambda row: () if row.number is None else (row.number,), lambda row, _verdict: row
            )
