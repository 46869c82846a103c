"""Rights: applied for by the head of the section, allowed by the information section, given for an affair and a period.

What may be given stands in the table of rights (affairs.py) and with the office (`OfficeAffair`); how long it lasts, in the
profile. Nobody applies, allows or revokes for himself. Taking away goes the same way, or at once by the information section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from yakuba.core.calendar.fiscal import fiscal_year_of, fiscal_year_start
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, Office
from yakuba.platform.approvals import kinds
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.kinds import Kind, Lines, Step
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN, midnight
from yakuba.platform.transactions import use_case

from . import records
from .affairs import affairs, conflicts
from .models import Attendance, Employment, OfficeAffair, Person, Post
from .settings import SETTINGS

_REASON_LENGTH = 500


def limit(start: datetime) -> datetime:
    """When a right that begins at `start` ends at the latest, by the profile. Raises NoSetting."""
    day = start.astimezone(JAPAN).date()
    more = SETTINGS.value("rights_end_after_fiscal_years", int, on=day)
    return midnight(fiscal_year_start(fiscal_year_of(day) + 1 + more))


# -- which office does what -------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def take_on(desk: Desk, office: str, affair: str, start: date) -> OfficeAffair:
    """An office takes an affair on, from a day. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    findings = Findings()
    if affair not in affairs():
        findings.error("PPL-E-030", "affair", "管理表にない事務です。", "事務を一覧から選んでください。")
    if not Office.objects.filter(code=office).exists():
        findings.error("PPL-E-012", "office", "登録されていない所属です。", "所属コードを確かめてください。")
    if OfficeAffair.objects.filter(office=office, affair=affair, period__overlap=(start, None)).exists():
        findings.error("PPL-E-031", "affair", "この所属は、既にこの事務を行っています。", "一覧を開き直してください。")
    findings.raise_if_blocking()
    row = OfficeAffair.objects.create(
        office_id=office, affair=affair, period=(start, None), changed_by=desk.account, changed_at=desk.now
    )
    desk.log(Operation.SETTINGS, target=f"office:{office}", act="take_on", affair=affair, start=start.isoformat())
    return row


@use_case(Operation.SETTINGS)
def lay_down(desk: Desk, office: str, affair: str, day: date) -> int:
    """From `day` on the office does the affair no longer; rights given for it end. How many. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    row = OfficeAffair.objects.filter(office=office, affair=affair, period__contains=day).first()
    if row is None or day < desk.today:
        raise Refused(
            [
                Finding(
                    "PPL-E-032",
                    "affair",
                    "その日にこの所属が行っている事務ではないか、過ぎた日です。",
                    "一覧を開き直してください。",
                )
            ]
        )
    row.period = (row.period.lower, day)
    row.changed_by, row.changed_at = desk.account, desk.now
    row.save(update_fields=["period", "changed_by", "changed_at"])
    held = DutyAssignment.objects.filter(office=office, affair=affair, period__overlap=(midnight(day), None))
    ended = 0
    for account_id, assignment in held.values_list("account_id", "pk"):
        ended += records.end_rights(
            desk, account_id, max(midnight(day), desk.now), "所属がこの事務を行わなくなったため", only=[assignment]
        )
    desk.log(Operation.SETTINGS, target=f"office:{office}", act="lay_down", affair=affair, rights=ended)
    return ended


# -- what is asked for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rights for a person, for an affair of his office. `end`: None as long as the profile and his post allow."""

    number: str
    affair: str
    duties: frozenset[Duty]
    start: datetime
    end: datetime | None = None
    reason: str = ""

    def payload(self, office: str, name: str) -> dict[str, Any]:
        return {
            "number": self.number,
            "name": name,
            "office": office,
            "affair": self.affair,
            "duties": sorted(self.duties),
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "reason": self.reason[:_REASON_LENGTH],
        }

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Wanted:
        return cls(
            payload["number"],
            payload["affair"],
            frozenset(map(Duty, payload["duties"])),
            datetime.fromisoformat(payload["start"]),
            datetime.fromisoformat(payload["end"]) if payload["end"] else None,
            payload["reason"],
        )


def _describe(payload: dict[str, Any]) -> Lines:
    end = _moment(payload["end"]) if payload["end"] else "年度末等、定められた日まで"
    return (
        ("対象者", f"{payload['name']}（{payload['number']}）"),
        ("所属", payload["office"]),
        ("事務", affairs()[payload["affair"]].title),
        ("権限", "、".join(Duty(duty).label for duty in payload["duties"])),
        ("期間", f"{_moment(payload['start'])} から {end}"),
        ("理由", payload["reason"]),
    )


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(JAPAN).strftime("%Y-%m-%d %H:%M")


def _issue(desk: Desk, application: Application) -> None:
    """Both have decided: the rights come into being, and the account when the person has none. Raises Refused."""
    wanted = Wanted.of(application.payload)
    person = Person.objects.select_for_update().filter(pk=wanted.number).first()
    findings, end = check(desk, person, wanted, asked_by=application.office)
    if person is not None and not person.pledges.exists():
        findings.error(
            "PPL-E-040", "number", "誓約書の記録がないため、権限を出せません。", "誓約書を提出してもらってください。"
        )
    findings.raise_if_blocking()
    assert person is not None
    give(
        desk, person, wanted.duties, office=application.payload["office"], affair=wanted.affair,
        period=(max(wanted.start, desk.now), end), reason=wanted.reason, application=application.pk,
    )  # fmt: skip
    desk.log(
        Operation.SETTINGS, target=f"person:{person.number}", act="grant", duties=sorted(wanted.duties),
        affair=wanted.affair, case=f"application:{application.pk}",
    )  # fmt: skip


def give(
    desk: Desk,
    person: Person,
    duties: Iterable[Duty],
    *,
    office: str,
    affair: str,
    period: tuple[datetime, datetime],
    reason: str,
    application: int | None = None,
) -> None:
    """Write rights that were checked; makes the account (nobody can use it before it is enrolled) when there is none."""
    if person.account_id is None:
        account = Account(login=person.number.lower(), name=person.name, office_id=office)
        account.set_unusable_password()
        account.save(force_insert=True)
        Person.objects.filter(pk=person.pk).update(account=account)
        person.account = account
        desk.log(Operation.SETTINGS, target=f"person:{person.number}", act="account", login=account.login)
    DutyAssignment.objects.bulk_create(
        DutyAssignment(
            account_id=person.account_id,
            duty=duty,
            period=period,
            office_id=office,
            affair=affair,
            changed_by=desk.account,
            reason=reason,
            application=application,
            changed_at=desk.now,
        )
        for duty in sorted(duties)
    )


RIGHTS = kinds.register(
    Kind(
        name="people.rights",
        title="権限の付与",
        applicant=(Duty.APPROVAL,),
        steps=(Step(Duty.INFORMATION_MANAGEMENT, "情報システム部門の承認"),),
        describe=_describe,
        on_approved=_issue,
    )
)


@use_case(Operation.APPLY)
def apply(desk: Desk, wanted: Wanted) -> Application:
    """申請 by the head of the person's section. Raises AccessDenied, Refused with every finding."""
    desk.require(Duty.APPROVAL)
    person = Person.objects.filter(pk=wanted.number).first()
    findings, _ = check(desk, person, wanted, asked_by=desk.office)
    if not wanted.reason.strip():
        findings.error("PPL-E-033", "reason", "理由がありません。", "どの仕事にこの権限が要るかを入力してください。")
    if wanted.start < midnight(desk.today):
        findings.error("PPL-E-034", "start", "始まりが過ぎた日です。", "今日からの日時を入力してください。")
    findings.raise_if_blocking()
    assert person is not None
    post = _post_on(person, wanted.start)
    assert post is not None
    about = f"{person.number}:{wanted.affair}:{','.join(sorted(wanted.duties))}"
    return approvals.apply(desk, RIGHTS, about, wanted.payload(post.office_id, person.name))


def _post_on(person: Person, moment: datetime) -> Post | None:
    day = moment.astimezone(JAPAN).date()
    found: Post | None = person.posts.filter(period__contains=day).first()
    return found


def check(desk: Desk, person: Person | None, wanted: Wanted, *, asked_by: str) -> tuple[Findings, datetime]:
    """Everything that speaks against giving these rights, and when they end."""
    findings = Findings()
    latest = limit(wanted.start)
    end = wanted.end or latest
    if wanted.end is not None and wanted.end <= max(wanted.start, desk.now):
        findings.error("PPL-E-013", "end", "終わりが始まりより前か、過ぎています。", "期間を確かめてください。")
    elif end > latest:
        findings.error(
            "PPL-E-035", "end", f"この権限は、{latest.astimezone(JAPAN):%Y-%m-%d} より先には出せません。",
            "その先は、年度が替わってから申請してください。",
        )  # fmt: skip
    affair = affairs().get(wanted.affair)
    if affair is None:
        findings.error("PPL-E-030", "affair", "管理表にない事務です。", "事務を一覧から選んでください。")
    elif outside := sorted(wanted.duties - affair.duties):
        labels = "、".join(duty.label for duty in outside)
        findings.error(
            "PPL-E-036", "duties", f"「{affair.title}」の事務に要る権限ではありません: {labels}",
            "権限の管理表にある権限を選んでください。",
        )  # fmt: skip
    if not wanted.duties:
        findings.error("PPL-E-037", "duties", "権限が選ばれていません。", "要る権限を選んでください。")
    if person is None:
        findings.error("PPL-E-018", "number", "この番号の人は登録されていません。", "番号を確かめてください。")
        return findings, end
    post = _post_on(person, wanted.start)
    if post is None:
        findings.error(
            "PPL-E-038", "number", "その時に在職していない人です。", "発令又は作業者名簿を確かめてください。"
        )
    else:
        end = _within_post(findings, post, wanted, end)
        _of_the_office(findings, post, wanted, asked_by)
    if person.account_id is not None:
        _beside_what_is_held(findings, desk, person.account_id, wanted, end)
    for pair in conflicts(wanted.duties):
        findings.error("PPL-E-042", "duties", _both(pair.one, pair.other, pair.reason), "どちらかを外してください。")
    return findings, end


def _within_post(findings: Findings, post: Post, wanted: Wanted, end: datetime) -> datetime:
    if post.period.upper is None:
        return end
    last = midnight(post.period.upper)
    if wanted.end is not None and wanted.end > last:
        findings.error(
            "PPL-E-039",
            "end",
            "任期・契約・配属の終わりより先の権限は出せません。",
            "終わりの日を早めるか、空欄にしてください。",
        )
    return min(end, last)


def _of_the_office(findings: Findings, post: Post, wanted: Wanted, asked_by: str) -> None:
    if post.office_id != asked_by:
        findings.error(
            "PPL-E-041",
            "number",
            "ほかの所属の人の権限は申請できません。",
            "その人の所属長に申請してもらってください。",
        )
    day = wanted.start.astimezone(JAPAN).date()
    if not OfficeAffair.objects.filter(office=post.office_id, affair=wanted.affair, period__contains=day).exists():
        findings.error(
            "PPL-E-043", "affair", "この所属が行う事務ではありません。",
            "事務の担当が替わった場合は、管理者に管理表の変更を依頼してください。",
        )  # fmt: skip


def _beside_what_is_held(findings: Findings, desk: Desk, account_id: int, wanted: Wanted, end: datetime) -> None:
    login = Account.objects.filter(pk=account_id).values_list("login", flat=True).get()
    if login == desk.account:
        findings.error(
            "PPL-E-044", "number", "自分の権限は、自分で申請・承認できません。", "ほかの責任者に依頼してください。"
        )
    if end <= wanted.start:
        return  # said already
    held = DutyAssignment.objects.filter(account=account_id, period__overlap=(wanted.start, end))
    duties = {Duty(duty) for duty in held.values_list("duty", flat=True)}
    if again := sorted(duties & wanted.duties):
        findings.error(
            "PPL-E-045", "duties", f"この期間に既に持っている権限です: {'、'.join(duty.label for duty in again)}",
            "持っている権限は外して申請してください。",
        )  # fmt: skip
    for pair in conflicts(duties | wanted.duties):
        if not {pair.one, pair.other} <= wanted.duties and {pair.one, pair.other} & wanted.duties:
            findings.error(
                "PPL-E-042", "duties", _both(pair.one, pair.other, pair.reason), "持っている権限を先に返してください。"
            )


def _both(one: Duty, other: Duty, reason: str) -> str:
    return f"「{one.label}」と「{other.label}」は、同じ人が同時に持てません。{reason}"


# -- taking away ------------------------------------------------------------------------------------------------------


def _describe_revocation(payload: dict[str, Any]) -> Lines:
    return (
        ("対象者", f"{payload['name']}（{payload['number']}）"),
        ("返す権限", "、".join(Duty(duty).label for duty in payload["duties"])),
        ("理由", payload["reason"]),
    )


def _revoke_approved(desk: Desk, application: Application) -> None:
    person = Person.objects.get(pk=application.payload["number"])
    _take_away(desk, person, application.payload["assignments"], application.payload["reason"], application.pk)


REVOCATION = kinds.register(
    Kind(
        name="people.revocation",
        title="権限の返還",
        applicant=(Duty.APPROVAL,),
        steps=(Step(Duty.INFORMATION_MANAGEMENT, "情報システム部門の承認"),),
        describe=_describe_revocation,
        on_approved=_revoke_approved,
    )
)


def _held(number: str, assignments: Sequence[int], now: datetime) -> tuple[Person, list[DutyAssignment]]:
    """Raises Refused when one of them is not this person's, or has ended."""
    person = Person.objects.filter(pk=number).first()
    rows = list(
        DutyAssignment.objects.filter(pk__in=assignments, account__person__number=number).filter(
            Q(period__endswith=None) | Q(period__endswith__gt=now), period__isempty=False
        )
    )
    if person is None or not assignments or len(rows) != len(set(assignments)):
        raise Refused(
            [
                Finding(
                    "PPL-E-046",
                    "rights",
                    "この人が今持っている権限ではありません。",
                    "画面を開き直して選んでください。",
                )
            ]
        )
    return person, rows


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(
            [Finding("PPL-E-033", "reason", "理由がありません。", "権限を返す・止める理由を入力してください。")]
        )


@use_case(Operation.APPLY)
def apply_to_revoke(desk: Desk, number: str, assignments: Sequence[int], reason: str) -> Application:
    """返還の申請 by the head of the section. Raises AccessDenied, Refused."""
    desk.require(Duty.APPROVAL)
    _require_reason(reason)
    person, rows = _held(number, assignments, desk.now)
    payload = {
        "number": number,
        "name": person.name,
        "assignments": sorted(row.pk for row in rows),
        "duties": sorted(row.duty for row in rows),
        "reason": reason[:_REASON_LENGTH],
    }
    about = f"{number}:{','.join(map(str, payload['assignments']))}"
    return approvals.apply(desk, REVOCATION, about, payload)


@use_case(Operation.SETTINGS)
def revoke(desk: Desk, number: str, assignments: Sequence[int], reason: str) -> int:
    """Take rights away at once; an open session has them no longer with its next request. Raises AccessDenied, Refused."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    _require_reason(reason)
    person, rows = _held(number, assignments, desk.now)
    return _take_away(desk, person, [row.pk for row in rows], reason, None)


def _take_away(desk: Desk, person: Person, assignments: Sequence[int], reason: str, application: int | None) -> int:
    assert person.account_id is not None
    if Account.objects.filter(pk=person.account_id, login=desk.account).exists():
        raise Refused(
            [
                Finding(
                    "PPL-E-044",
                    "number",
                    "自分の権限は、自分で承認・変更できません。",
                    "ほかの責任者に依頼してください。",
                )
            ]
        )
    ended = records.end_rights(desk, person.account_id, desk.now, reason, only=assignments, application=application)
    case = {"case": f"application:{application}"} if application else {}
    desk.log(Operation.SETTINGS, target=f"person:{person.number}", act="revoke", rights=ended, **case)
    return ended


# -- rights by post (常勤の職員) -----------------------------------------------------------------------------------------


def give_by_post(desk: Desk, person: Person, post: Post) -> frozenset[Duty]:
    """What a regular member of the staff has by his post, where the profile lets personnel data give rights."""
    start = max(midnight(post.period.lower), desk.now)
    if post.kind != Employment.REGULAR or not SETTINGS.value("rights_from_personnel", bool, on=post.period.lower):
        return frozenset()
    given: set[Duty] = set()
    day = start.astimezone(JAPAN).date()
    for row in OfficeAffair.objects.filter(office=post.office_id, period__contains=day).order_by("affair"):
        wanted = Wanted(person.number, row.affair, affairs()[row.affair].by_post - given, start)
        if not wanted.duties:
            continue
        findings, end = check(desk, person, wanted, asked_by=post.office_id)
        if findings.errors:
            continue  # what he has already, or what excludes it, is decided by application
        give(
            desk, person, wanted.duties, office=post.office_id, affair=row.affair, period=(start, end), reason="人事情報"
        )  # fmt: skip
        given |= wanted.duties
    return frozenset(given)


# -- contractors' work ------------------------------------------------------------------------------------------------


def _describe_work(payload: dict[str, Any]) -> Lines:
    return (
        ("作業者", f"{payload['name']}（{payload['number']}）"),
        ("作業", payload["work"]),
        ("期間", f"{_moment(payload['start'])} から {_moment(payload['end'])}"),
        ("直接操作する理由", payload["reason"]),
    )


WORK = kinds.register(
    Kind(
        name="people.work",
        title="委託先の作業の許可",
        applicant=(Duty.APPROVAL,),
        steps=(Step(Duty.INFORMATION_MANAGEMENT, "情報システム部門の承認"),),
        describe=_describe_work,
    )
)


@use_case(Operation.APPLY)
def apply_for_work(desk: Desk, number: str, work: str, start: datetime, end: datetime, reason: str) -> Application:
    """A contractor's worker is to operate the system himself, from … to …, and why that is needed.

    Raises AccessDenied, Refused.
    """
    desk.require(Duty.APPROVAL)
    findings = Findings()
    person = Person.objects.filter(pk=number).first()
    post = _post_on(person, start) if person else None
    if person is None or post is None or post.kind != Employment.CONTRACTOR:
        findings.error(
            "PPL-E-047", "number", "その日の作業者名簿にない人です。", "委託先の作業者名簿を確かめてください。"
        )
    if not work.strip() or not reason.strip():
        findings.error(
            "PPL-E-048", "work", "作業の内容か、直接操作する理由がありません。", "緊急又は保守に不可欠な理由を入力してください。"
        )  # fmt: skip
    if end <= start or end <= desk.now:
        findings.error("PPL-E-013", "end", "終わりが始まりより前か、過ぎています。", "期間を確かめてください。")
    findings.raise_if_blocking()
    assert person is not None
    payload = {
        "number": number, "name": person.name, "work": work[:_REASON_LENGTH], "start": start.isoformat(),
        "end": end.isoformat(), "reason": reason[:_REASON_LENGTH],
    }  # fmt: skip
    return approvals.apply(desk, WORK, f"{number}:{start.isoformat()}", payload)


_WITNESSES = (Duty.APPROVAL, Duty.INFORMATION_MANAGEMENT, Duty.ADMINISTRATION)


@use_case(Operation.SETTINGS)
def attend(desk: Desk, application_id: int) -> Attendance:
    """立会いを始める: from now to the end of what was allowed the worker may sign in. Raises AccessDenied, Refused."""
    desk.require(next((duty for duty in _WITNESSES if desk.may(duty)), _WITNESSES[0]))
    application = Application.objects.filter(pk=application_id, kind=WORK.name).first()
    payload = application.payload if application else {}
    if application is None or not datetime.fromisoformat(payload["start"]) <= desk.now < datetime.fromisoformat(
        payload["end"]
    ):
        raise Refused(
            [
                Finding(
                    "PPL-E-049",
                    "application",
                    "今の時間に許可された作業ではありません。",
                    "許可された時間に立会いを始めてください。",
                )
            ]
        )
    witness = Account.objects.only("id").get(login=desk.account)
    kinds_of_witness = set(
        Post.objects.filter(person__account=witness, period__contains=desk.today).values_list("kind", flat=True)
    )
    if not kinds_of_witness or Employment.CONTRACTOR in kinds_of_witness:
        raise Refused([Finding("PPL-E-050", "witness", "立会いは職員が行います。", "在職中の職員に依頼してください。")])
    used = approvals.use(desk, WORK, application.about)
    attendance = Attendance.objects.create(
        person_id=payload["number"],
        witness=witness,
        application=used.pk,
        work=payload["work"],
        period=(desk.now, datetime.fromisoformat(payload["end"])),
    )
    desk.log(
        Operation.SETTINGS, target=f"person:{payload['number']}", act="attend", case=f"application:{application_id}"
    )
    return attendance


@use_case(Operation.SETTINGS)
def end_attendance(desk: Desk, attendance_id: int) -> None:
    """立会いを終える: the worker is out with his next request. Raises AccessDenied, Refused."""
    desk.require(next((duty for duty in _WITNESSES if desk.may(duty)), _WITNESSES[0]))
    row = Attendance.objects.filter(pk=attendance_id, period__contains=desk.now).first()
    if row is None:
        raise Refused(
            [Finding("PPL-E-051", "attendance", "続いている立会いではありません。", "画面を開き直してください。")]
        )
    row.period = (row.period.lower, desk.now)
    row.save(update_fields=["period"])
    desk.log(Operation.SETTINGS, target=f"person:{row.person_id}", act="end_attendance")
