"""What the seal registry does by itself: the night's work."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import SystemClock

from . import services


@app.periodic(cron="10 15 * * *")  # ten past midnight in Japan: schedules are in UTC
@app.task(name="yakuba.seals.night", queue="jobs", queueing_lock="yakuba.seals.night")
def night(timestamp: int) -> None:
    """Close the applications whose 回答期限 has passed. A night that was missed is made up for by the next."""
    services.lapse_unanswered(system_desk("night", {Duty.REGISTRATION}, SystemClock()))
