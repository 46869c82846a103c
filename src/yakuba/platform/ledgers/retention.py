"""How long ended cases are kept: the profile's years after their end. An open case stays, however old."""

from __future__ import annotations

from datetime import date

from yakuba.platform.retention.kinds import RecordKind, Rhythm, register, years_before

from .kinds import SETTINGS


def _last_day(base: date) -> date:
    return years_before(base, SETTINGS.value("keep_years", int, on=base))


# A case goes after those that it is the parent of.
CASE = register(
    RecordKind(
        name="ledgers_case",
        title="運用管理の事案（点検・監査・事故・委託）",
        reference="団体の文書の保存期間の定め",
        rhythm=Rhythm.YEARLY,
        last_day=_last_day,
        expired="""SELECT c.id AS key, c.office, (e.at AT TIME ZONE 'Asia/Tokyo')::date AS since
            FROM ledgers_case c JOIN ledgers_entry e ON e.case_id = c.id AND e.act = 'close'
            WHERE (e.at AT TIME ZONE 'Asia/Tokyo')::date <= %(last_day)s
              AND NOT EXISTS (SELECT FROM ledgers_case child WHERE child.parent_id = c.id)""",
        tables=("ledgers_entry", "ledgers_task", "ledgers_case"),
        needs_approval=True,
    )
)
ERASE_CASE = {
    "ledgers_entry": "DELETE FROM ledgers_entry e USING gone WHERE e.case_id = gone.key",
    "ledgers_task": "DELETE FROM ledgers_task t USING gone WHERE t.case_id = gone.key",
    "ledgers_case": "DELETE FROM ledgers_case c USING gone WHERE c.id = gone.key",
}
