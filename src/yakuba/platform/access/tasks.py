"""What signing in needs done by itself: sessions that nobody uses end in time, whether or not their page asks again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.clock import SystemClock

from . import sessions


@app.periodic(cron="*/5 * * * *")
@app.task(name="yakuba.access.sweep", queue="jobs", queueing_lock="yakuba.access.sweep")
def sweep(timestamp: int) -> None:
    """End sessions past their limits."""
    sessions.sweep(SystemClock())
