"""How long the seal registry keeps what has ended, and what belongs to it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from yakuba.platform import profiles
from yakuba.platform.retention.kinds import RecordKind, Rhythm, register, years_before

SETTINGS = profiles.declare("seals", Path(__file__).with_name("settings.yaml"))


def _ended_by(base: date) -> date:
    return years_before(base, SETTINGS.value("ended_years", int, on=base))


def _closed_by(base: date) -> date:
    return years_before(base, SETTINGS.value("application_years", int, on=base))


_TABLES = (
    "seals_registration",
    "seals_application",
    "seals_imprint",
    "seals_card",
    "seals_issue",
    "seals_notice",
    "seals_step",
)

ENDED_SEAL = register(
    RecordKind(
        name="ended_seal",
        title="廃止・抹消した印鑑登録原票",
        reference="印鑑登録証明事務処理要領（昭和49年2月1日自治振第10号）",
        rhythm=Rhythm.YEARLY,
        last_day=_ended_by,
        expired="""SELECT number AS key, keeping_office AS office, ended_on AS since
            FROM seals_registration WHERE ended_on <= %(last_day)s""",
        tables=_TABLES,
        needs_approval=True,
    )
)

# Children first. The former number of a later registration is a number, no reference: it stays.
ERASE_ENDED_SEAL = {
    "seals_notice": "DELETE FROM seals_notice n USING gone WHERE n.registration_id = gone.key",
    "seals_issue": "DELETE FROM seals_issue i USING gone WHERE i.registration_id = gone.key",
    "seals_card": "DELETE FROM seals_card c USING gone WHERE c.registration_id = gone.key",
    "seals_step": """DELETE FROM seals_step s USING gone, seals_registration r
        WHERE r.number = gone.key AND (s.registration_id = r.number OR s.application_id = r.application_id)""",
    # In one statement: the registration refers to both, and who refers to whom is asked at its end.
    "seals_registration": """, seal AS (DELETE FROM seals_registration r USING gone WHERE r.number = gone.key
            RETURNING r.application_id, r.imprint_id),
        application AS (DELETE FROM seals_application a USING seal WHERE a.id = seal.application_id)
        DELETE FROM seals_imprint i USING seal WHERE i.id = seal.imprint_id""",
}

UNREGISTERED_SEAL = register(
    RecordKind(
        name="seal_application",
        title="登録に至らなかった印鑑登録申請",
        reference="市区町村の文書規程（年数はこの製品の定め）",
        rhythm=Rhythm.YEARLY,
        last_day=_closed_by,
        expired="""SELECT id AS key, office, (closed_at AT TIME ZONE 'Asia/Tokyo')::date AS since FROM seals_application
            WHERE state IN ('returned', 'withdrawn', 'lapsed')
              AND (closed_at AT TIME ZONE 'Asia/Tokyo')::date <= %(last_day)s""",
        tables=("seals_application", "seals_imprint", "seals_step"),
        needs_approval=True,
    )
)

ERASE_UNREGISTERED_SEAL = {
    "seals_step": "DELETE FROM seals_step s USING gone WHERE s.application_id = gone.key",
    "seals_application": """, application AS (DELETE FROM seals_application a USING gone WHERE a.id = gone.key
            RETURNING a.imprint_id)
        DELETE FROM seals_imprint i USING application WHERE i.id = application.imprint_id""",
}
