"""How long the records of provision are kept (as those of 番号法第23条)."""

from __future__ import annotations

from datetime import date

from yakuba.platform.retention.kinds import RecordKind, Rhythm, register, years_before

from .connections import SETTINGS


def _last_day(base: date) -> date:
    return years_before(base, SETTINGS.value("record_years", int, on=base))


RECORD = register(
    RecordKind(
        name="linkage_record",
        title="提供・移転の記録",
        reference="番号法第23条の記録の例による",
        rhythm=Rhythm.DAILY,
        last_day=_last_day,
        expired="""SELECT id AS key, office, (at AT TIME ZONE 'Asia/Tokyo')::date AS since FROM linkage_record
            WHERE at < (%(last_day)s::date + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'""",
        tables=("linkage_record",),
        needs_approval=False,
    )
)
ERASE_RECORD = {"linkage_record": "DELETE FROM linkage_record r USING gone WHERE r.id = gone.key"}
