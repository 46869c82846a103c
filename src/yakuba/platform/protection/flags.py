"""Setting, ending and reading flags: the care of them, for Duty.PROTECTION only. Asking what they do is `passing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Least

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from .exits import Way
from .models import Flag, FlagEnd, FlagReason, Release
from .policy import FlagKind, coverable
from .releases import SETTINGS

LIMITED = frozenset({FlagKind.SUPPORT, FlagKind.PROVISIONAL_SUPPORT})
"""Kinds that always have an end, at most `support_months` away."""
_TEXT = 1000
_MOST_SUBJECTS = 30
_MOST_LINES = 2_000
_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagOrder:
    """What to set. `subjects`: the person and whoever of the household is protected together (併せて支援を求める者).

    `last_day` is inclusive; None: until it is ended.
    """

    subjects: tuple[int, ...]
    kind: str
    ways: tuple[str, ...]
    starts_on: date
    last_day: date | None
    reason: str
    case: str = ""


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day (民法143条2項)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th day")


@use_case(Operation.PROTECT)
def set_flags(desk: Desk, order: FlagOrder) -> tuple[int, ...]:
    """Set one flag for each subject; all or none. Their ids. Raises Refused with every finding.

    From the commit on, no exit hands out what it covers; whoever is just handing out is waited for.
    """
    desk.require(Duty.PROTECTION)
    findings = _check(desk, order)
    subjects = sorted(set(order.subjects))
    ends_before = order.last_day + timedelta(days=1) if order.last_day else None
    if not findings.errors:
        _lock(subjects)
        for flag in _holding_between(subjects, order.kind, order.starts_on, ends_before):
            findings.error(
                "PRO-E-016",
                "starts_on",
                f"宛名番号{flag.subject:015d}には、同じ種類の抑止が{_period(flag)}に設定されています。",
                "前の期間を終了させるか、期間が重ならないように設定してください。",
            )
    findings.raise_if_blocking()
    rows = Flag.objects.bulk_create(
        Flag(
            subject=subject,
            kind=order.kind,
            ways=sorted(order.ways),
            starts_on=order.starts_on,
            ends_before=ends_before,
            set_at=desk.now,
            account=desk.account,
            office=desk.office,
        )
        for subject in subjects
    )
    reason, case = order.reason.strip()[:_TEXT], order.case.strip()[:_TEXT]
    FlagReason.objects.bulk_create(FlagReason(flag=row, reason=reason, case=case) for row in rows)
    desk.log(
        Operation.PROTECT, subjects=tuple(subjects), target="flags", act="set", flags=[row.pk for row in rows],
        kind=order.kind, ways=sorted(order.ways), starts_on=order.starts_on, last_day=order.last_day, case=case,
    )  # fmt: skip
    return tuple(row.pk for row in rows)


def _check(desk: Desk, order: FlagOrder) -> Findings:
    findings = Findings()
    if not order.subjects or len(order.subjects) > _MOST_SUBJECTS:
        findings.error(
            "PRO-E-010", "subjects", f"対象の方は一人以上、{_MOST_SUBJECTS}人以下です。", "対象の方を選んでください。"
        )
    kind = FlagKind(order.kind) if order.kind in set(FlagKind) else None
    if kind is None:
        findings.error("PRO-E-011", "kind", "種類が選ばれていません。", "一覧から選んでください。")
    elif not order.ways:
        findings.error("PRO-E-012", "ways", "抑止する操作が選ばれていません。", "一つ以上選んでください。")
    else:
        try:
            allowed = coverable(kind, order.starts_on)
        except Refused as refusal:
            findings.extend(refusal.findings)
        else:
            for way in sorted(set(order.ways) - allowed):
                label = Way(way).label if way in set(Way) else way[:20]
                findings.error(
                    "PRO-E-013",
                    "ways",
                    f"「{kind.label}」では「{label}」を抑止できません。",
                    "その操作を外してください。",
                )
    if order.last_day is not None and order.last_day < order.starts_on:
        findings.error("PRO-E-014", "last_day", "満了日が開始日より前です。", "期間を確かめてください。")
    if kind in LIMITED:
        months = SETTINGS.value("support_months", int, on=desk.today)
        latest = months_later(order.starts_on, months) - timedelta(days=1)
        if order.last_day is None or order.last_day > latest:
            findings.error(
                "PRO-E-015", "last_day", f"期間は{months}か月以内です（{latest.isoformat()}まで）。",
                "満了日を入力してください。続けるときは、満了の前に延長として次の期間を設定します。",
                article="住民基本台帳事務処理要領 第6の10",
            )  # fmt: skip
    if not order.reason.strip():
        findings.error("PRO-E-017", "reason", "理由が入力されていません。", "確認した内容を入力してください。")
    return findings


def _lock(subjects: list[int]) -> None:
    """Alone with these persons' flags until the transaction ends; the counterpart of `passing.hold`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('protection:' || subject, 0))"
            " FROM (SELECT subject FROM unnest(%s::bigint[]) AS t (subject) ORDER BY subject) s",
            [subjects],
        )


def _with_end() -> QuerySet[Flag]:
    """Flags with `holds_before`: the day before which they hold, whatever ends them; far away for an open end."""
    return Flag.objects.annotate(
        holds_before=Least(Coalesce("ends_before", Value(_FAR)), Coalesce("end__ends_before", Value(_FAR)))
    ).order_by("starts_on", "pk")


def _holding_between(subjects: list[int], kind: str, first: date, before: date | None) -> list[Flag]:
    rows = _with_end().filter(subject__in=subjects, kind=kind, holds_before__gt=first)
    # Ended on its first day, a flag never held.
    rows = rows.filter(holds_before__gt=F("starts_on"))
    return list(rows.filter(starts_on__lt=before) if before else rows)


def _period(flag: Flag) -> str:
    end = last_day(flag)
    return f"{flag.starts_on.isoformat()}から" + (f"{end.isoformat()}まで" if end else "")


def last_day(flag: Flag) -> date | None:
    """The last day on which a flag of `_with_end` holds; None: no end is known."""
    before: date = flag.holds_before
    return None if before == _FAR else before - timedelta(days=1)


@use_case(Operation.PROTECT)
def end_flag(desk: Desk, flag_id: int, ends_before: date, reason: str) -> None:
    """End a flag: from `ends_before` on (today at the earliest) it no longer holds. Once. Raises Refused."""
    desk.require(Duty.PROTECTION)
    flag = Flag.objects.filter(pk=flag_id).first()
    if flag is None:
        raise Refused([Finding("PRO-E-018", "flag", "その抑止の設定はありません。", "一覧を開き直してください。")])
    _lock([flag.subject])
    findings = Findings()
    if FlagEnd.objects.filter(flag=flag).exists():
        findings.error("PRO-E-018", "flag", "既に終了の手続が済んでいます。", "一覧を開き直してください。")
    elif flag.ends_before is not None and ends_before > flag.ends_before:
        findings.error(
            "PRO-E-019", "ends_before", "もとの満了より後の日です。", "延長は、次の期間として設定してください。"
        )
    if ends_before < max(desk.today, flag.starts_on):
        findings.error(
            "PRO-E-019", "ends_before", "終了の日は、今日以後かつ開始日以後です。", "日付を確かめてください。"
        )
    if not reason.strip():
        findings.error("PRO-E-017", "reason", "理由が入力されていません。", "終了の理由を入力してください。")
    findings.raise_if_blocking()
    FlagEnd.objects.create(
        flag=flag, ends_before=ends_before, ended_at=desk.now, account=desk.account, reason=reason.strip()[:_TEXT]
    )
    desk.log(
        Operation.PROTECT, subjects=(flag.subject,), target="flags", act="ended", flags=[flag.pk],
        ends_before=ends_before,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlagLine:
    """One flag as those who care for it see it. `last_day`: None, no end is known."""

    flag: Flag
    kind: str
    ways: tuple[str, ...]
    last_day: date | None
    is_holding: bool
    is_ended: bool


def _line(flag: Flag, today: date) -> FlagLine:
    before: date = flag.holds_before
    known = set(FlagKind)
    return FlagLine(
        flag=flag,
        kind=FlagKind(flag.kind).label if flag.kind in known else flag.kind,
        ways=tuple(way.label for way in Way if way in flag.ways),
        last_day=last_day(flag),
        is_holding=flag.starts_on <= today < before,
        is_ended=before <= today or before == flag.starts_on,
    )


@use_case(Operation.VIEW)
def flags_of(desk: Desk, subject: int) -> list[FlagLine]:
    """Every flag that a person has or had, with its reason, newest first. The look is logged."""
    desk.require(Duty.PROTECTION)
    rows = _with_end().filter(subject=subject).select_related("reason", "end").order_by("-starts_on", "-pk")
    desk.log(Operation.VIEW, subjects=(subject,), target="flags")
    return [_line(row, desk.today) for row in rows]


@use_case(Operation.VIEW)
def releases_of(desk: Desk, subject: int) -> list[Release]:
    """The releases that a person's record ever had, newest first, each with its uses."""
    desk.require(Duty.PROTECTION)
    rows = Release.objects.filter(subject=subject).order_by("-pk").prefetch_related("used").select_related("end")
    desk.log(Operation.VIEW, subjects=(subject,), target="flags:releases")
    return list(rows[:200])


@use_case(Operation.VIEW)
def holding(desk: Desk, *, ending_soon: bool = False) -> list[FlagLine]:
    """The flags that hold today, those that end first at the top; `ending_soon`: within `notice_days` only."""
    desk.require(Duty.PROTECTION)
    rows = _with_end().filter(starts_on__lte=desk.today, holds_before__gt=desk.today)
    if ending_soon:
        days = SETTINGS.value("notice_days", int, on=desk.today)
        rows = rows.filter(holds_before__lte=desk.today + timedelta(days=days))
    lines = [_line(row, desk.today) for row in rows.order_by("holds_before", "pk")[:_MOST_LINES]]
    subjects = tuple(sorted({line.flag.subject for line in lines}))
    desk.log(Operation.VIEW, subjects=subjects, target="flags", ending_soon=ending_soon)
    return lines
