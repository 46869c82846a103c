"""What the personnel section keeps: who is in service where, pledges, training, the rosters of contractors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from yakuba.core.calendar.fiscal import fiscal_year_of, fiscal_year_start
from yakuba.core.findings import Findings
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office, Session
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import midnight
from yakuba.platform.transactions import use_case

from .models import Employment, Person, Pledge, Post, Training
from .settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Engagement:
    """Somebody begins to work here. `end`: the last day, None where none is set; a contractor's `contract` is named."""

    number: str
    name: str
    kind: Employment
    office: str
    start: date
    end: date | None = None
    contract: str = ""
    reason: str = "採用"


@use_case(Operation.SETTINGS)
def engage(desk: Desk, engagement: Engagement) -> Person:
    """Enter somebody who begins to work here. Raises AccessDenied, Refused with every finding."""
    desk.require(Duty.PERSONNEL)
    findings = check_engagement(engagement)
    findings.raise_if_blocking()
    person = enter(desk, engagement)
    desk.log(Operation.SETTINGS, target=f"person:{person.number}", act="engage", office=engagement.office)
    return person


def check_engagement(wanted: Engagement) -> Findings:
    """What speaks against an engagement, all at once."""
    findings = Findings()
    if not wanted.number or len(wanted.number) > 20 or not wanted.number.isalnum():
        findings.error("PPL-E-010", "number", "職員番号は、20字までの英数字等です。", "番号を確かめてください。")
    if not wanted.name.strip():
        findings.error(
            "PPL-E-011", "name", "氏名がありません。", "一人ひとりの氏名を入力してください。共用の利用者は作れません。"
        )
    if not is_office(wanted.office):
        findings.error(
            "PPL-E-012", "office", f"所属「{wanted.office}」は登録されていません。", "所属コードを確かめてください。"
        )
    if wanted.end is not None and wanted.end < wanted.start:
        findings.error("PPL-E-013", "end", "終わりの日が始めの日より前です。", "期間を確かめてください。")
    if wanted.kind != Employment.REGULAR and wanted.end is None:
        findings.error(
            "PPL-E-014", "end", f"{wanted.kind.label}には、任期・契約の終わりの日が要ります。",
            "通知書・契約書の期間を入力してください。",
        )  # fmt: skip
    if wanted.kind == Employment.CONTRACTOR and not wanted.contract.strip():
        findings.error(
            "PPL-E-015",
            "contract",
            "契約番号がありません。",
            "委託契約の番号を入力してください。",
        )
    known = Person.objects.filter(number=wanted.number).first()
    if known is not None and known.name != wanted.name:
        findings.error(
            "PPL-E-016", "name", f"この番号は、既に「{known.name}」さんの番号です。",
            "番号を確かめてください。氏名が変わった場合は、氏名変更を届け出てください。",
        )  # fmt: skip
    overlap = Q(period__overlap=(wanted.start, wanted.end + timedelta(days=1) if wanted.end else None))
    if known is not None and known.posts.filter(overlap).exists():
        findings.error(
            "PPL-E-017", "start", "この期間には、既に在職・配属の記録があります。",
            "異動のときは「異動」で届け出てください。",
        )  # fmt: skip
    return findings


def enter(desk: Desk, wanted: Engagement) -> Person:
    """Write an engagement that was checked."""
    person, _ = Person.objects.get_or_create(number=wanted.number, defaults={"name": wanted.name})
    begin_post(
        desk, person, wanted.kind, wanted.office, wanted.start, wanted.end, contract=wanted.contract, reason=wanted.reason
    )  # fmt: skip
    return person


def begin_post(
    desk: Desk,
    person: Person,
    kind: str,
    office: str,
    start: date,
    end: date | None,
    *,
    contract: str = "",
    reason: str,
) -> Post:
    """`end`: the last day, or None."""
    return Post.objects.create(
        person=person,
        kind=kind,
        office_id=office,
        period=(start, end + timedelta(days=1) if end else None),
        contract=contract,
        changed_by=desk.account,
        reason=reason,
        changed_at=desk.now,
    )


_END_POSTS_SQL = """
UPDATE people_post SET period = period * daterange(NULL, %(day)s), changed_by = %(by)s, reason = %(reason)s,
    changed_at = %(now)s
WHERE person_id = %(number)s AND period && daterange(%(day)s, NULL)
"""
_END_RIGHTS_SQL = """
UPDATE access_duty_assignment SET period = period * tstzrange(NULL, %(moment)s), changed_by = %(by)s, reason = %(reason)s,
    changed_at = %(now)s, application = COALESCE(%(application)s, application)
WHERE account_id = %(account)s AND period && tstzrange(%(moment)s, NULL) AND (%(only)s::bigint[] IS NULL OR id = ANY(%(only)s))
"""


def end_posts(desk: Desk, person: Person, day: date, reason: str) -> int:
    """From `day` on the person is in no service here, whatever was entered before. How many posts changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            _END_POSTS_SQL,
            {"day": day, "by": desk.account, "reason": reason, "now": desk.now, "number": person.number},
        )
        return int(cursor.rowcount)


def end_rights(
    desk: Desk,
    account_id: int,
    moment: datetime,
    reason: str,
    *,
    only: Sequence[int] | None = None,
    application: int | None = None,
) -> int:
    """From `moment` on the account has none of its rights (or of `only` these), reserved ones neither. How many changed."""
    values = {
        "moment": moment, "by": desk.account, "reason": reason, "now": desk.now, "account": account_id,
        "only": list(only) if only is not None else None, "application": application,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_END_RIGHTS_SQL, values)
        return int(cursor.rowcount)


def is_office(code: str) -> bool:
    return bool(Office.objects.filter(code=code).exists())


def last_day(post: Post) -> date | None:
    """The last day of a post; None where none is set."""
    return post.period.upper - timedelta(days=1) if post.period.upper else None


def end_service(desk: Desk, person: Person, day: date, reason: str) -> None:
    """From `day` on: no post, no rights; sessions end at once when the day has come.

    A day that has passed ends the post on that day, and the rights now: until now they were held.
    """
    end_posts(desk, person, day, reason)
    if person.account_id is not None:
        end_rights(desk, person.account_id, max(midnight(day), desk.now), reason)
        if day <= desk.today:
            Session.objects.filter(account=person.account_id).delete()


# -- pledges and training ---------------------------------------------------------------------------------------------


def _known(numbers: Iterable[str], findings: Findings) -> list[Person]:
    wanted = sorted(set(numbers))
    found = {person.number: person for person in Person.objects.filter(number__in=wanted)}
    for number in wanted:
        if number not in found:
            findings.error(
                "PPL-E-018", "number", f"番号「{number}」の人は登録されていません。", "番号を確かめてください。"
            )
    return list(found.values())


@use_case(Operation.SETTINGS)
def record_pledge(desk: Desk, number: str, signed_on: date) -> Pledge:
    """A signed 誓約書, for the employment of that day or the next to begin. Raises AccessDenied, Refused."""
    desk.require(Duty.PERSONNEL)
    findings = Findings()
    people = _known([number], findings)
    if signed_on > desk.today:
        findings.error("PPL-E-019", "signed_on", "署名の日が先の日付です。", "署名した日を入力してください。")
    post = None
    if people:
        post = people[0].posts.filter(period__endswith__gt=desk.today).order_by("period").first()
        post = post or people[0].posts.filter(period__endswith=None, period__isempty=False).order_by("period").first()
        if post is None:
            findings.error(
                "PPL-E-020", "number", "在職の期間がありません。", "先に、任用又は作業者名簿を登録してください。"
            )
    findings.raise_if_blocking()
    assert post is not None
    pledge, _ = Pledge.objects.get_or_create(
        person=people[0],
        kind=post.kind,
        signed_on=signed_on,
        defaults={"recorded_by": desk.account, "recorded_at": desk.now},
    )
    desk.log(Operation.SETTINGS, target=f"person:{number}", act="pledge", signed_on=signed_on.isoformat())
    return pledge


@use_case(Operation.SETTINGS)
def record_training(desk: Desk, numbers: Sequence[str], title: str, held_on: date) -> list[Training]:
    """A training and who attended it. It counts until the next fiscal year's (see `training_grace_days`).

    Raises AccessDenied, Refused with every finding; then nobody is entered.
    """
    desk.require(Duty.PERSONNEL)
    findings = Findings()
    people = _known(numbers, findings)
    if not title.strip():
        findings.error("PPL-E-021", "title", "研修の名称がありません。", "研修の名称を入力してください。")
    if held_on > desk.today:
        findings.error("PPL-E-022", "held_on", "研修の日が先の日付です。", "受講した日を入力してください。")
    if not numbers:
        findings.error("PPL-E-023", "numbers", "受講した人がありません。", "受講した人の番号を入力してください。")
    findings.raise_if_blocking()
    grace = SETTINGS.value("training_grace_days", int, on=held_on)
    until = fiscal_year_start(fiscal_year_of(held_on) + 1) + timedelta(days=grace)
    entered = [
        Training.objects.get_or_create(
            person=person,
            title=title.strip(),
            held_on=held_on,
            defaults={"counts": (held_on, until), "recorded_by": desk.account, "recorded_at": desk.now},
        )[0]
        for person in people
    ]
    desk.log(
        Operation.SETTINGS, target="training", act="record", held_on=held_on.isoformat(), people=sorted(set(numbers))
    )
    return entered


@dataclass(frozen=True, slots=True)
class Untrained:
    """Somebody in service whose training doesn't count (any more). `last`: his last one, None: never."""

    number: str
    name: str
    office: str
    has_account: bool
    last: date | None


@use_case(Operation.VIEW)
def untrained(desk: Desk) -> list[Untrained]:
    """Who is in service today without a training that counts: nobody of them gets in."""
    desk.require(Duty.PERSONNEL)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.number, p.name, o.office_id, p.account_id IS NOT NULL, max(t.held_on) FROM people_person p"
            " JOIN people_post o ON o.person_id = p.number AND o.period @> %(today)s"
            " LEFT JOIN people_training t ON t.person_id = p.number GROUP BY 1, 2, 3, 4"
            " HAVING NOT COALESCE(bool_or(t.counts @> %(today)s), false) ORDER BY 3, 1",
            {"today": desk.today},
        )
        rows = [Untrained(*row) for row in cursor.fetchall()]
    desk.log(Operation.VIEW, target="training", people=len(rows))
    return rows


# -- contractors ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Roster:
    """作業者名簿 as the contractor submits it: all workers of a contract, (number, name)."""

    contract: str
    office: str
    start: date
    end: date
    workers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RosterResult:
    added: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


@use_case(Operation.IMPORT)
def take_roster(desk: Desk, roster: Roster) -> RosterResult:
    """The roster replaces the contract's last one: who stands on it no longer, works here no longer, from today.

    Raises AccessDenied, Refused with every finding; then nothing changes.
    """
    desk.require(Duty.PERSONNEL)
    findings = Findings()
    numbers = [number for number, _ in roster.workers]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        findings.error(
            "PPL-E-024", "workers", f"番号「{number}」が名簿に二度あります。", "一人に一つの番号にしてください。"
        )
    on_it = {
        post.person_id: post
        for post in Post.objects.filter(contract=roster.contract, period__overlap=(desk.today, None))
        if roster.contract
    }
    start = max(roster.start, desk.today)
    wanted = [
        Engagement(number, name, Employment.CONTRACTOR, roster.office, start, roster.end, roster.contract, "作業者名簿")
        for number, name in roster.workers
        if number not in on_it
    ]
    if not roster.contract.strip():
        findings.error("PPL-E-015", "contract", "契約番号がありません。", "委託契約の番号を入力してください。")
    for engagement in wanted:
        for finding in check_engagement(engagement):
            if finding.code != "PPL-E-015":
                findings.error(finding.code, f"{engagement.number}", finding.message, finding.remedy)
    findings.raise_if_blocking()
    for engagement in wanted:
        enter(desk, engagement)
    removed = sorted(set(on_it) - set(numbers))
    for person in Person.objects.filter(number__in=removed):
        end_service(desk, person, desk.today, "作業者名簿からの削除")
    result = RosterResult(
        tuple(sorted(engagement.number for engagement in wanted)), tuple(sorted(set(on_it) & set(numbers))), tuple(removed)
    )  # fmt: skip
    desk.log(
        Operation.IMPORT,
        target=f"roster:{roster.contract}",
        added=result.added,
        kept=len(result.kept),
        removed=result.removed,
    )
    return result
