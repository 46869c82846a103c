"""Opening a case, its steps, its end; what is due and what is late. Each function is one act of a desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from yakuba.core.calendar import fiscal_year_end, fiscal_year_name, fiscal_year_of
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import kinds as approvals
from yakuba.platform.approvals import services as approval_services
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.audit.models import Entry as AuditEntry
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from .kinds import CLOSE, SETTINGS, Act, Kind, Values, kind_of, kinds, read
from .models import Case, Entry, Task

RESULTS = {"good": "適合", "bad": "不適合", "none": "対象外"}
"""Of one item of a self-check."""

_TITLE = 120
_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at in a self-check. `carried`: it was open at the last one."""

    key: str
    label: str
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What was attached: where the paper or file is kept, and its SHA-256 where it is a file."""

    name: str
    place: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class DueLine:
    """A task that waits, or a duty that comes again (`case` None). `due` None: it was never done."""

    label: str
    kind: Kind
    due: date | None
    is_late: bool
    case: Case | None = None
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was done and what waits. `values` are the present ones, after revisions."""

    case: Case
    kind: Kind
    values: Values
    tasks: tuple[Task, ...]
    waiting: tuple[Task, ...]
    entries: tuple[Entry, ...]
    children: tuple[Case, ...]
    is_closed: bool
    is_late: bool
    closing: Application | None

    @property
    def done(self) -> int:
        return len(self.tasks) - len(self.waiting)


@dataclass(frozen=True, slots=True)
class Affected:
    """Persons whose records an account opened or changed within a span: 宛名番号 -> how often."""

    persons: Mapping[int, int]
    acts: int


def _refused(code: str, field: str, message: str, remedy: str) -> Refused:
    return Refused([Finding(code, field, message, remedy)])


def _describe(payload: dict[str, Any]) -> approvals.Lines:
    return (
        ("種類", payload["kind"]), ("件名", payload["title"]), ("終えた務め", f"{payload['tasks']}件"),
        ("申し出", payload["note"]),
    )  # fmt: skip


def _close(desk: Desk, application: Application) -> None:
    case = Case.objects.get(pk=int(application.about))
    Entry.objects.create(
        case=case, act=CLOSE, fields={"application": application.pk, "note": application.payload["note"]},
        account=desk.account, office=desk.office, at=desk.now,
    )  # fmt: skip
    desk.log(Operation.DECIDE, target=f"ledger:{case.kind}:{case.pk}", act=CLOSE)


CLOSING = approvals.register(
    approvals.Kind(
        name="ledger_closing",
        title="運用管理の事案の終結",
        applicant=(
            Duty.SECURITY,
            Duty.INFORMATION_MANAGEMENT,
            Duty.AUDIT,
            Duty.DISCLOSURE,
            Duty.HANDOVER,
            Duty.APPROVAL,
        ),
        steps=(approvals.Step(Duty.APPROVAL, "所属長・管理責任者の確認"),),
        describe=_describe,
        on_approved=_close,
    )
)


# -- who may ---------------------------------------------------------------------------------------------------------


def may_handle(desk: Desk, kind: Kind) -> bool:
    return any(desk.may(duty) for duty in kind.handled_by)


def _require(desk: Desk, kind: Kind, *, answering: bool = False) -> None:
    """One of the duties that handle the kind; when `answering`, one that answers for its office will do."""
    allowed = (*kind.handled_by, *(kind.answered_by if answering else ()))
    desk.require(next((duty for duty in allowed if desk.may(duty)), allowed[0]))


def _kind(name: str) -> Kind:
    try:
        return kind_of(name)
    except KeyError:
        raise _refused("LED-E-010", "kind", "この種類の事案はありません。", "一覧から選んでください。") from None


# -- opening ----------------------------------------------------------------------------------------------------------


@use_case(Operation.FILE)
def open_case(
    desk: Desk, kind_name: str, title: str, given: Mapping[str, Any], *, parent_id: int | None = None
) -> Case:
    """Open a case with its tasks. Raises Refused with every finding."""
    kind = _kind(kind_name)
    _require(desk, kind)
    if kind.per_office:
        raise _refused(
            "LED-E-011",
            "kind",
            f"「{kind.title}」は、部署ごとの回答を求めて始めます。",
            "自己点検を始める操作を使ってください。",
        )
    findings = Findings()
    values = read(kind.fields, given, findings)
    if not title.strip():
        findings.error("LED-E-012", "title", "件名がありません。", "後で見分けられる件名を入力してください。")
    if parent_id is not None and not Case.objects.filter(pk=parent_id).exists():
        findings.error("LED-E-013", "parent", "元の事案が見つかりません。", "番号を確かめてください。")
    _check_order(values, findings, desk)
    findings.raise_if_blocking()
    case = _created(desk, kind, title, values, parent_id)
    _follow(desk, case, kind, values)
    return case


def _check_order(values: Values, findings: Findings, desk: Desk) -> None:
    """What has been found out, or has happened, did so before now."""
    for name in ("known_at", "occurred_at", "done_at", "happened_at"):
        if name in values and values[name] > desk.now.astimezone(JAPAN).isoformat(timespec="minutes"):
            findings.error("LED-E-014", name, "未来の日時です。", "実際の日時を入力してください。")
    if {"known_at", "occurred_at"} <= set(values) and values["occurred_at"] > values["known_at"]:
        findings.error("LED-E-015", "occurred_at", "発生が、知った日時より後です。", "日時を確かめてください。")


def _created(
    desk: Desk, kind: Kind, title: str, values: Values, parent_id: int | None, checklist: Sequence[Item] = ()
) -> Case:
    case: Case = Case.objects.create(
        kind=kind.name, title=title.strip()[:_TITLE], fields=dict(values), parent_id=parent_id,
        checklist=[{"key": item.key, "label": item.label, "carried": item.carried} for item in checklist],
        account=desk.account, office=desk.office, at=desk.now,
    )  # fmt: skip
    desk.log(Operation.FILE, target=f"ledger:{kind.name}:{case.pk}", act="open")
    return case


def _follow(desk: Desk, case: Case, kind: Kind, values: Values, *, again: Sequence[str] = ()) -> None:
    """Make the tasks that the values ask for and that the case has not had; of `again`, a new one."""
    there = set(case.tasks.values_list("name", flat=True)) - set(again)
    for rule in kind.tasks:
        if rule.name in there or not rule.applies(values):
            continue
        there.add(rule.name)
        receiver = kind.receivers.get(str(values.get(rule.receiver_of, "")), "")
        Task.objects.create(
            case=case, name=rule.name, label=rule.label.format(receiver=receiver),
            due=rule.due(values, desk.today), at=desk.now,
        )  # fmt: skip


# -- the yearly self-check -----------------------------------------------------------------------------------------


def checklist() -> list[Item]:
    """Items of the house's self-check, from whom the settings name: the assessment that the house published."""
    provider: Callable[[], list[tuple[str, str]]] = import_string(django_settings.SELF_CHECK_ITEMS)
    return [Item(key, label) for key, label in provider()]


@use_case(Operation.FILE)
def open_self_check(
    desk: Desk,
    offices: Sequence[str],
    until: date | None = None,
    *,
    items: Sequence[Item] | None = None,
    fiscal_year: int | None = None,
) -> Case:
    """Ask offices to check themselves, until the end of the fiscal year unless a day is named.

    What was found bad or left unanswered at the last check stands first, marked as carried over. Raises Refused.
    """
    kind = kind_of("self_check")
    _require(desk, kind)
    year = fiscal_year_of(desk.today) if fiscal_year is None else fiscal_year
    end = fiscal_year_end(year) if until is None else until
    known = dict(Office.objects.filter(code__in=offices).values_list("code", "name"))
    findings = Findings()
    if not offices or set(offices) - set(known):
        findings.error("LED-E-020", "offices", "部署が選ばれていないか、ない部署です。", "一覧から選んでください。")
    if end < desk.today:
        findings.error("LED-E-021", "until", "回答の期限が過去の日付です。", "今日以後の日付を入力してください。")
    if Case.objects.filter(kind=kind.name, fields__fiscal_year=year).exists():
        findings.error(
            "LED-E-022", "fiscal_year", "この年度の自己点検は始まっています。", "その自己点検を進めてください。"
        )
    asked = list(checklist() if items is None else items)
    if not asked:
        findings.error("LED-E-023", "items", "点検の項目がありません。", "評価書の項目を用意してください。")
    findings.raise_if_blocking()
    open_before = _open_items()
    carried = [Item(item.key, item.label, True) for item in asked if item.key in open_before]
    asked = carried + [item for item in asked if item.key not in open_before]
    values = {"fiscal_year": year, "until": end.isoformat(), "scope": f"{len(asked)}項目"}
    case = _created(desk, kind, f"{fiscal_year_name(year)}の自己点検", values, None, asked)
    (rule,) = (rule for rule in kind.tasks if rule.name == kind.per_office)
    Task.objects.bulk_create(
        Task(case=case, name=rule.name, label=rule.label.format(office=known[code]), office=code, due=end, at=desk.now)
        for code in sorted(set(offices))
    )
    return case


def _open_items() -> set[str]:
    """Keys of the last self-check that some office found bad, or that no office answered."""
    last = Case.objects.filter(kind="self_check").order_by("-pk").first()
    if last is None:
        return set()
    answers = [entry.fields["answers"] for entry in last.entries.filter(act="answer")]
    answered = {key for answer in answers for key in answer}
    bad = {key for answer in answers for key, (result, _) in answer.items() if result == "bad"}
    return bad | {item["key"] for item in last.checklist if item["key"] not in answered}


def _read_answers(case: Case, given: Mapping[str, Any], findings: Findings) -> dict[str, tuple[str, str]]:
    """Every item's result; `given` has `result:KEY` and `note:KEY`. Bad and exempt ones want a word."""
    answers = {}
    missing = []
    for item in case.checklist:
        key = item["key"]
        result = str(given.get(f"result:{key}", ""))
        note = str(given.get(f"note:{key}", "")).strip()[:_NOTE]
        if result not in RESULTS:
            missing.append(key)
        elif result != "good" and not note:
            findings.error(
                "LED-E-024",
                f"note:{key}",
                f"「{item['label']}」の理由がありません。",
                "不適合・対象外の理由を入力してください。",
            )
        answers[key] = (result, note)
    if missing:
        findings.error(
            "LED-E-025",
            f"result:{missing[0]}",
            f"結果のない項目が{len(missing)}件あります。",
            "すべての項目に答えてください。",
        )
    return answers


# -- steps ----------------------------------------------------------------------------------------------------------


def _locked(desk: Desk, case_id: int) -> tuple[Case, Kind]:
    """The case, alone in its transaction. Its kind is only known when it was read: the caller's duties allow that."""
    duty = next((duty for duty in CLOSING.applicant if desk.may(duty)), CLOSING.applicant[0])
    desk.require(duty)
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise _refused("LED-E-030", "case", "事案が見つかりません。", "番号を確かめてください。")
    _lock(case)
    return case, kind_of(case.kind)


def _lock(case: Case) -> None:
    # A row lock wants the right to change the row, which nobody has.
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledgers:case'), %s)", [case.pk % 2**31])


def _values(case: Case, kind: Kind, entries: Sequence[Entry]) -> dict[str, Any]:
    values = dict(case.fields)
    for entry in entries:
        act = kind.acts.get(entry.act)
        if act is not None and act.revises:
            values |= entry.fields
    return values


@use_case(Operation.FILE)
def record(
    desk: Desk, case_id: int, act_name: str, given: Mapping[str, Any], documents: Sequence[Document] = ()
) -> Entry:
    """One step of a case; it completes the task that it is for. Raises Refused with every finding, AccessDenied."""
    case, kind = _locked(desk, case_id)
    act = kind.acts.get(act_name)
    if act is None:
        raise _refused("LED-E-031", "act", "この事案にない操作です。", "画面を開き直してください。")
    _require(desk, kind, answering=act.checklist)
    entries = list(case.entries.order_by("pk"))
    if any(entry.act == CLOSE for entry in entries):
        raise _refused("LED-E-032", "case", "終わった事案です。", "新しい事案として記録してください。")
    findings = Findings()
    values = read(act.fields, given, findings)
    _check_order(values, findings, desk)
    if act.checklist:
        values["answers"] = _read_answers(case, given, findings)
    if act.attach and not documents:
        findings.error(
            "LED-E-033", "document", "添付する文書がありません。", "文書の名称と保管場所を入力してください。"
        )
    if any(not (each.name.strip() and each.place.strip()) for each in documents):
        findings.error("LED-E-034", "document", "文書の名称か保管場所がありません。", "両方を入力してください。")
    _check_act(case, act, values, findings)
    task = _task_of(desk, case, kind, act, findings)
    findings.raise_if_blocking()
    entry: Entry = Entry.objects.create(
        case=case, act=act.name, task=task, fields=values,
        documents=[{"name": each.name, "place": each.place, "sha256": each.sha256} for each in documents],
        account=desk.account, office=desk.office, at=desk.now,
    )  # fmt: skip
    desk.log(Operation.FILE, target=f"ledger:{kind.name}:{case.pk}", act=act.name)
    if act.revises:
        _follow(desk, case, kind, _values(case, kind, [*entries, entry]), again=(act.completes,))
    if act.ends or (kind.per_office and not _waiting(case).exists()):
        _end(desk, case, kind, act)
    return entry


def _check_act(case: Case, act: Act, values: Values, findings: Findings) -> None:
    """What must come before the act, and what must agree in it."""
    before = list(_waiting(case).filter(name__in=act.after).values_list("label", flat=True))
    if before:
        findings.error(
            "LED-E-041",
            "act",
            f"先に終える務めがあります（{'、'.join(before)}）。",
            "その務めを記録してから行ってください。",
        )
    labels = {each.name: each.label for each in act.fields}
    for one, other in act.equal:
        if one in values and other in values and values[one] != values[other]:
            findings.error(
                "LED-E-042",
                other,
                f"「{labels[one]}」と「{labels[other]}」が一致しません。",
                "原因を調べ、一致してから記録してください。",
            )


def _task_of(desk: Desk, case: Case, kind: Kind, act: Act, findings: Findings) -> Task | None:
    if not act.completes:
        return None
    waiting = _waiting(case).filter(name=act.completes)
    if kind.per_office:
        waiting = waiting.filter(office=desk.office)
    task: Task | None = waiting.order_by("due").first()
    if task is None:
        findings.error(
            "LED-E-035",
            "act",
            "この操作で終える務めがないか、既に終わっています。",
            "事案の務めの一覧を確かめてください。",
        )
    return task


def _waiting(case: Case) -> QuerySet[Task]:
    return case.tasks.filter(completion=None)


def _end(desk: Desk, case: Case, kind: Kind, act: Act | None) -> None:
    left = list(_waiting(case).values_list("label", flat=True))
    if left and not (act and act.leaves_tasks):
        raise _refused(
            "LED-E-036",
            "case",
            f"終わっていない務めがあります（{'、'.join(left)}）。",
            "務めを終えてから事案を終えてください。",
        )
    Entry.objects.create(case=case, act=CLOSE, account=desk.account, office=desk.office, at=desk.now)
    desk.log(Operation.FILE, target=f"ledger:{kind.name}:{case.pk}", act=CLOSE)


def apply_to_close(desk: Desk, case_id: int, note: str) -> Application:
    """Ask the head to end a case whose tasks are all done: nobody ends his own. Raises Refused, AccessDenied."""
    payload = _closing_payload(desk, case_id, note)
    return approval_services.apply(desk, CLOSING, str(case_id), payload)


@use_case(Operation.APPLY)
def _closing_payload(desk: Desk, case_id: int, note: str) -> dict[str, Any]:
    case, kind = _locked(desk, case_id)
    _require(desk, kind)
    findings = Findings()
    if case.entries.filter(act=CLOSE).exists():
        findings.error("LED-E-032", "case", "終わった事案です。", "新しい事案として記録してください。")
    if not kind.ends_by_approval:
        findings.error("LED-E-037", "case", "この種類の事案は、務めが終わると終わります。", "務めを記録してください。")
    left = list(_waiting(case).values_list("label", flat=True))
    if left:
        findings.error(
            "LED-E-036",
            "case",
            f"終わっていない務めがあります（{'、'.join(left)}）。",
            "務めを終えてから申請してください。",
        )
    if not note.strip():
        findings.error("LED-E-038", "note", "終える理由がありません。", "決裁する人に伝える内容を入力してください。")
    findings.raise_if_blocking()
    return {"kind": kind.title, "title": case.title, "tasks": case.tasks.count(), "note": note.strip()[:_NOTE]}


# -- looking ----------------------------------------------------------------------------------------------------------


def seen_kinds(desk: Desk) -> list[Kind]:
    """Kinds that the desk handles or answers."""
    return [kind for kind in kinds().values() if any(desk.may(duty) for duty in (*kind.handled_by, *kind.answered_by))]


@use_case(Operation.VIEW)
def due(desk: Desk, *, within_days: int = 31) -> list[DueLine]:
    """What waits until then, late first: tasks of the desk's kinds (its own office's where offices answer), duties that come again."""
    lines: list[DueLine] = []
    for kind in seen_kinds(desk):
        _require(desk, kind, answering=True)
        rows = Task.objects.filter(
            case__kind=kind.name, completion=None, due__lte=desk.today + timedelta(days=within_days)
        )
        rows = rows.exclude(case__entries__act=CLOSE)
        if not may_handle(desk, kind):
            rows = rows.filter(office=desk.office)
        lines += [
            DueLine(task.label, kind, task.due, task.due < desk.today, task.case, task)
            for task in rows.select_related("case")
        ]
        if may_handle(desk, kind):
            lines += _coming_again(desk, kind, within_days)
    return sorted(lines, key=lambda line: (not line.is_late, line.due or date.max, line.label))


def _coming_again(desk: Desk, kind: Kind, within_days: int) -> list[DueLine]:
    lines = []
    for every in kind.every:
        days = SETTINGS.value(every.days, int, on=desk.today)
        if days == 0:
            continue
        done = [case.fields[every.start] for case in Case.objects.filter(kind=kind.name) if every.applies(case.fields)]
        if not done:
            lines.append(DueLine(f"{every.label}（まだ一度も記録がありません）", kind, None, True))
            continue
        next_due = date.fromisoformat(max(done)) + timedelta(days=days)
        if next_due <= desk.today + timedelta(days=within_days):
            lines.append(DueLine(every.label, kind, next_due, next_due < desk.today))
    if kind.yearly:
        year = fiscal_year_of(desk.today)
        end = fiscal_year_end(year)
        begun = Case.objects.filter(kind=kind.name, fields__fiscal_year=year).exists()
        if not begun and end <= desk.today + timedelta(days=max(within_days, 92)):
            lines.append(DueLine(f"{fiscal_year_name(year)}の{kind.title}", kind, end, False))
    return lines


@use_case(Operation.VIEW)
def look(desk: Desk, kind_name: str, *, only_open: bool = True, newest: int = 200) -> list[Case]:
    """Cases of a kind, newest first."""
    kind = _kind(kind_name)
    _require(desk, kind, answering=True)
    rows = Case.objects.filter(kind=kind.name).order_by("-pk")
    if only_open:
        rows = rows.exclude(entries__act=CLOSE)
    desk.log(Operation.VIEW, target=f"ledger:{kind.name}")
    return list(rows[:newest])


@use_case(Operation.VIEW)
def view(desk: Desk, case_id: int) -> CaseView:
    """A case with its steps and tasks. Raises Refused, AccessDenied."""
    case, kind = _locked(desk, case_id)
    _require(desk, kind, answering=True)
    entries = tuple(case.entries.order_by("pk"))
    tasks = tuple(case.tasks.order_by("due", "pk"))
    done = {entry.task_id for entry in entries}
    waiting = tuple(task for task in tasks if task.pk not in done)
    closed = any(entry.act == CLOSE for entry in entries)
    closing = Application.objects.filter(kind=CLOSING.name, about=str(case.pk)).order_by("-pk").first()
    desk.log(Operation.VIEW, target=f"ledger:{kind.name}:{case.pk}")
    return CaseView(
        case, kind, _values(case, kind, entries), tasks, waiting, entries, tuple(case.children.order_by("pk")), closed,
        not closed and any(task.due < desk.today for task in waiting), closing,
    )  # fmt: skip


@use_case(Operation.AUDIT)
def affected(desk: Desk, case_id: int) -> Affected:
    """Whose records the account that an incident names touched in its days, by the access log. Needs AUDIT as well.

    Raises Refused where the incident names no account and days.
    """
    case, kind = _locked(desk, case_id)
    _require(desk, kind)
    values = _values(case, kind, list(case.entries.order_by("pk")))
    missing = [each for each in ("account", "period_from", "period_to") if not values.get(each)]
    if missing:
        raise _refused(
            "LED-E-040",
            missing[0],
            "関係する利用者IDと期間が記録されていません。",
            "事案に利用者IDと期間を記録してください。",
        )
    desk.require(Duty.AUDIT)
    rows = AuditEntry.objects.filter(
        account=values["account"],
        at__date__gte=date.fromisoformat(values["period_from"]),
        at__date__lte=date.fromisoformat(values["period_to"]),
    ).exclude(subjects=[])
    persons: dict[int, int] = {}
    acts = 0
    for subjects in rows.values_list("subjects", flat=True).iterator():
        acts += 1
        for subject in subjects:
            persons[subject] = persons.get(subject, 0) + 1
    desk.log(Operation.AUDIT, target=f"ledger:{case.kind}:{case.pk}", act="affected", persons=len(persons))
    return Affected(dict(sorted(persons.items())), acts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Days of a contractor's account: worked by the log without a report, reported without any act in the log, both."""

    without_report: tuple[date, ...]
    without_act: tuple[date, ...]
    matched: tuple[date, ...]


_LONGEST_DAYS = 400


@use_case(Operation.AUDIT)
def compare_work(desk: Desk, account: str, first: date, last: date) -> Comparison:
    """A contractor's reports (委託先の作業報告) against the access log, day by day. Needs Duty.AUDIT. Raises Refused."""
    desk.require(Duty.AUDIT)
    findings = Findings()
    if not account.strip():
        findings.error("LED-E-043", "account", "利用者IDがありません。", "作業者の利用者IDを入力してください。")
    if not 0 <= (last - first).days <= _LONGEST_DAYS:
        findings.error(
            "LED-E-044", "last", "期間が正しくありません。", f"{_LONGEST_DAYS}日までの期間を入力してください。"
        )
    findings.raise_if_blocking()
    start, end = (datetime.combine(day, datetime.min.time(), JAPAN) for day in (first, last + timedelta(days=1)))
    moments = AuditEntry.objects.filter(account=account, at__gte=start, at__lt=end).values_list("at", flat=True)
    worked = {moment.astimezone(JAPAN).date() for moment in moments.iterator()}
    told = Case.objects.filter(
        kind="contractor_work", fields__account=account,
        fields__worked_on__gte=first.isoformat(), fields__worked_on__lte=last.isoformat(),
    )  # fmt: skip
    reported = {date.fromisoformat(fields["worked_on"]) for fields in told.values_list("fields", flat=True)}
    desk.log(Operation.AUDIT, target="ledger:contractor_work", act="compare", about=account, first=first, last=last)
    return Comparison(
        tuple(sorted(worked - reported)), tuple(sorted(reported - worked)), tuple(sorted(worked & reported))
    )
