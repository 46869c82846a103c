"""How long the books are kept: what has ended, for the profile's years after its end (金沢市 III-5、山口県 III 5-リスク1)."""

from __future__ import annotations

from datetime import date

from yakuba.platform.retention.kinds import RecordKind, Rhythm, register, years_before

from .media import SETTINGS


def _last_day(base: date) -> date:
    return years_before(base, SETTINGS.value("book_years", int, on=base))


def _book(name: str, title: str, expired: str, tables: tuple[str, ...]) -> RecordKind:
    return register(
        RecordKind(
            name=name,
            title=title,
            reference="団体の文書の保存期間の定め（授受簿等）",
            rhythm=Rhythm.YEARLY,
            last_day=_last_day,
            expired=f"SELECT key, office, since FROM ({expired}) ended WHERE since <= %(last_day)s",
            tables=tables,
            needs_approval=True,
        )
    )


def _day(column: str) -> str:
    return f"({column} AT TIME ZONE 'Asia/Tokyo')::date"


# A file that is out and not confirmed stays, however old.
OUTGOING = _book(
    "handover_outgoing",
    "授受簿（渡したファイル）",
    f"""SELECT d.id AS key, d.office, {_day("coalesce(c.at, e.at)")} AS since
        FROM handover_draft d
        JOIN handover_draft_end e ON e.draft_id = d.id
        LEFT JOIN handover_release r ON r.draft_id = d.id
        LEFT JOIN handover_receipt c ON c.release_id = r.id
        WHERE r.id IS NULL OR c.id IS NOT NULL""",
    ("handover_receipt", "handover_release", "handover_draft_end", "handover_draft"),
)
ERASE_OUTGOING = {
    "handover_receipt": """DELETE FROM handover_receipt c USING handover_release r, gone
        WHERE c.release_id = r.id AND r.draft_id = gone.key""",
    "handover_release": "DELETE FROM handover_release r USING gone WHERE r.draft_id = gone.key",
    "handover_draft_end": "DELETE FROM handover_draft_end e USING gone WHERE e.draft_id = gone.key",
    "handover_draft": "DELETE FROM handover_draft d USING gone WHERE d.id = gone.key",
}

INCOMING = _book(
    "handover_incoming",
    "授受簿（受け取ったファイル）",
    f"""SELECT i.id AS key, i.office, {_day("e.at")} AS since
        FROM handover_inbound i JOIN handover_inbound_end e ON e.inbound_id = i.id""",
    ("handover_inbound_end", "handover_inbound"),
)
ERASE_INCOMING = {
    "handover_inbound_end": "DELETE FROM handover_inbound_end e USING gone WHERE e.inbound_id = gone.key",
    "handover_inbound": "DELETE FROM handover_inbound i USING gone WHERE i.id = gone.key",
}

ITEM = _book(
    "handover_item",
    "帳票・提供資料・磁気ディスクの管理簿",
    f"""SELECT i.id AS key, i.office, {_day("s.at")} AS since
        FROM handover_item i JOIN handover_item_step s ON s.item_id = i.id AND s.step IN ('returned', 'disposed')""",
    ("handover_item_step", "handover_item"),
)
ERASE_ITEM = {
    "handover_item_step": "DELETE FROM handover_item_step s USING gone WHERE s.item_id = gone.key",
    "handover_item": "DELETE FROM handover_item i USING gone WHERE i.id = gone.key",
}

# After the rows of the books that name it.
MEDIUM = _book(
    "handover_medium",
    "媒体管理簿",
    f"""SELECT m.id AS key, m.office, {_day("a.at")} AS since
        FROM handover_medium m JOIN handover_medium_act a ON a.medium_id = m.id AND a.act = 'disposed'
        WHERE NOT EXISTS (SELECT FROM handover_draft d WHERE d.medium_id = m.id)
          AND NOT EXISTS (SELECT FROM handover_inbound i WHERE i.medium_id = m.id)""",
    ("handover_medium_act", "handover_medium"),
)
ERASE_MEDIUM = {
    "handover_medium_act": "DELETE FROM handover_medium_act a USING gone WHERE a.medium_id = gone.key",
    "handover_medium": "DELETE FROM handover_medium m USING gone WHERE m.id = gone.key",
}
