"""点検: the log is examined every day; what looks unusual becomes a concern, which a person answers and closes.

Everything here is kept: a concern and its steps are only ever added to, and each act is an entry of the log itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from . import rules
from .log import Operation, Result
from .models import Concern, Entry, Inspection, Mark, StaffLink, Step, Usage
from .retention import SETTINGS
from .rules import Act, Day, Face, Limits, Staff

HOUSE = "system:"
"""Accounts of the house itself begin so; the rules are about people."""

_LONGEST_SESSION = timedelta(hours=24)
_LOCK_SPACE = 0x9A0E  # advisory locks (space, concern): the space is this module's alone

Faces = Callable[[Collection[int]], Mapping[int, Face]]
_faces: list[Faces] = []


def register_faces(lookup: Faces) -> Faces:
    """Say who tells names, households and addresses of 宛名番号 to the rules. Called with Duty.INQUIRY's rights."""
    if lookup not in _faces:
        _faces.append(lookup)
    return lookup


# -- examining a day --------------------------------------------------------------------------------------------------


def limits(day: date) -> Limits:
    """The limits of a day. Raises profiles.NoSetting where none are decided."""
    return Limits(**{name.name: SETTINGS.value(name.name, int, on=day) for name in fields(Limits)})


def _moment(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), JAPAN)


def acts_between(first: datetime, last: datetime, **more: Any) -> list[Act]:
    """People's entries of [first, last), in order of time."""
    rows = (
        Entry.objects.filter(at__gte=first, at__lt=last, **more)
        .exclude(account__startswith=HOUSE)
        .exclude(account="")
        .order_by("at", "id")
        .defer("salt", "leaf", "hash")
    )
    return [as_act(row) for row in rows.iterator()]


def as_act(entry: Entry) -> Act:
    """An entry as rules see it."""
    return Act(
        entry.pk, entry.at, entry.account, entry.office, entry.terminal, Operation(entry.operation), Result(entry.result),
        tuple(entry.subjects), entry.target, entry.detail,
    )  # fmt: skip


@use_case(Operation.BATCH)
def inspect(desk: Desk, day: date) -> Inspection:
    """Examine one day that has ended, and write the 使用簿 of it. Repeating it finds the inspection of before.

    Needs Duty.AUDIT, and Duty.INQUIRY for what the rules may know of persons. Raises Refused for a day that hasn't ended.
    """
    desk.require(Duty.AUDIT)
    if day >= desk.today:
        raise Refused(
            [Finding("AUD-E-020", "day", "まだ終わっていない日は点検できません。", "前日までの日を指定してください。")]
        )
    done = Inspection.objects.filter(day=day).first()
    if done is not None:
        return done
    acts = acts_between(_moment(day), _moment(day + timedelta(days=1)))
    # A session may go on after midnight; it belongs to the day on which it began.
    longer = acts_between(_moment(day), _moment(day + timedelta(days=1)) + _LONGEST_SESSION)
    used = [s for s in rules.sessions(longer) if s.started_at.astimezone(JAPAN).date() == day]
    staff = _staff(day)
    by_account: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_account[act.account].append(act)
    faces = _look_up(desk, acts, staff.values())
    bounds = limits(day)
    suspicions = []
    for login, own in sorted(by_account.items()):
        person = staff.get(login) or Staff(login, login, own[-1].office)
        suspicions += [
            (person, suspicion)
            for suspicion in rules.examine(
                Day(
                    day=day,
                    staff=person,
                    acts=tuple(own),
                    sessions=tuple(s for s in used if s.account == login),
                    colleagues=tuple(s for s in staff.values() if s.office == person.office and s.login != login),
                    faces=faces,
                    limits=bounds,
                )
            )
        ]
    inspection = Inspection.objects.create(
        day=day, at=desk.now, account=desk.account, entries=len(acts), concerns=len(suspicions),
        summary=summarize(acts, staff),
    )  # fmt: skip
    Concern.objects.bulk_create(
        Concern(
            inspection=inspection, rule=suspicion.rule, day=day, at=desk.now, account=person.login, name=person.name,
            office=person.office, count=suspicion.count, text=suspicion.text, entries=list(suspicion.entries),
            subjects=list(suspicion.subjects),
        )
        for person, suspicion in suspicions
    )  # fmt: skip
    Usage.objects.bulk_create(
        (
            Usage(
                terminal=s.terminal, office=s.office, account=s.account,
                name=staff[s.account].name if s.account in staff else s.account,
                started_at=s.started_at, ended_at=s.ended_at, searches=s.searches, persons=s.persons, method=s.method,
            )
            for s in used
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    desk.log(
        Operation.BATCH, target=f"inspection:{inspection.pk}", day=day, entries=len(acts), concerns=len(suspicions),
        sessions=len(used),
    )  # fmt: skip
    return inspection


def _staff(day: date) -> dict[str, Staff]:
    links = {
        account: subject
        for account, subject, until in StaffLink.objects.filter(since__lte=day).values_list(
            "account", "subject", "until"
        )
        if until is None or day < until
    }
    rows = Account.objects.values_list("login", "name", "office_id")
    return {login: Staff(login, name, office, links.get(login)) for login, name, office in rows}


def _look_up(desk: Desk, acts: Iterable[Act], staff: Iterable[Staff]) -> dict[int, Face]:
    whom = {subject for act in acts if act.operation in rules.LOOKS for subject in act.subjects}
    if not whom or not _faces:
        return {}
    whom |= {person.subject for person in staff if person.subject is not None}
    found: dict[int, Face] = {}
    with desk.acting(Duty.INQUIRY):
        for lookup in _faces:
            found.update(lookup(whom))
    return found


def summarize(acts: Iterable[Act], staff: Mapping[str, Staff]) -> dict[str, Any]:
    """office -> account -> name and counts of sign-ins, searches, looks, persons looked at, filings, papers, refusals."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    persons: dict[tuple[str, str], set[int]] = defaultdict(set)
    for act in acts:
        own = counts[act.office, act.account]
        if act.operation is Operation.SIGN_IN and act.detail.get("step") != "password" and act.result is Result.DONE:
            own["sign_ins"] += 1
        own["searches"] += act.operation in rules.SEARCHES
        own["looks"] += act.operation in rules.LOOKS
        own["filings"] += act.operation in {Operation.FILE, Operation.REVIEW, Operation.REGISTER}
        own["papers"] += act.operation in {Operation.ISSUE, Operation.DELIVER}
        own["extractions"] += act.operation in rules.EXTRACTIONS
        own["denials"] += act.result is Result.DENIED
        if act.operation in rules.LOOKS:
            persons[act.office, act.account] |= set(act.subjects)
    found: dict[str, Any] = {}
    for (office, account), own in sorted(counts.items()):
        name = staff[account].name if account in staff else account
        found.setdefault(office, {})[account] = {"name": name, **own, "persons": len(persons[office, account])}
    return found


def due(today: date, latest: date | None, first: date | None) -> list[date]:
    """The days to inspect: from the day after the last inspection (else the log's first day) to yesterday."""
    start = latest + timedelta(days=1) if latest else first
    if start is None:
        return []
    return [start + timedelta(days=n) for n in range((today - start).days)]


@use_case(Operation.BATCH)
def days_due(desk: Desk) -> list[date]:
    desk.require(Duty.AUDIT)
    latest = Inspection.objects.order_by("-day").values_list("day", flat=True).first()
    first = Entry.objects.order_by("at").values_list("at", flat=True).first() if latest is None else None
    return due(desk.today, latest, first.astimezone(JAPAN).date() if first else None)


# -- what becomes of a concern ----------------------------------------------------------------------------------------


class State(StrEnum):
    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"
    EXPLAINED = "explained"
    IMPROPER = "improper"
    ACTED = "acted"

    @property
    def label(self) -> str:
        return _STATE_LABELS[self]


_STATE_LABELS = {
    State.OPEN: "未処理",
    State.ASKED: "所属に報告を依頼",
    State.ANSWERED: "所属の回答あり",
    State.EXPLAINED: "問題なし",
    State.IMPROPER: "不適切な操作",
    State.ACTED: "措置済み",
}

ALLOWED: dict[State, dict[State, Duty]] = {
    State.OPEN: {State.ASKED: Duty.AUDIT, State.EXPLAINED: Duty.AUDIT, State.IMPROPER: Duty.AUDIT},
    State.ASKED: {State.ANSWERED: Duty.APPROVAL},
    State.ANSWERED: {State.ASKED: Duty.AUDIT, State.EXPLAINED: Duty.AUDIT, State.IMPROPER: Duty.AUDIT},
    State.EXPLAINED: {},
    State.IMPROPER: {State.ACTED: Duty.AUDIT},
    State.ACTED: {},
}
"""From each state: where one may go, and by which duty."""

UNFINISHED = (State.OPEN, State.ASKED, State.ANSWERED, State.IMPROPER)


def _with_state(rows: QuerySet[Concern]) -> QuerySet[Concern]:
    last = Step.objects.filter(concern=OuterRef("pk")).order_by("-pk").values("state")[:1]
    return rows.annotate(last_state=Subquery(last))


def state_of(concern: Concern) -> State:
    """Of a concern from one of the functions here."""
    return State(getattr(concern, "last_state", None) or State.OPEN)


@use_case(Operation.AUDIT)
def concerns(desk: Desk, *, unfinished: bool = True, account: str = "", limit: int = 200) -> list[Concern]:
    """For the officer: the newest first."""
    desk.require(Duty.AUDIT)
    rows = _with_state(Concern.objects.order_by("-day", "-pk"))
    if account:
        rows = rows.filter(account=account)
    found = [row for row in rows if not unfinished or state_of(row) in UNFINISHED][:limit]
    desk.log(Operation.AUDIT, target="concerns", asked_account=account, shown=len(found))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of a concern with the application document that it belongs to, if any."""

    act: Act
    case: str | None


@dataclass(frozen=True, slots=True)
class Dossier:
    concern: Concern
    state: State
    steps: tuple[Step, ...]
    lines: tuple[Line, ...]
    next_states: tuple[State, ...]


@use_case(Operation.AUDIT)
def dossier(desk: Desk, number: int) -> Dossier:
    """A concern with its entries, each with its application document, and what may be done. Raises Refused: no such one."""
    desk.require(Duty.AUDIT)
    concern = _get(number)
    whole_day = acts_between(_moment(concern.day), _moment(concern.day + timedelta(days=1)), account=concern.account)
    wanted = set(concern.entries)
    lines = tuple(Line(act, rules.case_of(act, whole_day)) for act in whole_day if act.number in wanted)
    desk.log(Operation.AUDIT, subjects=tuple(concern.subjects), target=f"concern:{number}")
    return _dossier(desk, concern, lines)


def _dossier(desk: Desk, concern: Concern, lines: Sequence[Line]) -> Dossier:
    state = state_of(concern)
    return Dossier(
        concern,
        state,
        tuple(concern.steps.order_by("pk")),
        tuple(lines),
        tuple(to for to, duty in ALLOWED[state].items() if desk.may(duty) and concern.account != desk.account),
    )


def _get(number: int) -> Concern:
    found = _with_state(Concern.objects.filter(pk=number)).first()
    if found is None:
        raise Refused([Finding("AUD-E-021", "concern", "その指摘はありません。", "一覧から選び直してください。")])
    return found


@use_case(Operation.AUDIT)
def take_step(desk: Desk, number: int, to: State, text: str, case: str = "") -> Step:
    """Go on with a concern: ask the section, answer for it, close it. Raises Refused with every reason at once.

    Nobody goes on with a concern about himself; a section's answer comes from its own office.
    """
    desk.require(Duty.APPROVAL if to is State.ANSWERED else Duty.AUDIT)
    _lock(number)
    concern = _get(number)
    findings = Findings()
    if to not in ALLOWED[state_of(concern)]:
        findings.error(
            "AUD-E-022", "state", f"「{state_of(concern).label}」の指摘を「{to.label}」にすることはできません。",
            "画面を開き直して、いまの状態を確かめてください。",
        )  # fmt: skip
    if concern.account == desk.account:
        findings.error(
            "AUD-E-023", "account", "自分についての指摘は処理できません。", "ほかの担当者に依頼してください。"
        )
    if to is State.ANSWERED and concern.office != desk.office:
        findings.error("AUD-E-024", "office", "ほかの所属への照会には回答できません。", "その所属の長が回答します。")
    if not text.strip():
        findings.error("AUD-E-025", "text", "内容が入力されていません。", "確かめたことと理由を入力してください。")
    findings.raise_if_blocking()
    step = Step.objects.create(
        concern=concern, at=desk.now, account=desk.account, name=desk.name, state=to, text=text.strip()[:2000],
        case=case.strip()[:200],
    )  # fmt: skip
    desk.log(Operation.AUDIT, target=f"concern:{number}", act=to.value, about=concern.account, case=step.case)
    return step


def _lock(number: int) -> None:
    """Two steps of one concern come one after the other: the row itself is never changed, and so can't be the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, number % 2**31])


@use_case(Operation.AUDIT)
def raise_concern(desk: Desk, entries: Collection[int], text: str) -> Concern:
    """Open a concern by hand over entries of one account and day (LOG-017: the hearing's result is then recorded)."""
    desk.require(Duty.AUDIT)
    rows = list(Entry.objects.filter(pk__in=entries).order_by("at"))
    findings = Findings()
    days = {row.at.astimezone(JAPAN).date() for row in rows}
    if not rows or len(rows) != len(set(entries)):
        findings.error("AUD-E-026", "entries", "操作履歴が選ばれていません。", "一覧で、指摘する行を選んでください。")
    elif len({row.account for row in rows}) > 1 or len(days) > 1:
        findings.error(
            "AUD-E-027", "entries", "二人以上、又は二日以上の操作をまとめて指摘することはできません。",
            "一人の一日ごとに選んでください。",
        )  # fmt: skip
    if not text.strip():
        findings.error("AUD-E-025", "text", "内容が入力されていません。", "確かめたことと理由を入力してください。")
    findings.raise_if_blocking()
    account = Account.objects.filter(login=rows[0].account).only("name", "office_id").first()
    subjects = sorted({subject for row in rows for subject in row.subjects})
    concern = Concern.objects.create(
        rule=rules.BY_HAND, day=days.pop(), at=desk.now, account=rows[0].account,
        name=account.name if account else rows[0].account, office=account.office_id if account else rows[0].office,
        count=len(rows), text=text.strip()[:500], entries=[row.pk for row in rows][: rules.NAMED],
        subjects=subjects[: rules.NAMED],
    )  # fmt: skip
    desk.log(Operation.AUDIT, subjects=tuple(concern.subjects), target=f"concern:{concern.pk}", act="raised")
    return concern


# -- what sections and officers see -----------------------------------------------------------------------------------


@use_case(Operation.AUDIT)
def inspections(desk: Desk, limit: int = 60) -> list[Inspection]:
    """For the officer: the newest first, with their marks."""
    desk.require(Duty.AUDIT)
    desk.log(Operation.AUDIT, target="inspections")
    return list(Inspection.objects.order_by("-day").prefetch_related("marks")[:limit])


@dataclass(frozen=True, slots=True)
class SectionReport:
    """所属への報告: one day of one office."""

    inspection: Inspection
    people: Mapping[str, Mapping[str, Any]]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Section:
    reports: tuple[SectionReport, ...]
    asked: tuple[Dossier, ...]
    closed: tuple[Dossier, ...]


@use_case(Operation.AUDIT)
def section(desk: Desk, days: int = 31) -> Section:
    """For the head of a section: what was done in his office by whom, and what he is asked to report."""
    desk.require(Duty.APPROVAL)
    reports = [
        SectionReport(row, row.summary[desk.office], tuple(m for m in row.marks.all() if m.office == desk.office))
        for row in Inspection.objects.order_by("-day").prefetch_related("marks")[:days]
        if desk.office in row.summary
    ]
    own = [
        _dossier(desk, row, ())
        for row in _with_state(Concern.objects.filter(office=desk.office).order_by("-day", "-pk"))[:200]
    ]
    desk.log(Operation.AUDIT, target="section", reports=len(reports))
    return Section(
        tuple(reports),
        tuple(d for d in own if d.state is State.ASKED),
        tuple(d for d in own if d.state not in {State.OPEN, State.ASKED}),
    )


@use_case(Operation.AUDIT)
def mark(desk: Desk, number: int, text: str, *, of_section: bool) -> Mark:
    """That the result of a day was seen, and what follows from it: by the officer, or by a head for his own office."""
    desk.require(Duty.APPROVAL if of_section else Duty.AUDIT)
    inspection = Inspection.objects.filter(pk=number).first()
    if inspection is None or (of_section and desk.office not in inspection.summary):
        raise Refused([Finding("AUD-E-028", "inspection", "その点検はありません。", "一覧から選び直してください。")])
    if not text.strip():
        raise Refused(
            [Finding("AUD-E-025", "text", "内容が入力されていません。", "確かめたことと理由を入力してください。")]
        )
    made = Mark.objects.create(
        inspection=inspection, at=desk.now, account=desk.account, name=desk.name,
        office=desk.office if of_section else "", text=text.strip()[:2000],
    )  # fmt: skip
    desk.log(Operation.AUDIT, target=f"inspection:{number}", act="mark")
    return made


@use_case(Operation.SETTINGS)
def link_staff(desk: Desk, account: str, subject: int | None) -> None:
    """Say which resident a clerk is from today on (None: nobody any more). Needs Duty.PERSONNEL."""
    desk.require(Duty.PERSONNEL)
    StaffLink.objects.filter(account=account, until=None).update(until=desk.today)
    if subject is not None:
        StaffLink.objects.create(account=account, subject=subject, since=desk.today)
    desk.log(Operation.SETTINGS, subjects=(subject,) if subject is not None else (), target=f"staff_link:{account}")
