"""What the registry does by itself: the night's work."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock

from . import services
from .statistics import services as statistics


@app.periodic(cron="5 15 * * *")  # five past midnight in Japan: schedules are in UTC
@app.task(name="yakuba.residents.night", queue="jobs", queueing_lock="yakuba.residents.night")
def night(timestamp: int) -> None:
    """Close the records whose 転出予定日 has come. A night that was missed is made up for: what is due is due."""
    services.close_due_move_outs(system_desk("night", {Duty.REVIEW}, SystemClock()))


@app.periodic(cron="30 15 * * *")  # half past midnight in Japan
@app.task(name="yakuba.residents.statistics", queue="jobs", queueing_lock="yakuba.residents.statistics")
def monthly_statistics(timestamp: int) -> None:
    """Count the last whole month, once: a first of the month that was missed is made up for the next night."""
    statistics.request_due(system_desk("night", {Duty.STATISTICS}, SystemClock()))
