"""What the screens show of the staff. Heads of sections see their own office's people, the others everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import DutyAssignment, DutyEntry, Office
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .affairs import affairs
from .grants import WORK
from .models import Attendance, Enrolment, OfficeAffair, Person, Pledge, Post, PostEntry, Training

EVERYBODYS = (Duty.PERSONNEL, Duty.ADMINISTRATION, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY)
LOOKERS = (*EVERYBODYS, Duty.APPROVAL)
AT_MOST = 500


@dataclass(slots=True)
class Line:
    """One person in the list. `lacks`: what keeps him out, in words."""

    person: Person
    post: Post | None
    login: str = ""
    is_active: bool = False
    duties: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)


def _require_look(desk: Desk) -> bool:
    """Whether the desk sees everybody. Raises AccessDenied."""
    desk.require(next((duty for duty in LOOKERS if desk.may(duty)), Duty.PERSONNEL))
    return any(desk.may(duty) for duty in EVERYBODYS)


@use_case(Operation.VIEW)
def listed(desk: Desk, text: str = "", office: str = "") -> list[Line]:
    """People by number, at most `AT_MOST`: of an office, or whose number, name or login has `text`. Raises AccessDenied."""
    sees_all = _require_look(desk)
    here = Post.objects.filter(period__contains=desk.today)
    rows = Person.objects.order_by("number")
    if not sees_all:
        office = desk.office
    if office:
        rows = rows.filter(pk__in=here.filter(office=office).values("person"))
    if text := text.strip()[:40]:
        rows = rows.filter(Q(number__icontains=text) | Q(name__icontains=text) | Q(account__login__icontains=text))
    people = list(rows[:AT_MOST])
    numbers = [person.pk for person in people]
    posts = {post.person_id: post for post in here.filter(person__in=numbers).select_related("office")}
    pledged = set(Pledge.objects.filter(person__in=numbers).values_list("person", "kind"))
    trained = set(
        Training.objects.filter(person__in=numbers, counts__contains=desk.today).values_list("person", flat=True)
    )
    accounts = {
        number: (login, active)
        for number, login, active in Person.objects.filter(pk__in=numbers, account__isnull=False).values_list(
            "number", "account__login", "account__is_active"
        )
    }
    held: dict[str, list[str]] = {}
    for number, duty in DutyAssignment.objects.filter(
        account__person__in=numbers, period__contains=desk.now
    ).values_list("account__person__number", "duty"):
        held.setdefault(number, []).append(Duty(duty).label)
    lines = []
    for person in people:
        post = posts.get(person.pk)
        line = Line(person, post, *accounts.get(person.pk, ("", False)), sorted(held.get(person.pk, [])))
        if post is None:
            line.lacks.append("在職していない")
        elif (person.pk, post.kind) not in pledged:
            line.lacks.append("誓約書")
        if person.pk not in trained:
            line.lacks.append("研修")
        lines.append(line)
    desk.log(Operation.VIEW, target="people", people=len(lines))
    return lines


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person: everything on record, oldest first. `rights` hold now or later; `entries` are the ledger."""

    person: Person
    login: str
    is_active: bool
    posts: Sequence[Post]
    post_entries: Sequence[PostEntry]
    pledges: Sequence[Pledge]
    trainings: Sequence[Training]
    rights: Sequence[DutyAssignment]
    entries: Sequence[DutyEntry]
    enrolments: Sequence[Enrolment]
    attendances: Sequence[Attendance]
    work: Sequence[Application]
    office: str

    def post_on(self, day: date) -> Post | None:
        return next((post for post in self.posts if not post.period.isempty and day in post.period), None)


@use_case(Operation.VIEW)
def sheet(desk: Desk, number: str) -> Sheet | None:
    """A person's sheet; None for one who isn't there, or not of the desk's office where it sees no other. Raises AccessDenied."""
    sees_all = _require_look(desk)
    person = Person.objects.filter(pk=number).first()
    if person is None:
        return None
    posts = list(person.posts.filter(period__isempty=False).select_related("office").order_by("period"))
    here = next((post for post in posts if desk.today in post.period), posts[-1] if posts else None)
    if not sees_all and (here is None or here.office_id != desk.office):
        return None
    login, is_active = "", False
    if person.account_id is not None:
        login, is_active = Person.objects.values_list("account__login", "account__is_active").get(pk=number)
    shown_of_enrolments = ("account", "login", "issued_by", "issued_at", "expires_at", "tries", "ended_at", "is_used")
    has_enrolments = any(desk.may(duty) for duty in EVERYBODYS)
    found = Sheet(
        person,
        login,
        is_active,
        posts,
        list(person.post_entries.order_by("pk")) if has_enrolments else [],
        list(person.pledges.order_by("signed_on")),
        list(person.trainings.order_by("held_on")),
        list(
            DutyAssignment.objects.filter(account=person.account_id, period__isempty=False)
            .filter(Q(period__endswith=None) | Q(period__endswith__gt=desk.now))
            .order_by("period", "duty")
        ),
        list(DutyEntry.objects.filter(account=person.account_id).order_by("pk")),
        list(Enrolment.objects.filter(account=person.account_id).only(*shown_of_enrolments).order_by("pk"))
        if has_enrolments
        else [],
        list(Attendance.objects.filter(person=person).order_by("period")),
        list(Application.objects.filter(kind=WORK.name, payload__number=number, state=State.APPROVED).order_by("pk")),
        here.office_id if here else "",
    )
    desk.log(Operation.VIEW, target=f"person:{number}")
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """A duty at an office: whether the table of rights allows it, and how many hold it for it."""

    duty: Duty
    is_allowed: bool
    holders: int


@dataclass(frozen=True, slots=True)
class MatrixRow:
    office: Office
    affairs: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]


@use_case(Operation.VIEW)
def matrix(desk: Desk) -> list[MatrixRow]:
    """The table of rights today: every office with its affairs, and each duty there. Raises AccessDenied."""
    _require_look(desk)
    taken: dict[str, list[str]] = {}
    for office, affair in OfficeAffair.objects.filter(period__contains=desk.today).values_list("office_id", "affair"):
        taken.setdefault(office, []).append(affair)
    holders: dict[tuple[str, str], set[int]] = {}
    for office, duty, account in DutyAssignment.objects.filter(period__contains=desk.now).values_list(
        "office_id", "duty", "account_id"
    ):
        holders.setdefault((office, duty), set()).add(account)
    order = list(affairs())
    rows = []
    for office in Office.objects.order_by("code"):
        done = sorted((name for name in taken.get(office.code, []) if name in affairs()), key=order.index)
        allowed = frozenset().union(*(affairs()[name].duties for name in done))
        cells = tuple(Cell(duty, duty in allowed, len(holders.get((office.code, duty), ()))) for duty in Duty)
        rows.append(MatrixRow(office, tuple((name, affairs()[name].title) for name in done), cells))
    desk.log(Operation.VIEW, target="people.rights")
    return rows
