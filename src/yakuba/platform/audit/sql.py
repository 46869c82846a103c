"""The SQL function that writes the log, and the text over which an entry's hash is taken."""

from __future__ import annotations

# Fields are joined with the unit separator; jsonb's own output is canonical (keys sorted, no spaces kept).
CANONICAL = """concat_ws(E'\\x1f', {lane}, {sequence}, to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        {account}, {terminal}, {office}, {purpose}, {operation}, array_to_string({subjects}, ','), {target}, {result},
        {detail}::text)"""


def canonical(prefix: str, **names: str) -> str:
    """The canonical text of an entry as an SQL expression over columns or variables that start with `prefix`."""
    fields = (
        "lane", "sequence", "at", "account", "terminal", "office",
        "purpose", "operation", "subjects", "target", "result", "detail",
    )  # fmt: skip
    return CANONICAL.format(**{field: names.get(field, f"{prefix}{field}") for field in fields})


APPEND = f"""
CREATE OR REPLACE FUNCTION audit_append(
    p_at timestamptz, p_account text, p_terminal text, p_office text, p_purpose text, p_operation text,
    p_subjects bigint[], p_target text, p_result text, p_detail jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    l audit_lane;
    mine integer := pg_backend_pid();
BEGIN
    -- A connection keeps to one lane while that lane is free, so a transaction never waits for its own second lane.
    SELECT * INTO l FROM audit_lane WHERE number = mine % {{lanes}} FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        SELECT * INTO l FROM audit_lane ORDER BY (number - mine % {{lanes}} + {{lanes}}) % {{lanes}}
            LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        SELECT * INTO l FROM audit_lane WHERE number = mine % {{lanes}} FOR UPDATE;
    END IF;
    l.length := l.length + 1;
    INSERT INTO audit_entry (lane, sequence, at, account, terminal, office, purpose, operation, subjects, target,
                             result, detail, previous_hash, hash)
    VALUES (l.number, l.length, p_at, p_account, p_terminal, p_office, p_purpose, p_operation, p_subjects, p_target,
            p_result, p_detail, l.head,
            sha256(l.head || convert_to({canonical("p_", lane="l.number", sequence="l.length")}, 'UTF8')))
    RETURNING hash INTO l.head;
    UPDATE audit_lane SET length = l.length, head = l.head WHERE number = l.number;
END $$;
"""

VERIFY = f"""
SELECT lane, sequence FROM (
    SELECT lane, sequence, hash, previous_hash,
           lag(hash, 1, ''::bytea) OVER chain AS expected_previous,
           lag(sequence, 1, 0) OVER chain + 1 AS expected_sequence,
           sha256(previous_hash || convert_to({canonical("")}, 'UTF8')) AS expected_hash
    FROM audit_entry WINDOW chain AS (PARTITION BY lane ORDER BY sequence)
) entry
WHERE hash <> expected_hash OR previous_hash <> expected_previous OR sequence <> expected_sequence
UNION ALL
SELECT number, length FROM audit_lane LEFT JOIN LATERAL (
    SELECT hash, sequence FROM audit_entry WHERE lane = number ORDER BY sequence DESC LIMIT 1
) last ON true
WHERE length <> coalesce(last.sequence, 0) OR head <> coalesce(last.hash, ''::bytea)
ORDER BY 1, 2
"""
