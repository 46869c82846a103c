"""Running a job, in the worker or in the foreground of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from yakuba.platform.clock import Clock

from .models import Job, State

_LOCK_SPACE = 0x9A0B  # advisory locks (space, job id): the space is this module's alone

Report = Callable[[Job], None]
Work = Callable[["Run"], dict[str, Any]]
_kinds: dict[str, Work] = {}
_foreground: dict[str, str] = {}


class JobCancelled(Exception):
    """Raised in the work at a checkpoint after somebody asked to cancel."""


class JobBusy(RuntimeError):
    """Another living process runs this job."""


class Run:
    """What the work sees of its job."""

    def __init__(self, job: Job, clock: Clock, report: Report | None) -> None:
        self.job = job
        self.clock = clock
        self._report = report

    @property
    def arguments(self) -> dict[str, Any]:
        return self.job.arguments

    @property
    def cursor(self) -> Any:
        """What the last committed checkpoint said; None at the first start."""
        return self.job.cursor

    def checkpoint(self, cursor: Any, done: int, total: int | None = None, stage: str = "") -> None:
        """Save progress in the current transaction, together with the chunk's data. Raises JobCancelled when asked to."""
        self.job.cursor, self.job.done = cursor, done
        self.job.total = total if total is not None else self.job.total
        self.job.stage = stage or self.job.stage
        self.job.save(update_fields=["cursor", "done", "total", "stage"])
        transaction.on_commit(self._after_commit)

    def raise_if_cancelled(self) -> None:
        if Job.objects.filter(pk=self.job.pk, cancel_requested=True).exists():
            raise JobCancelled

    def _after_commit(self) -> None:
        if self._report:
            self._report(self.job)


def job_kind(name: str, *, foreground: str = "") -> Callable[[Work], Work]:
    """Decorator: `work(run) -> result` is what a job of this kind does. It must resume from `run.cursor`.

    `foreground` says why only a person's command may run it; workers then leave it alone.
    """

    def register(work: Work) -> Work:
        if name in _kinds and _kinds[name] is not work:
            raise ValueError(f"job kind {name!r} is registered twice")
        _kinds[name] = work
        if foreground:
            _foreground[name] = foreground
        return work

    return register


def create(kind: str, arguments: dict[str, Any], account: str, clock: Clock) -> Job:
    """A queued job. Raises KeyError for an unknown kind."""
    _ = _kinds[kind]
    return Job.objects.create(kind=kind, arguments=arguments, account=account, created_at=clock.now())


@contextmanager
def _claimed(job_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, job_id])
        claimed = bool(cursor.fetchone()[0])
    try:
        yield claimed
    finally:
        if claimed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, job_id])


def execute(job_id: int, clock: Clock, report: Report | None = None) -> Job:
    """Run a job to its end, from its last checkpoint. A finished one is left alone.

    Raises JobBusy when another living process runs it, and what the work raised after recording it.
    """
    with _claimed(job_id) as claimed:
        if not claimed:
            raise JobBusy(f"job {job_id} is running in another process")
        job = Job.objects.get(pk=job_id)
        if job.state in {State.DONE, State.CANCELLED}:
            return job
        job.state, job.error = State.RUNNING, ""
        job.started_at = job.started_at or clock.now()
        job.save(update_fields=["state", "error", "started_at"])
        run = Run(job, clock, report)
        try:
            run.raise_if_cancelled()
            job.result = _kinds[job.kind](run)
            job.state = State.DONE
        except JobCancelled:
            job.state = State.CANCELLED
        except BaseException as error:
            job.state, job.error = State.FAILED, f"{type(error).__name__}: {error}"[:2000]
            raise
        finally:
            job.finished_at = clock.now()
            job.save(update_fields=["state", "error", "result", "finished_at"])
            if report:
                report(job)
    return job


def request_cancel(job_id: int) -> bool:
    """Ask a job to stop at its next checkpoint; False when it has already ended."""
    return bool(Job.objects.filter(pk=job_id, state__in=[State.QUEUED, State.RUNNING]).update(cancel_requested=True))


def abandoned() -> list[Job]:
    """Unfinished jobs that this process could run and no living one holds: what a crash left to the workers."""
    rows = []
    ours = set(_kinds) - set(_foreground)
    for job in Job.objects.filter(state__in=[State.QUEUED, State.RUNNING], kind__in=ours).order_by("id"):
        with _claimed(job.pk) as claimed:
            if claimed:
                rows.append(job)
    return rows
