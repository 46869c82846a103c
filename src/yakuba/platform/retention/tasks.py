"""The night's erasures."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock

from . import services
from .kinds import Rhythm


@app.periodic(cron="20 15 * * *")  # twenty past midnight in Japan: schedules are in UTC
@app.task(name="yakuba.retention.night", queue="jobs", queueing_lock="yakuba.retention.night")
def night(timestamp: int) -> None:
    """Erase what is past its period and needs nobody's approval. A night that was missed is made up for by the next."""
    services.erase_due(system_desk("retention", {Duty.RETENTION}, SystemClock()), Rhythm.DAILY)


@app.periodic(cron="40 15 31 3 *")  # the first night of the fiscal year
@app.task(name="yakuba.retention.new_year", queue="jobs", queueing_lock="yakuba.retention.new_year")
def new_year(timestamp: int) -> None:
    services.erase_due(system_desk("retention", {Duty.RETENTION}, SystemClock()), Rhythm.YEARLY)
