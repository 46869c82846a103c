"""Reading the operation history (操作履歴): by person, account, operation and day. Every look is an entry of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.protection.passing import passing
from yakuba.platform.transactions import use_case

from . import exits

PAGE = 100

LABELS = {operation: operation.label for operation in Operation}
RESULTS = {result: result.label for result in Result}


@dataclass(frozen=True, slots=True)
class Question:
    """Days are inclusive, in Japan. `before` is the id from which to go on backwards."""

    first: date
    last: date
    subject: int | None = None
    account: str = ""
    operation: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    operation: str
    result: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class AuditPage:
    lines: tuple[Line, ...]
    more_before: int | None


def parse(data: Mapping[str, Any], today: date) -> Question:
    """The question of the form; without days, the last week. Raises Refused with every finding."""
    findings = Findings()
    days = {}
    for name, default in (("first", today - timedelta(days=7)), ("last", today)):
        text = str(data.get(name, "")).strip()
        days[name] = default
        if text:
            try:
                days[name] = UncertainDate.parse(text).date
            except ValueError:
                findings.error("AUD-E-001", name, "年月日として読めません。", "暦にある日付を入力してください。")
    numbers: dict[str, int | None] = {"subject": None, "before": None}
    for name in numbers:
        text = str(data.get(name, "")).strip()
        if text.isascii() and text.isdigit() and len(text) <= 18:
            numbers[name] = int(text)
        elif text:
            findings.error("AUD-E-002", name, "番号として読めません。", "宛名番号を数字で入力してください。")
    operation = str(data.get("operation", ""))
    if operation and operation not in set(Operation):
        findings.error("AUD-E-003", "operation", "操作の種類が正しくありません。", "一覧から選んでください。")
    if findings.errors:
        raise Refused(findings)
    account = str(data.get("account", "")).strip()[:40]
    return Question(days["first"], days["last"], numbers["subject"], account, operation, numbers["before"])


@use_case(Operation.AUDIT)
def search(desk: Desk, question: Question) -> AuditPage:
    """Newest entries first, `PAGE` at a time."""
    desk.require(Duty.AUDIT)
    rows = Entry.objects.filter(
        at__gte=datetime.combine(question.first, datetime.min.time(), JAPAN),
        at__lt=datetime.combine(question.last + timedelta(days=1), datetime.min.time(), JAPAN),
    )
    if question.subject is not None:
        rows = rows.filter(subjects__contains=[question.subject])
    if question.account:
        rows = rows.filter(account=question.account)
    if question.operation:
        rows = rows.filter(operation=question.operation)
    if question.before is not None:
        rows = rows.filter(id__lt=question.before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    gate = passing(desk, exits.AUDIT_LIST, {subject for entry in found[:PAGE] for subject in entry.subjects})
    for entry in found[:PAGE]:
        # Who lives together stands in the target of a look at a household.
        if gate.of(entry.subjects).hidden and entry.target.startswith("household:"):
            entry.target = "household"
    desk.log(
        Operation.AUDIT,
        subjects=(question.subject,) if question.subject is not None else (),
        target="audit",
        first=question.first,
        last=question.last,
        asked_account=question.account,
        asked_operation=question.operation,
    )
    lines = tuple(
        Line(
            entry,
            LABELS.get(Operation(entry.operation), entry.operation),
            RESULTS.get(Result(entry.result), entry.result),
            entry.result != Result.DONE,
        )
        for entry in found[:PAGE]
    )
    return AuditPage(lines, found[PAGE - 1].pk if len(found) > PAGE else None)
