"""Requesting, listing, erasing; holds. Each function is one act of a desk with the duty RETENTION, in one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import connection

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds as approvals
from yakuba.platform.approvals import services as approval_services
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.log import Operation
from yakuba.platform.profiles import NoSetting
from yakuba.platform.transactions import use_case

from .kinds import RecordKind, Rhythm, kind_of, kinds
from .models import Hold, Item, Outcome, Run, State
from .sql import function_name

RandomBytes = Callable[[int], bytes]
_SALT_BYTES = 32


class Result(StrEnum):
    """What became of listed records."""

    ERASED = "erased"
    HELD = "held"
    NOT_APPROVED = "not_approved"
    CHANGED = "changed"

    @property
    def label(self) -> str:
        return _RESULTS[self]


_RESULTS = {
    Result.ERASED: "廃棄した",
    Result.HELD: "廃棄の停止により残した",
    Result.NOT_APPROVED: "承認がないため残した",
    Result.CHANGED: "一覧の後に記録が変わったため残した",
}


@dataclass(frozen=True, slots=True)
class Count:
    """Records of a run at one office: on the list, approved."""

    office: str
    listed: int
    approved: int


def _describe(payload: dict[str, Any]) -> approvals.Lines:
    return (
        ("記録の種類", payload["title"]),
        ("基準日", payload["base_date"]),
        ("廃棄日", payload["disposal_date"]),
        ("件数", f"{payload['records']:,}件"),
    )


def _mark_approved(_desk: Desk, application: Application) -> None:
    """The office's records of the list may go."""
    run = int(application.about.split(":")[0])
    Item.objects.filter(run=run, office=application.payload["office"]).update(is_approved=True)


DISPOSAL = approvals.register(
    approvals.Kind(
        name="retention",
        title="保存期間満了の廃棄",
        applicant=(Duty.RETENTION,),
        steps=(approvals.Step(Duty.APPROVAL, "管理する部署の廃棄決裁", office_in="office"),),
        describe=_describe,
        on_approved=_mark_approved,
    )
)


def _refused(code: str, field: str, message: str, remedy: str) -> Refused:
    return Refused([Finding(code, field, message, remedy)])


def _run(run_id: int, *states: State) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise _refused("RTN-E-001", "run", "廃棄処理が見つかりません。", "番号を確かめてください。")
    if run.state not in states:
        raise _refused(
            "RTN-E-002",
            "run",
            f"この廃棄処理は「{State(run.state).label}」です。",
            "廃棄処理の一覧で次に行うことを確かめてください。",
        )
    return run


@use_case(Operation.ERASE)
def request(desk: Desk, kind: str, base_date: date, disposal_date: date) -> Run:
    """Step 1 (削除作業の依頼): nothing is extracted without it. Raises Refused with every finding."""
    desk.require(Duty.RETENTION)
    findings = Findings()
    known = {known.name: known for known in kinds()}.get(kind)
    if known is None:
        findings.error("RTN-E-003", "kind", "この種類の記録はありません。", "一覧から選んでください。")
    else:
        try:
            known.last_day(base_date)
        except NoSetting as unset:
            findings.error("RTN-E-004", "kind", str(unset), "保存期間を定めるまで、この記録は廃棄できません。")
    if base_date > desk.today:
        findings.error("RTN-E-005", "base_date", "基準日が未来の日付です。", "今日までの日付を入力してください。")
    if disposal_date < max(base_date, desk.today):
        findings.error(
            "RTN-E-006", "disposal_date", "廃棄日が基準日又は今日より前です。", "今日以後の日付を入力してください。"
        )
    if Run.objects.filter(kind=kind, base_date=base_date).exclude(state=State.CANCELLED).exists():
        findings.error(
            "RTN-E-007",
            "base_date",
            "同じ基準日の廃棄処理が既にあります。",
            "その廃棄処理を進めるか、取りやめてください。",
        )
    findings.raise_if_blocking()
    run = Run.objects.create(
        kind=kind,
        base_date=base_date,
        disposal_date=disposal_date,
        account=desk.account,
        office=desk.office,
        requested_at=desk.now,
    )
    desk.log(Operation.ERASE, target=f"retention:{run.pk}", step="request", kind=kind, base_date=base_date)
    return run


@use_case(Operation.ERASE)
def extract(desk: Desk, run_id: int, random_bytes: RandomBytes = secrets.token_bytes) -> list[Count]:
    """Step 2: the list and its counts; where offices must approve, their applications. Raises Refused."""
    desk.require(Duty.RETENTION)
    run = _run(run_id, State.REQUESTED)
    kind = kind_of(run.kind)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO retention_item (run_id, key, office, since, is_approved)"
            f" SELECT %(run)s, key, office, since, %(approved)s FROM ({kind.expired}) AS expired"
            " WHERE NOT EXISTS (SELECT FROM retention_item i JOIN retention_run r ON r.id = i.run_id"
            "                   WHERE r.kind = %(kind)s AND r.state = 'listed' AND i.key = expired.key)",
            {
                "run": run.pk,
                "approved": not kind.needs_approval,
                "kind": kind.name,
                "last_day": kind.last_day(run.base_date),
            },
        )
    run.salt = random_bytes(_SALT_BYTES)
    run.list_hash = _hash_of_list(run)
    run.state = State.LISTED
    run.save(update_fields=["salt", "list_hash", "state"])
    found = counts(run)
    for count in found if kind.needs_approval else ():
        payload = {
            "office": count.office,
            "records": count.listed,
            "title": kind.title,
            "base_date": run.base_date.isoformat(),
            "disposal_date": run.disposal_date.isoformat(),
        }
        approval_services.apply(desk, DISPOSAL, f"{run.pk}:{count.office}", payload, bytes(run.list_hash))
    desk.log(
        Operation.ERASE,
        target=f"retention:{run.pk}",
        step="extract",
        counts={count.office: count.listed for count in found},
        list_hash=bytes(run.list_hash).hex(),
    )
    return found


def _hash_of_list(run: Run) -> bytes:
    digest = hashlib.sha256(bytes(run.salt or b""))
    rows = Item.objects.filter(run=run).order_by("key").values_list("key", "office", "since")
    for key, office, since in rows.iterator(chunk_size=10_000):
        digest.update(json.dumps([key, office, since.isoformat()]).encode())
    return digest.digest()


def counts(run: Run) -> list[Count]:
    """The count table (件数表) of a run by office."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT office, count(*), count(*) FILTER (WHERE is_approved) FROM retention_item"
            " WHERE run_id = %s GROUP BY office ORDER BY office",
            [run.pk],
        )
        return [Count(*row) for row in cursor.fetchall()]


@use_case(Operation.ERASE)
def dispose(desk: Desk, run_id: int) -> list[Outcome]:
    """Step 4: erase in one run what was listed, approved, is not held and has not changed since; the rest stays, counted.

    Raises Refused before the disposal date.
    """
    desk.require(Duty.RETENTION)
    run = _run(run_id, State.LISTED)
    if desk.today < run.disposal_date:
        raise _refused(
            "RTN-E-008",
            "disposal_date",
            f"廃棄日（{run.disposal_date.isoformat()}）の前には廃棄できません。",
            "廃棄日以後に行ってください。",
        )
    kind = kind_of(run.kind)
    kept = {
        Result.HELD: _take_off(run, _HELD, {"today": desk.today}),
        Result.NOT_APPROVED: _take_off(run, "NOT i.is_approved", {}),
        Result.CHANGED: _take_off(
            run,
            f"NOT EXISTS (SELECT FROM ({kind.expired}) AS expired WHERE expired.key = i.key)",
            {"last_day": kind.last_day(run.base_date)},
        ),
    }
    erased = {count.office: count.approved for count in counts(run)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function_name(kind.name)}(%s, %s)", [run.pk, desk.today])
        rows = json.loads(cursor.fetchone()[0])
    outcomes = [
        Outcome(
            run=run, office=office, result=result, records=records, rows=rows if result is Result.ERASED else {},
            at=desk.now, account=desk.account,
        )
        for result, offices in ((Result.ERASED, erased), *kept.items())
        for office, records in sorted(offices.items())
    ]  # fmt: skip
    Outcome.objects.bulk_create(outcomes)
    Item.objects.filter(run=run).delete()
    run.state, run.salt = State.ENDED, None
    run.save(update_fields=["state", "salt"])
    desk.log(
        Operation.ERASE,
        target=f"retention:{run.pk}",
        step="dispose",
        kind=kind.name,
        rows=rows,
        results={result: sum(o.records for o in outcomes if o.result == result) for result in Result},
    )
    return outcomes


_HELD = """EXISTS (SELECT FROM retention_hold h
    WHERE h.kind = %(kind)s AND h.key = i.key AND h.period @> %(today)s::date)"""


def _take_off(run: Run, condition: str, parameters: dict[str, Any]) -> dict[str, int]:
    """Take the items that fulfil a condition off the list: office -> how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH kept AS (DELETE FROM retention_item i WHERE i.run_id = %(run)s AND {condition} RETURNING i.office)"
            " SELECT office, count(*) FROM kept GROUP BY office",
            {"run": run.pk, "kind": run.kind, **parameters},
        )
        return dict(cursor.fetchall())


@use_case(Operation.ERASE)
def cancel(desk: Desk, run_id: int) -> Run:
    """取りやめ before anything was erased; the list goes."""
    desk.require(Duty.RETENTION)
    run = _run(run_id, State.REQUESTED, State.LISTED)
    Item.objects.filter(run=run).delete()
    run.state, run.salt = State.CANCELLED, None
    run.save(update_fields=["state", "salt"])
    desk.log(Operation.ERASE, target=f"retention:{run.pk}", step="cancel")
    return run


@use_case(Operation.ERASE)
def place_hold(desk: Desk, kind: str, key: int, until: date | None, reason: str) -> Hold:
    """廃棄の停止 from today, to `until` (exclusive) or until lifted. Raises Refused with every finding."""
    desk.require(Duty.RETENTION)
    findings = Findings()
    if kind not in {known.name for known in kinds()}:
        findings.error("RTN-E-003", "kind", "この種類の記録はありません。", "一覧から選んでください。")
    if until is not None and until <= desk.today:
        findings.error("RTN-E-009", "until", "終わりの日が今日以前です。", "明日以後の日付を入力してください。")
    if not reason.strip():
        findings.error("RTN-E-010", "reason", "停止の理由がありません。", "理由を入力してください。")
    findings.raise_if_blocking()
    hold = Hold.objects.create(
        kind=kind, key=key, period=(desk.today, until), reason=reason, account=desk.account, placed_at=desk.now
    )
    desk.log(Operation.ERASE, target=f"retention_hold:{hold.pk}", step="hold", kind=kind)
    return hold


@use_case(Operation.ERASE)
def lift_hold(desk: Desk, hold_id: int) -> Hold:
    """End a hold today. Raises Refused for one that has ended."""
    desk.require(Duty.RETENTION)
    hold = Hold.objects.select_for_update().filter(pk=hold_id, period__contains=desk.today).first()
    if hold is None:
        raise _refused("RTN-E-011", "hold", "続いている廃棄の停止ではありません。", "一覧を開き直してください。")
    hold.period = (hold.period.lower, desk.today)
    hold.save(update_fields=["period"])
    desk.log(Operation.ERASE, target=f"retention_hold:{hold.pk}", step="lift")
    return hold


def erase_due(desk: Desk, rhythm: Rhythm) -> list[Outcome]:
    """The night's work: every kind of this rhythm that needs nobody's approval, for today. Repeating it erases nothing more.

    A kind whose period nobody has set is left out; `unset` tells of it.
    """
    outcomes = []
    for kind in kinds():
        if kind.rhythm is not rhythm or kind.needs_approval or kind in unset(desk.today):
            continue
        run = Run.objects.filter(kind=kind.name, base_date=desk.today).exclude(state=State.CANCELLED).first()
        run = run or request(desk, kind.name, desk.today, desk.today)
        if run.state == State.REQUESTED:
            extract(desk, run.pk)
        if run.state != State.ENDED:
            outcomes += dispose(desk, run.pk)
    return outcomes


def unset(day: date) -> list[RecordKind]:
    """Kinds whose period nobody has set for this house: what can't be erased."""
    found = []
    for kind in kinds():
        try:
            kind.last_day(day)
        except NoSetting:
            found.append(kind)
    return found


# -- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the officer sees it. `listed` is empty before the list and after the erasure."""

    run: Run
    kind: RecordKind
    listed: list[Count]
    outcomes: list[Outcome]


@use_case(Operation.VIEW)
def look(desk: Desk, run_id: int | None = None, newest: int = 50) -> list[RunView]:
    """The newest runs, or one. Counts only: who is on a list stands in the list."""
    desk.require(Duty.RETENTION)
    runs = Run.objects.order_by("-pk") if run_id is None else Run.objects.filter(pk=run_id)
    return [
        RunView(run, kind_of(run.kind), counts(run), list(run.outcomes.order_by("result", "office")))
        for run in runs[:newest]
    ]


@use_case(Operation.VIEW)
def items(desk: Desk, run_id: int, limit: int = 1000) -> list[Item]:
    """The list itself (廃棄対象一覧), oldest first: who is on it is logged as looked at."""
    desk.require(Duty.RETENTION)
    rows = list(Item.objects.filter(run=run_id).order_by("since", "key")[:limit])
    desk.log(Operation.VIEW, target=f"retention:{run_id}", rows=len(rows))
    return rows


def keep(desk: Desk, kind: str, key: int, reason: str) -> Hold:
    """A hold from today until it is let go, as part of another room's act: in its transaction and its database role."""
    kind_of(kind)
    return Hold.objects.create(
        kind=kind, key=key, period=(desk.today, None), reason=reason, account=desk.account, placed_at=desk.now
    )


def let_go(holds: Collection[int], on: date) -> None:
    """`keep`'s counterpart: these holds end on a day, which may lie ahead; those that have ended stay as they are."""
    for hold in Hold.objects.select_for_update().filter(pk__in=holds, period__endswith=None):
        hold.period = (hold.period.lower, max(on, hold.period.lower))
        hold.save(update_fields=["period"])


@use_case(Operation.VIEW)
def holds(desk: Desk) -> list[Hold]:
    """The holds that stand today."""
    desk.require(Duty.RETENTION)
    return list(Hold.objects.filter(period__contains=desk.today).order_by("kind", "key"))
