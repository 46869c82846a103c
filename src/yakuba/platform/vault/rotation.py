"""Changing keys while the house works: a new key writes at once, a job takes everything over to it, the old one goes.

1. `rotate`: the new key is in the file, durable, before the database names it. From that moment every process writes with
   it; what stands under older keys is still found and opened.
2. The job `vault.reseal` takes what stands under older keys over to it, chunk by chunk.
3. `retire`: a key under which nothing stands any more is crossed out in the database, then removed from the file.

A kill between any two steps leaves a file with one key too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import OperationalError, connection

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk, system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.platform.jobs.runner import Run, job_kind
from yakuba.platform.jobs.tasks import enqueue
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.platform.transactions import use_case

from . import keys, keyset, sealing, store
from . import models as tables
from .keyset import VaultShut

KIND = "vault.reseal"
CHUNK_ROWS = 2000
_WAIT_FOR_WRITERS = "15s"
_NAMED = 20
"""Values that did not open are counted; so many of each place are named."""


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One key: `held` counts the values sealed under it by place, `in_file` says whether the file has it."""

    id: int
    state: str
    created_at: datetime
    retired_at: datetime | None
    fingerprint: str
    in_file: bool
    held: dict[str, int]


@use_case(Operation.SETTINGS)
def status(desk: Desk) -> list[KeyStatus]:
    """Every key there ever was, in order of age."""
    desk.require(Duty.SECURITY)
    return _status()


def _status() -> list[KeyStatus]:
    held: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT place, key_id, held FROM vault_counts() ORDER BY place")
        for place, id_, count in cursor.fetchall():
            held.setdefault(id_, {})[place] = count
        cursor.execute("SELECT id, state, created_at, retired_at, fingerprint FROM vault_keys()")
        rows = cursor.fetchall()
    there = keyset.read().keys
    return [
        KeyStatus(id_, state, created, retired, bytes(mark).hex(), id_ in there, held.get(id_, {}))
        for id_, state, created, retired, mark in rows
    ]


@use_case(Operation.SETTINGS)
def rotate(desk: Desk, *, sealing_only: bool = False, for_workers: bool = True) -> tuple[int, Job]:
    """A new primary key, for every process at once, and the job that takes over what stands under older ones.

    With `sealing_only` the blind indexes stay as they are. Returns the id of the key and the job, queued: the workers get it,
    unless the caller runs it itself.
    Raises Refused, AccessDenied, and VaultShut while somebody else changes keys.
    """
    desk.require(Duty.SECURITY)
    with keys.changing():
        known = {key.id for key in _status()}
        before = keys.ask()
        # Keys that this database never heard of stay: another copy of it, or a rotation that was killed, may have them.
        file = keyset.read()
        key = keyset.new_key(max([*known, *file.keys]) + 1, blinding=before.blinding if sealing_only else None)
        keyset.write(file.with_keys([key]))
        keyset.forget_first()
        _alone("SELECT vault_promote(%s, %s, %s)", [key.id, key.fingerprint, desk.now])
        desk.log(
            Operation.SETTINGS,
            target="vault_key",
            act="rotate",
            key=key.id,
            before=before.id,
            sealing_only=sealing_only,
        )
        return key.id, _create_job(desk, for_workers=for_workers)


@use_case(Operation.SETTINGS)
def resume(desk: Desk) -> Job:
    """The job that takes over what stands under older keys, to be run by the caller: the one under way, or a new one."""
    desk.require(Duty.SECURITY)
    running: Job | None = Job.objects.filter(kind=KIND, state__in=[State.QUEUED, State.RUNNING]).order_by("-pk").first()
    if running is None:
        running = _create_job(desk, for_workers=False)
        desk.log(Operation.SETTINGS, target="vault_key", act="reseal", job=running.pk)
    return running


def _create_job(desk: Desk, *, for_workers: bool) -> Job:
    job: Job = runner.create(KIND, {}, desk.account, desk.clock)
    if for_workers:
        enqueue(job.pk)
    return job


def retire(desk: Desk, key_id: int) -> None:
    """Cross a key out and remove it from the file: it must hold nothing any more, which is proven in the same transaction.

    Backups from before the take-over open with it alone: it has to be kept with them. Raises Refused.
    """
    _cross_out(desk, key_id)
    with keys.changing():
        keyset.write(keyset.read().without([key_id]))
        keyset.forget_first()


@use_case(Operation.SETTINGS)
def _cross_out(desk: Desk, key_id: int) -> None:
    desk.require(Duty.SECURITY)
    with keys.changing():
        known = {key.id: key.state for key in _status()}
        if known.get(key_id) == str(tables.State.RETIRED):
            return  # killed before the file was written: go on there
        if known.get(key_id) != str(tables.State.ACTIVE):
            raise Refused(
                [
                    Finding(
                        "VLT-E-012",
                        "key",
                        f"鍵{key_id}は{'使用中です' if key_id in known else 'ありません'}。",
                        "廃止できるのは「復号のみ」の鍵です。使用中の鍵は、先に新しい鍵へ切り替えてください。",
                    )
                ]
            )
        held = _alone("SELECT place, held FROM vault_retire(%s, %s)", [key_id, desk.now])
        if held:
            listed = "、".join(f"{place} {count:,}件" for place, count in held)
            raise Refused(
                [
                    Finding(
                        "VLT-E-013",
                        "key",
                        f"鍵{key_id}で封印されたものが残っています（{listed}）。",
                        "再封印の処理が終わるのを待ってください。終わっていて残るときは、その結果にある件を確かめてください。",
                    )
                ]
            )
        desk.log(Operation.SETTINGS, target="vault_key", act="retire", key=key_id)


def _alone(statement: str, values: list[object]) -> list[tuple[Any, ...]]:
    """A statement that waits for those who write now. Raises Refused when one of them takes too long."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_WAIT_FOR_WRITERS])
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        raise Refused(
            [
                Finding(
                    "VLT-E-014",
                    "vault",
                    f"個人番号を書き込んでいる処理が{_WAIT_FOR_WRITERS.removesuffix('s')}秒待っても終わりません。",
                    "取込みなどの処理が終わってから、もう一度実行してください。何も変わっていません。",
                )
            ]
        ) from None


# -- the job ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Progress:
    """Of the job, as its cursor keeps it: which place is under way, behind which row, and what did not open there."""

    place: str = ""
    after: int = 0
    done: int = 0
    unopened: int = 0
    named: list[str] | None = None


@job_kind(KIND)
@hands_out_nothing("counts of rows that were sealed anew")
def _work(run: Run) -> dict[str, Any]:
    """Goes through all places, and again from the start as long as the primary key changed on the way."""
    desk = system_desk("vault", {Duty.SECURITY}, run.clock)
    progress = _Progress(**run.cursor) if run.cursor else _Progress()
    while True:
        begun_under = keys.ask().id
        for place in _places(desk):
            if place < progress.place:
                continue
            if place != progress.place:
                progress.place, progress.after = place, 0
            while _chunk(desk, run, progress):
                run.raise_if_cancelled()
        if keys.ask().id == begun_under:
            return {"key": begun_under, **{k: v for k, v in asdict(progress).items() if k in _TOLD}}
        progress.place, progress.after = "", 0


_TOLD = {"done", "unopened", "named"}
_NUMBERS = "vault_number.sealed"


@use_case(Operation.SETTINGS)
def _places(desk: Desk) -> list[str]:
    desk.require(Duty.SECURITY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT place FROM vault_columns()")
        return sorted([_NUMBERS, *(place for (place,) in cursor.fetchall())])


@use_case(Operation.SETTINGS)
def _chunk(desk: Desk, run: Run, progress: _Progress) -> bool:
    """One chunk of a place and the cursor behind it, in one transaction. False when the place has no more."""
    desk.require(Duty.SECURITY)
    key, _ = keys.enter()
    take = _numbers if progress.place == _NUMBERS else _secrets
    last = take(key, progress)
    if last is None:
        return False
    progress.after = last
    run.checkpoint(asdict(progress), progress.done, None, progress.place)
    return True


def _numbers(key: keyset.Key, progress: _Progress) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, sealed FROM vault_stale(%s, %s)", [progress.after, CHUNK_ROWS])
        rows = [(id_, bytes(sealed)) for id_, sealed in cursor.fetchall()]
        opened = _open_each(rows, lambda row: (row[0], store.open_number(*row)), progress)
        data = b"".join(store.seal_number(key, id_, digits) + store.blind_index(key, digits) for id_, digits in opened)
        ids = "{" + ",".join(str(id_) for id_, _ in opened) + "}"
        cursor.execute("SELECT vault_reseal(%s, %s::bigint[], %b)", [key.id, ids, data])
        progress.done += cursor.fetchone()[0]
    return rows[-1][0] if rows else None


def _secrets(key: keyset.Key, progress: _Progress) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, context, sealed FROM vault_stale_secrets(%s, %s, %s)",
            [progress.place, progress.after, CHUNK_ROWS],
        )
        rows = [(id_, context, bytes(sealed)) for id_, context, sealed in cursor.fetchall()]
        opened = _open_each(rows, lambda row: (*row, sealing.unseal(row[1], row[2])), progress)
        cursor.execute(
            "SELECT vault_reseal_secrets(%s, %s::bigint[], %s::bytea[], %s::bytea[])",
            [
                progress.place,
                [row[0] for row in opened],
                [row[2] for row in opened],
                [sealing.seal_under(key, row[1], row[3]) for row in opened],
            ],
        )
        progress.done += cursor.fetchone()[0]
    return rows[-1][0] if rows else None


def _open_each(rows: list[Any], opener: Callable[[Any], Any], progress: _Progress) -> list[Any]:
    """What opens; the rest is counted and named, and stays as it is."""
    opened = []
    for row in rows:
        try:
            opened.append(opener(row))
        except VaultShut as shut:
            progress.unopened += 1
            progress.named = progress.named or []
            if len(progress.named) < _NAMED:
                progress.named.append(f"{progress.place} {row[0]}: {shut.findings[0].code}")
    return opened
