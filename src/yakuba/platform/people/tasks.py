"""What is done every night. Nothing that keeps somebody out waits for it: posts, rights and trainings end by their dates."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock

from . import review


@app.periodic(cron="5 15 * * *")  # five past midnight in Japan: schedules are in UTC
@app.task(name="yakuba.people.night", queue="jobs", queueing_lock="yakuba.people.night")
def night(timestamp: int) -> None:
    """Accounts follow transfers to the office of today; those that nobody uses are suspended."""
    desk = system_desk("people", {Duty.INFORMATION_MANAGEMENT}, SystemClock())
    review.settle_offices(desk)
    review.suspend_dormant(desk)
