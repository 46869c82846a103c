"""What the log does by itself at night: yesterday is examined."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock

from . import monitoring


@app.periodic(cron="30 15 * * *")  # half past midnight in Japan: schedules are in UTC
@app.task(name="yakuba.audit.inspect", queue="jobs", queueing_lock="yakuba.audit.inspect")
def inspect(timestamp: int) -> None:
    """Examine every day that was not examined yet; nights that were missed are made up for."""
    desk = system_desk("inspection", {Duty.AUDIT, Duty.INQUIRY}, SystemClock())
    for day in monitoring.days_due(desk):
        monitoring.inspect(desk, day)
