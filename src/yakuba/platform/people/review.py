"""定期点検: all rights, asked of the heads of the offices by a day; and the comparison of the ledger with the staff in place.

When a review opens, every right is cut to the end of its deadline; a head who confirms one gives it its own end back. So what
nobody answers for lapses by itself, whatever runs or doesn't run that night.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import F, Q

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, Session
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import midnight
from yakuba.platform.transactions import use_case

from . import records
from .affairs import affairs
from .models import Employment, OfficeAffair, Person, Post, Review, ReviewDecision, ReviewItem
from .settings import SETTINGS


def _refuse(code: str, field: str, message: str, remedy: str) -> Refused:
    return Refused([Finding(code, field, message, remedy)])


# -- the comparison ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One account or right that doesn't fit the staff in place or the table of rights, and why."""

    login: str
    name: str
    number: str
    office: str
    assignment: int | None
    duty: str
    why: str
    last_used: datetime | None


_HELD_SQL = """
SELECT a.id, a.login, a.name, a.last_login, p.number, p.name, o.office_id, d.id, d.duty, d.office_id, d.affair
FROM access_account a LEFT JOIN people_person p ON p.account_id = a.id
LEFT JOIN people_post o ON o.person_id = p.number AND o.period @> %(today)s
LEFT JOIN access_duty_assignment d ON d.account_id = a.id AND d.period @> %(now)s
WHERE a.is_active ORDER BY a.login, d.duty
"""


@use_case(Operation.VIEW)
def compare(desk: Desk) -> list[Difference]:
    """Every account and right that doesn't fit: nobody's, nobody's any more, of another office, outside the table, unused.

    Raises AccessDenied.
    """
    desk.require(
        next(
            (duty for duty in (Duty.INFORMATION_MANAGEMENT, Duty.SECURITY) if desk.may(duty)),
            Duty.INFORMATION_MANAGEMENT,
        )
    )
    found = _differences(desk)
    desk.log(Operation.VIEW, target="people.comparison", differences=len(found))
    return found


def _differences(desk: Desk) -> list[Difference]:
    dormant = desk.now - timedelta(days=SETTINGS.value("dormant_days", int, on=desk.today))
    done = set(OfficeAffair.objects.filter(period__contains=desk.today).values_list("office_id", "affair"))
    found: list[Difference] = []
    said: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(_HELD_SQL, {"today": desk.today, "now": desk.now})
        rows = cursor.fetchall()
    for account, login, name, last, number, registered, office, assignment, duty, for_office, affair in rows:
        of_account: list[str] = []
        if account not in said:
            said.add(account)
            if number is None:
                of_account.append("職員・作業者の記録がない利用者です")
            elif office is None:
                of_account.append("在職していない人の利用者IDです")
            elif registered != name:
                of_account.append(f"職員の記録では「{registered}」さんです")
            if last is not None and last < dormant:
                of_account.append("長い間使われていません")
        of_right: list[str] = []
        if assignment is None:
            pass
        elif for_office is not None and office is not None and for_office != office:
            of_right.append("今の所属と違う所属の権限です")
        elif affair not in affairs() or Duty(duty) not in affairs()[affair].duties:
            of_right.append("権限の管理表にない権限です")
        elif for_office is not None and (for_office, affair) not in done:
            of_right.append("所属が今は行っていない事務の権限です")
        who = (login, name, number or "", office or "")
        found += [Difference(*who, None, "", why, last) for why in of_account]
        found += [Difference(*who, assignment, Duty(duty).label, why, last) for why in of_right]
    return found


@dataclass(frozen=True, slots=True)
class StaffDifference:
    """Between a list of the staff in place and what is registered."""

    number: str
    name: str
    why: str


@use_case(Operation.VIEW)
def compare_with_list(desk: Desk, staff: Iterable[tuple[str, str, str]]) -> list[StaffDifference]:
    """Compare with the personnel section's list of staff in place: (number, name, office). Raises AccessDenied."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    listed = {number: (name, office) for number, name, office in staff}
    found = []
    posts = {
        post.person_id: post
        for post in Post.objects.filter(period__contains=desk.today)
        .exclude(kind=Employment.CONTRACTOR)
        .select_related("person")
    }
    for number in sorted(set(listed) | set(posts)):
        if number not in posts:
            found.append(StaffDifference(number, listed[number][0], "名簿にあり、在職の記録がありません"))
        elif number not in listed:
            found.append(StaffDifference(number, posts[number].person.name, "在職の記録があり、名簿にありません"))
        else:
            name, office = listed[number]
            post = posts[number]
            if "".join(name.split()) != "".join(post.person.name.split()):
                found.append(StaffDifference(number, post.person.name, f"名簿の氏名は「{name}」です"))
            if office != post.office_id:
                found.append(StaffDifference(number, post.person.name, f"名簿の所属は「{office}」です"))
    desk.log(Operation.VIEW, target="people.staff_list", listed=len(listed), differences=len(found))
    return found


# -- the review -------------------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def open_review(desk: Desk, deadline: date) -> Review:
    """Begin a review of every right that somebody has now. Raises AccessDenied, Refused."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    if deadline <= desk.today:
        raise _refuse("PPL-E-090", "deadline", "期限が今日か過ぎた日です。", "先の日を入力してください。")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('people.review'))")
    if Review.objects.filter(closed_at=None).exists():
        raise _refuse("PPL-E-091", "review", "点検が続いています。", "先に、続いている点検を終えてください。")
    review = Review.objects.create(opened_by=desk.account, opened_at=desk.now, deadline=deadline)
    marks: dict[int, list[str]] = {}
    of_account: dict[str, list[str]] = {}
    for difference in _differences(desk):
        if difference.assignment is not None:
            marks.setdefault(difference.assignment, []).append(difference.why)
        else:
            of_account.setdefault(difference.login, []).append(difference.why)
    ends = midnight(deadline + timedelta(days=1))
    rows = DutyAssignment.objects.filter(period__contains=desk.now).values_list(
        "pk", "period", "office_id", "account__office_id", "account__login", "account__last_login"
    )
    items = [
        ReviewItem(
            review=review,
            assignment_id=pk,
            office_id=office or accounts_office,
            marks=of_account.get(login, []) + marks.get(pk, []),
            last_used_at=last,
            until=period.upper,
        )
        for pk, period, office, accounts_office, login, last in rows
    ]
    ReviewItem.objects.bulk_create(items)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_duty_assignment SET period = period * tstzrange(NULL, %(ends)s), changed_by = %(by)s,"
            " reason = %(reason)s, changed_at = %(now)s"
            " WHERE id = ANY(%(ids)s) AND NOT period <@ tstzrange(NULL, %(ends)s)",
            {
                "ends": ends,
                "by": f"review:{review.pk}",
                "reason": "定期点検: 期限までに確認がなければ失効",
                "now": desk.now,
                "ids": [item.assignment_id for item in items],
            },
        )
    desk.log(
        Operation.SETTINGS, target=f"review:{review.pk}", act="open", rights=len(items), deadline=deadline.isoformat()
    )
    return review


@use_case(Operation.VIEW)
def items_for(desk: Desk, review_id: int | None = None) -> list[ReviewItem]:
    """The open review's rights (or those of `review_id`): a head sees his office's, the information section all."""
    all_of_them = desk.may(Duty.INFORMATION_MANAGEMENT)
    _require_part(desk)
    rows = (
        ReviewItem.objects.filter(review=review_id) if review_id else ReviewItem.objects.filter(review__closed_at=None)
    )
    if not all_of_them:
        rows = rows.filter(office=desk.office)
    found = list(
        rows.select_related("assignment", "office", "review")
        .annotate(login=F("assignment__account__login"), name=F("assignment__account__name"))
        .order_by("office", "login", "assignment__duty")
    )
    desk.log(Operation.VIEW, target="people.review", rights=len(found))
    return found


@use_case(Operation.DECIDE)
def decide(desk: Desk, confirmed: Iterable[int], returned: Iterable[int]) -> int:
    """The head's answers for rights of his office: still needed, or returned, which ends them at once.

    How many. Raises AccessDenied, Refused: one that isn't asked of this office, has been decided, or is his own.
    """
    desk.require(Duty.APPROVAL)
    keep, give_back = set(confirmed), set(returned)
    items = list(
        ReviewItem.objects.select_for_update(of=("self",))
        .filter(pk__in=keep | give_back, office=desk.office, decision=ReviewDecision.OPEN, review__closed_at=None)
        .filter(review__deadline__gte=desk.today)
        .select_related("assignment", "review")
        .annotate(login=F("assignment__account__login"))
    )
    if keep & give_back or len(items) != len(keep | give_back) or not items:
        raise _refuse(
            "PPL-E-092",
            "items",
            "今、この所属に尋ねている権限ではないものがあります。",
            "一覧を開き直して選んでください。",
        )
    if any(item.login == desk.account for item in items):
        raise _refuse(
            "PPL-E-044", "items", "自分の権限は、自分で確認できません。", "ほかの責任者に確認してもらってください。"
        )
    for item in items:
        is_kept = item.pk in keep
        if is_kept and (item.until is None or item.until > midnight(item.review.deadline + timedelta(days=1))):
            DutyAssignment.objects.filter(pk=item.assignment_id, period__contains=desk.now).update(
                period=(item.assignment.period.lower, item.until),
                changed_by=desk.account,
                reason="定期点検で確認",
                changed_at=desk.now,
            )
        elif not is_kept:
            records.end_rights(desk, item.assignment.account_id, desk.now, "定期点検で返還", only=[item.assignment_id])
        ReviewItem.objects.filter(pk=item.pk).update(
            decision=ReviewDecision.CONFIRMED if is_kept else ReviewDecision.RETURNED,
            decided_by=desk.account,
            decided_at=desk.now,
        )
    desk.log(Operation.DECIDE, target="people.review", confirmed=len(keep), returned=len(give_back))
    return len(items)


@use_case(Operation.SETTINGS)
def close_review(desk: Desk) -> Review:
    """End the review: when each right has an answer, or the deadline has passed. Raises AccessDenied, Refused."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    review = Review.objects.select_for_update().filter(closed_at=None).first()
    if review is None:
        raise _refuse("PPL-E-093", "review", "続いている点検はありません。", "点検を始めてください。")
    unanswered = review.items.filter(decision=ReviewDecision.OPEN)
    if desk.today <= review.deadline and unanswered.exists():
        raise _refuse(
            "PPL-E-094", "review", f"回答のない権限が{unanswered.count()}件あります。",
            "所属長に回答を求めてください。期限が過ぎると、回答のない権限は失効し、点検を終えられます。",
        )  # fmt: skip
    lapsed = unanswered.update(decision=ReviewDecision.LAPSED, decided_by="期限", decided_at=desk.now)
    review.closed_at, review.closed_by = desk.now, desk.account
    review.save(update_fields=["closed_at", "closed_by"])
    desk.log(Operation.SETTINGS, target=f"review:{review.pk}", act="close", lapsed=lapsed)
    return review


def _require_part(desk: Desk) -> None:
    desk.require(Duty.INFORMATION_MANAGEMENT if desk.may(Duty.INFORMATION_MANAGEMENT) else Duty.APPROVAL)


@use_case(Operation.VIEW)
def current(desk: Desk) -> Review | None:
    """The review that is under way. Raises AccessDenied."""
    _require_part(desk)
    found: Review | None = Review.objects.filter(closed_at=None).first()
    return found


@use_case(Operation.VIEW)
def next_review_due(desk: Desk) -> date | None:
    """When the next review is due by the profile; None when there was none yet: then it is due now. Raises AccessDenied."""
    _require_part(desk)
    last = Review.objects.order_by("-opened_at").values_list("opened_at", flat=True).first()
    if last is None:
        return None
    months = SETTINGS.value("review_every_months", int, on=desk.today)
    day: date = last.date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28))


# -- what is done every night -----------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def suspend_dormant(desk: Desk) -> list[str]:
    """Stop accounts that nobody has used for the profile's days; a new enrolment or an administrator opens them again.

    Which. Raises AccessDenied.
    """
    desk.require(Duty.INFORMATION_MANAGEMENT)
    days = SETTINGS.value("dormant_days", int, on=desk.today)
    unused = Account.objects.filter(is_active=True, last_login__lt=desk.now - timedelta(days=days))
    # Whoever was suspended and opened again has his days from then on.
    unused = unused.exclude(person__reopened_at__gte=desk.now - timedelta(days=days))
    logins = sorted(unused.values_list("login", flat=True))
    pks = list(Account.objects.filter(login__in=logins).values_list("pk", flat=True))
    Session.objects.filter(account__in=pks).delete()
    Account.objects.filter(pk__in=pks).update(is_active=False)
    if logins:
        desk.log(Operation.SETTINGS, target="accounts", act="suspend_dormant", logins=logins)
    return logins


@use_case(Operation.SETTINGS)
def settle_offices(desk: Desk) -> int:
    """Each account's office is that of the post of today. How many changed. Raises AccessDenied."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_account a SET office_id = o.office_id FROM people_person p JOIN people_post o"
            " ON o.person_id = p.number WHERE p.account_id = a.id AND o.period @> %s AND a.office_id <> o.office_id",
            [desk.today],
        )
        changed = int(cursor.rowcount)
    if changed:
        desk.log(Operation.SETTINGS, target="accounts", act="settle_offices", accounts=changed)
    return changed


@use_case(Operation.SETTINGS)
def set_active(desk: Desk, number: str, *, active: bool, reason: str) -> None:
    """Suspend an account at once, or open it again. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    person = Person.objects.filter(Q(pk=number) & ~Q(account=None)).select_related("account").first()
    if person is None or person.account is None:
        raise _refuse("PPL-E-080", "number", "この番号の人に利用者IDはありません。", "番号を確かめてください。")
    if not reason.strip():
        raise _refuse("PPL-E-033", "reason", "理由がありません。", "止める・再開する理由を入力してください。")
    if person.account.login == desk.account:
        raise _refuse("PPL-E-081", "number", "自分の利用者IDは変更できません。", "ほかの管理者に依頼してください。")
    Account.objects.filter(pk=person.account_id).update(is_active=active)
    if active:
        Person.objects.filter(pk=person.pk).update(reopened_at=desk.now)
    if not active:
        Session.objects.filter(account=person.account_id).delete()
    act = "open_again" if active else "suspend"
    desk.log(Operation.SETTINGS, target=f"account:{person.account.login}", act=act, reason=reason[:200])
