"""What may be looked up in the seal registry. Every look is logged with its purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from yakuba.core.calendar import add_months
from yakuba.core.codes import CodeList
from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import passing
from yakuba.platform.protection.policy import Concealed
from yakuba.platform.transactions import use_case
from yakuba.systems.residents import interfaces as residents

from . import register, rules
from .models import (
    OPEN_STATES,
    Act,
    ApplicationState,
    Card,
    LapseNotice,
    Registration,
    SealApplication,
    SealIssue,
    Step,
)

SHOWN = 200
"""Rows of a list on a screen."""
_MASKED = "（表示できません）"


@dataclass(frozen=True, slots=True)
class SealPage:
    """One person's seals. `registrations` newest first, each with its cards; `address` is masked where it must be."""

    person: residents.RegisteredPerson
    address: str
    warnings: tuple[str, ...]
    registrations: tuple[Registration, ...]
    application: SealApplication | None
    steps: tuple[Step, ...]
    issues: tuple[SealIssue, ...]
    can_restore: bool

    @property
    def active(self) -> Registration | None:
        return next((row for row in self.registrations if row.ended_on is None), None)


@use_case(Operation.VIEW)
def seal_page(desk: Desk, person: int, through: Exit) -> SealPage:
    """A person with every seal that was registered. Raises Refused for an unknown number."""
    desk.require(Duty.INQUIRY)
    record = residents.persons([person]).get(person)
    if record is None:
        raise Refused(
            [
                Finding(
                    "SEAL-E-042",
                    "person",
                    f"宛名番号{person:015d}の方は台帳にいません。",
                    "検索から選び直してください。",
                )
            ]
        )
    gate = passing(desk, through, [person])
    gate.require_shown("person")
    is_masked = Concealed.ADDRESS in gate[person].hidden
    registrations = Registration.objects.filter(person=person).select_related("imprint").prefetch_related("cards")
    rows = tuple(registrations.order_by("-imprint_sequence"))
    steps = tuple(register.history(person)[:SHOWN])
    ending = next((step for step in steps if step.act in (Act.LAPSED, Act.ABOLISHED, Act.RESTORED)), None)
    desk.log(Operation.VIEW, subjects=(person,), target="seal")
    return SealPage(
        person=record,
        address=_MASKED if is_masked else record.address,
        warnings=gate[person].warnings,
        registrations=rows,
        application=SealApplication.objects.filter(person=person, state__in=OPEN_STATES).first(),
        steps=steps,
        issues=tuple(SealIssue.objects.filter(person=person).order_by("-id")[:50]),
        can_restore=bool(rows and rows[0].ended_on and ending is not None and ending.act == Act.LAPSED),
    )


@use_case(Operation.SEARCH)
def find(desk: Desk, text: str) -> int:
    """宛名番号 of who holds a 登録番号 or a card. Raises Refused where nobody does."""
    desk.require(Duty.INQUIRY)
    digits = text.strip()
    found = None
    if digits.isascii() and digits.isdigit() and rules.is_number(int(digits)):
        registration = Registration.objects.filter(pk=int(digits)).first()
        if registration is None:
            card = Card.objects.select_related("registration").filter(pk=int(digits)).first()
            registration = None if card is None else card.registration
        found = None if registration is None else registration.person
    if found is None:
        raise Refused([Finding("SEAL-E-068", "number", "その登録番号又は登録証の番号はありません。", "番号を一桁ずつ確かめるか、氏名などで住民を検索してください。")])  # fmt: skip
    desk.log(Operation.SEARCH, subjects=(found,), target="seal_number")
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: whom it is about, what he or she is called, and the flags that hold."""

    row: SealApplication | LapseNotice | Registration
    label: str
    warnings: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What waits: reviews, answers by their 回答期限, notices to be sent; and who lapsed lately."""

    waiting: tuple[Line, ...]
    inquired: tuple[Line, ...]
    notices: tuple[Line, ...]
    lapsed: tuple[Line, ...]


@use_case(Operation.VIEW)
def work(desk: Desk, through: Exit) -> Work:
    """The lists of the day."""
    desk.require(Duty.INQUIRY)
    waiting = list(SealApplication.objects.filter(state=ApplicationState.WAITING).order_by("created_at")[:SHOWN])
    inquired = list(
        SealApplication.objects.filter(state=ApplicationState.INQUIRED).order_by("answer_due_on", "pk")[:SHOWN]
    )
    notices = list(
        LapseNotice.objects.filter(printed_at=None).select_related("registration").order_by("made_at")[:SHOWN]
    )
    since = add_months(desk.today, -1)
    lapses = [reason.value for reason in rules.EndReason if reason.value >= rules.EndReason.MOVED_OUT]
    lapsed = list(
        Registration.objects.filter(ended_on__gte=since, end_reason__in=lapses).order_by("-ended_on", "-pk")[:SHOWN]
    )
    people = sorted({row.person for row in (*waiting, *inquired, *notices, *lapsed)})
    gate = passing(desk, through, people)
    shown = {number: record for number, record in residents.persons(people).items() if number not in gate.refused}
    reasons = {entry.code: entry.name for entry in CodeList.load("seal_end_reasons").entries}

    def lines(rows: list[SealApplication] | list[LapseNotice] | list[Registration]) -> tuple[Line, ...]:
        return tuple(
            Line(
                row, shown[row.person].label, gate[row.person].warnings,
                reasons.get(getattr(row, "reason", "") or getattr(row, "end_reason", ""), ""),
            )
            for row in rows
            if row.person in shown
        )  # fmt: skip

    desk.log(Operation.VIEW, subjects=tuple(sorted(shown)), target="seal_work")
    return Work(lines(waiting), lines(inquired), lines(notices), lines(lapsed))


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """An application as its reviewer sees it."""

    row: SealApplication
    person: residents.RegisteredPerson
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]


@use_case(Operation.VIEW)
def application(desk: Desk, application_id: int, through: Exit) -> OpenApplication:
    """One application with its imprint. Raises Refused for an unknown number."""
    desk.require(Duty.INQUIRY)
    row = SealApplication.objects.select_related("imprint").filter(pk=application_id).first()
    if row is None:
        raise Refused(
            [
                Finding(
                    "SEAL-E-056",
                    "application",
                    f"受付番号{application_id}の申請はありません。",
                    "番号を確認してください。",
                )
            ]
        )
    gate = passing(desk, through, [row.person])
    gate.require_shown("person")
    person = residents.persons([row.person])[row.person]
    desk.log(Operation.VIEW, subjects=(row.person,), target=f"seal_application:{row.pk}")
    return OpenApplication(row, person, gate[row.person].warnings, tuple(row.steps.order_by("id")))


@dataclass(frozen=True, slots=True)
class Month:
    """What happened in a month: acts by kind, ends by reason, certificates."""

    first: date
    registered: int
    abolished: int
    lapsed: int
    restored: int
    certificates: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts, about nobody: registrations that hold, stopped ones among them, and the last twelve months, newest first."""

    active: int
    stopped: int
    by_kind: tuple[tuple[str, int], ...]
    by_reason: tuple[tuple[str, int], ...]
    months: tuple[Month, ...]


@use_case(Operation.VIEW)
def statistics(desk: Desk) -> Statistics:
    """印鑑登録の統計."""
    desk.require(Duty.INQUIRY)
    first = add_months(desk.today.replace(day=1), -11)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(stopped_on) FROM seals_registration WHERE ended_on IS NULL")
        active, stopped = cursor.fetchone()
        cursor.execute(
            "SELECT engraving_kind, count(*) FROM seals_registration WHERE ended_on IS NULL GROUP BY 1 ORDER BY 1"
        )
        by_kind = cursor.fetchall()
        cursor.execute(
            "SELECT end_reason, count(*) FROM seals_registration WHERE ended_on >= %s GROUP BY 1 ORDER BY 1", [first]
        )
        by_reason = cursor.fetchall()
        cursor.execute(
            "SELECT date_trunc('month', legal_date)::date, act, count(*) FROM seals_step"
            " WHERE legal_date >= %s AND act IN ('registered', 'abolished', 'lapsed', 'restored') GROUP BY 1, 2",
            [first],
        )
        acts = {(month, act): count for month, act, count in cursor.fetchall()}
        cursor.execute(
            "SELECT date_trunc('month', issued_at AT TIME ZONE 'Asia/Tokyo')::date, count(*) FROM seals_issue"
            " WHERE (issued_at AT TIME ZONE 'Asia/Tokyo')::date >= %s GROUP BY 1",
            [first],
        )
        papers = dict(cursor.fetchall())
    months = tuple(
        Month(
            month,
            *(acts.get((month, act), 0) for act in ("registered", "abolished", "lapsed", "restored")),
            papers.get(month, 0),
        )
        for month in (add_months(first, index) for index in range(11, -1, -1))
    )
    desk.log(Operation.VIEW, target="seal_statistics")
    return Statistics(
        active, stopped, _named("seal_engraving_kinds", by_kind), _named("seal_end_reasons", by_reason), months
    )


def _named(codes: str, rows: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    names = {entry.code: entry.name for entry in CodeList.load(codes).entries}
    return tuple((names.get(code, code), count) for code, count in rows)
