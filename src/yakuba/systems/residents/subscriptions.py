"""What the registry does on events: it keeps the daily movement of the population."""

from __future__ import annotations

from django.db import connection

from yakuba.platform.clock import JAPAN
from yakuba.platform.events.registry import Delivered, subscribe
from yakuba.platform.protection.exits import hands_out_nothing

from .interfaces import RECORD_CHANGED


@hands_out_nothing("counts of a day")
@subscribe(RECORD_CHANGED, "residents.population_day")
def count_movement(event: Delivered) -> None:
    """Add one change to its day and reason. The delivery's completion commits with it, so it is counted once."""
    change = event.payload
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO residents_population_day (day, reason, entered, left_count, changed) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (day, reason) DO UPDATE SET entered = residents_population_day.entered + excluded.entered,"
            " left_count = residents_population_day.left_count + excluded.left_count,"
            " changed = residents_population_day.changed + excluded.changed",
            [
                event.recorded_at.astimezone(JAPAN).date(),
                change.reason,
                int(change.opened),
                int(change.closed),
                int(not change.opened and not change.closed),
            ],
        )
