"""The worker's side: procrastinate brings a job's id to a worker, the runner does the rest."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.clock import SystemClock

from . import runner


@app.task(name="yakuba.jobs.execute", queue="jobs")
def execute(job_id: int) -> None:
    runner.execute(job_id, SystemClock())


def enqueue(job_id: int) -> None:
    """Hand a job to the workers; in the current transaction, if there is one."""
    execute.defer(job_id=job_id)
