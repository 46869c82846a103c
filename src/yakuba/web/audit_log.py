"""Reading the operation history (操作履歴): by person, account, operation and day. Every look is an entry of its own."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.audit import monitoring, rules
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import passing
from yakuba.platform.transactions import use_case

from . import exits

PAGE = 100
EXPORTED = 20_000
CLERKS = 30

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
    """`case`: the application document that the act belongs to; empty where one is wanted and none is found, None where none
    is wanted."""

    entry: Entry
    operation: str
    result: str
    is_bad: bool
    case: str | None = None


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


def _rows(question: Question) -> QuerySet[Entry]:
    rows = Entry.objects.filter(at__gte=_midnight(question.first), at__lt=_midnight(question.last + timedelta(days=1)))
    if question.subject is not None:
        rows = rows.filter(subjects__contains=[question.subject])
    if question.account:
        rows = rows.filter(account=question.account)
    if question.operation:
        rows = rows.filter(operation=question.operation)
    if question.before is not None:
        rows = rows.filter(id__lt=question.before)
    return rows.order_by("-id")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), JAPAN)


def _lines(desk: Desk, through: Exit, found: Sequence[Entry]) -> tuple[Line, ...]:
    gate = passing(desk, through, {subject for entry in found for subject in entry.subjects})
    cases = _cases(found)
    for entry in found:
        # Who lives together stands in the target of a look at a household.
        if gate.of(entry.subjects).hidden and entry.target.startswith("household:"):
            entry.target = "household"
    return tuple(
        Line(
            entry,
            LABELS.get(Operation(entry.operation), entry.operation),
            RESULTS.get(Result(entry.result), entry.result),
            entry.result != Result.DONE,
            cases.get(entry.pk),
        )
        for entry in found
    )


def _cases(found: Sequence[Entry]) -> dict[int, str]:
    """The application document of each entry that ought to have one; empty where none is found."""
    wanted = [entry for entry in found if entry.operation in rules.NEED_A_CASE]
    if not wanted:
        return {}
    days = [entry.at.astimezone(JAPAN).date() for entry in wanted]
    documented = monitoring.acts_between(
        _midnight(min(days)),
        _midnight(max(days) + timedelta(days=1)),
        account__in={entry.account for entry in wanted},
        operation__in=rules.DOCUMENTED,
    )
    by_clerk: dict[tuple[str, date], list[rules.Act]] = defaultdict(list)
    for act in documented:
        by_clerk[act.account, act.at.astimezone(JAPAN).date()].append(act)
    return {
        entry.pk: rules.case_of(monitoring.as_act(entry), by_clerk[entry.account, day]) or ""
        for entry, day in zip(wanted, days, strict=True)
    }


def _log_look(desk: Desk, operation: Operation, question: Question, **more: object) -> None:
    desk.log(
        operation,
        subjects=(question.subject,) if question.subject is not None else (),
        target="audit",
        first=question.first,
        last=question.last,
        asked_account=question.account,
        asked_operation=question.operation,
        **more,
    )


@use_case(Operation.AUDIT)
def search(desk: Desk, question: Question) -> AuditPage:
    """Newest entries first, `PAGE` at a time."""
    desk.require(Duty.AUDIT)
    found = list(_rows(question)[: PAGE + 1])
    lines = _lines(desk, exits.AUDIT_LIST, found[:PAGE])
    _log_look(desk, Operation.AUDIT, question)
    return AuditPage(lines, found[PAGE - 1].pk if len(found) > PAGE else None)


@use_case(Operation.EXPORT)
def export(desk: Desk, question: Question) -> bytes:
    """The entries of a question as CSV (UTF-8 with a mark, which spreadsheets want), at most `EXPORTED`; oldest first.

    The log names who took it, what was asked, how many rows and the file's SHA-256. Raises Refused for more rows.
    """
    desk.require(Duty.AUDIT)
    found = list(_rows(question)[: EXPORTED + 1])
    if len(found) > EXPORTED:
        raise Refused(
            [
                Finding(
                    "AUD-E-004",
                    "first",
                    f"{EXPORTED:,}件を超えるため、書き出せません。",
                    "期間を短くするか、証明付きの書出し（./yakuba audit export）を使ってください。",
                )
            ]
        )
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(HEADER)
    for line in reversed(_lines(desk, exits.AUDIT_FILE, found)):
        entry = line.entry
        purpose = Purpose(entry.purpose).label if entry.purpose in set(Purpose) else entry.purpose
        writer.writerow(
            _plain(cell)
            for cell in (
                str(entry.pk), entry.at.astimezone(JAPAN).isoformat(), entry.account, entry.terminal, entry.office, purpose,
                line.operation, line.result, " ".join(f"{subject:015d}" for subject in entry.subjects), entry.target,
                "" if line.case is None else line.case or "なし",
            )
        )  # fmt: skip
    content = stream.getvalue().encode("utf-8-sig")
    _log_look(desk, Operation.EXPORT, question, rows=len(found), sha256=hashlib.sha256(content).hexdigest())
    return content


HEADER = (
    "記録番号",
    "日時",
    "利用者",
    "端末",
    "所属",
    "利用目的",
    "操作",
    "結果",
    "対象者の宛名番号",
    "内容",
    "申請書等",
)


def _plain(cell: str) -> str:
    """Never a formula: a spreadsheet would run what begins like one."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


# -- activity by hour -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clerk:
    """One row of the picture: how many acts in each hour of the day, over the whole period."""

    account: str
    name: str
    hours: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.hours)


_ACTIVITY = """
SELECT e.account, coalesce(a.name, e.account), extract(hour FROM e.at AT TIME ZONE 'Asia/Tokyo')::int, count(*)
FROM audit_entry e LEFT JOIN access_account a ON a.login = e.account
WHERE e.at >= %s AND e.at < %s AND e.account NOT LIKE 'system:%%' AND e.account <> ''
    AND (%s = '' OR e.account = %s) AND (%s = '' OR e.operation = %s)
GROUP BY 1, 2, 3
"""


@use_case(Operation.AUDIT)
def activity(desk: Desk, question: Question) -> tuple[Clerk, ...]:
    """Who worked when: the busiest `CLERKS` of a period, by hour in Japan."""
    desk.require(Duty.AUDIT)
    hours: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 24)
    with connection.cursor() as cursor:
        cursor.execute(
            _ACTIVITY,
            [
                _midnight(question.first), _midnight(question.last + timedelta(days=1)), question.account, question.account,
                question.operation, question.operation,
            ],
        )  # fmt: skip
        for account, name, hour, count in cursor.fetchall():
            hours[account, name][hour] = count
    _log_look(desk, Operation.AUDIT, question, shown="activity")
    clerks = [Clerk(account, name, tuple(counts)) for (account, name), counts in hours.items()]
    return tuple(sorted(clerks, key=lambda clerk: (-clerk.total, clerk.account))[:CLERKS])
