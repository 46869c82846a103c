"""How long the registry keeps what, and what belongs to a record that goes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from yakuba.platform import profiles
from yakuba.platform.retention.kinds import RecordKind, Rhythm, register, years_before

SETTINGS = profiles.declare("residents", Path(__file__).with_name("settings.yaml"))


def _closed_by(base: date) -> date:
    return years_before(base, SETTINGS.value("closed_record_years", int, on=base))


def _resolved_by(base: date) -> date:
    return base - timedelta(days=SETTINGS.value("import_refusal_days", int, on=base))


# The record was closed (消除) on the later of the day in law and the day of the notification; either may be the later one.
CLOSED_RECORD = register(
    RecordKind(
        name="closed_record",
        title="除票と履歴",
        reference="住民基本台帳法施行令 第34条",
        rhythm=Rhythm.YEARLY,
        last_day=_closed_by,
        expired="""SELECT r.number AS key, e.office, greatest(v.valid_from, v.closing_notified_on) AS since
            FROM residents_resident r
            JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no
            JOIN events_event e ON e.id = v.event_id
            WHERE NOT r.is_open AND r.pending_filing IS NULL
              AND greatest(v.valid_from, v.closing_notified_on) <= %(last_day)s""",
        tables=(
            "residents_version", "residents_resident", "residents_search_name", "residents_search_address",
            "residents_filing", "residents_filing_step", "events_event", "events_delivery", "vault_number",
        ),
        needs_approval=True,
    )
)  # fmt: skip

# In this order: numbers and events are found through the versions. A filing that is about somebody else too stays with them.
ERASE_CLOSED_RECORD = {
    "vault_number": """DELETE FROM vault_number n
        WHERE n.id IN (SELECT v.individual_number FROM residents_version v JOIN gone ON gone.key = v.person)
          AND NOT EXISTS (SELECT FROM residents_version other WHERE other.individual_number = n.id
                          AND NOT EXISTS (SELECT FROM gone WHERE gone.key = other.person))""",
    "residents_version": "DELETE FROM residents_version v USING gone WHERE v.person = gone.key",
    "residents_search_name": "DELETE FROM residents_search_name s USING gone WHERE s.person = gone.key",
    "residents_search_address": "DELETE FROM residents_search_address s USING gone WHERE s.person = gone.key",
    "residents_filing_step": """DELETE FROM residents_filing_step s USING residents_filing f
        WHERE s.filing_id = f.id AND f.persons && ARRAY(SELECT key FROM gone)
          AND f.persons <@ ARRAY(SELECT key FROM gone)""",
    "residents_filing": """DELETE FROM residents_filing f WHERE f.persons && ARRAY(SELECT key FROM gone)
          AND f.persons <@ ARRAY(SELECT key FROM gone)""",
    "residents_resident": "DELETE FROM residents_resident r USING gone WHERE r.number = gone.key",
    "events_delivery": """DELETE FROM events_delivery d USING gone, events_event e
        WHERE e.subject = gone.key AND d.event_id = e.id
          AND NOT EXISTS (SELECT FROM residents_version v WHERE v.event_id = e.id)""",
    "events_event": """DELETE FROM events_event e USING gone WHERE e.subject = gone.key
          AND NOT EXISTS (SELECT FROM residents_version v WHERE v.event_id = e.id)""",
}

IMPORT_REFUSAL = register(
    RecordKind(
        name="import_refusal",
        title="取込みで受け付けられなかった行",
        reference="この製品の定め",
        rhythm=Rhythm.DAILY,
        last_day=_resolved_by,
        expired="""SELECT id AS key, '' AS office, (resolved_at AT TIME ZONE 'Asia/Tokyo')::date AS since
            FROM residents_import_refusal
            WHERE (resolved_at AT TIME ZONE 'Asia/Tokyo')::date <= %(last_day)s""",
        tables=("residents_import_refusal",),
        needs_approval=False,
    )
)

ERASE_IMPORT_REFUSAL = {
    "residents_import_refusal": "DELETE FROM residents_import_refusal r USING gone WHERE r.id = gone.key",
}
