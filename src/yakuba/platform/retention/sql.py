"""The only way out for what history keeps: an erasing function of an approved run."""

from __future__ import annotations

from collections.abc import Mapping


def function_name(kind: str) -> str:
    return f"retention_erase_{kind}"


def erasing_function(kind: str, statements: Mapping[str, str]) -> str:
    """SQL that creates the erasing function of a kind. Run in a migration of the room that owns the tables.

    `statements`: table -> DELETE that may use `gone (key)`, the approved records of the run, as a temporary table would be
    used. The function runs as the tables' owner, refuses for a run that isn't listed or before its disposal date, and
    answers with the rows that it erased of each table.
    """
    deletes = "".join(
        f"""
    WITH gone AS (SELECT key FROM retention_item WHERE run_id = p_run AND is_approved)
    {statement};
    GET DIAGNOSTICS n = ROW_COUNT;
    counts := counts || jsonb_build_object('{table}', n);"""
        for table, statement in statements.items()
    )
    return f"""
CREATE OR REPLACE FUNCTION {function_name(kind)}(p_run bigint, p_day date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    counts jsonb := '{{}}';
    n bigint;
BEGIN
    PERFORM FROM retention_run WHERE id = p_run AND kind = '{kind}' AND state = 'listed' AND disposal_date <= p_day;
    IF NOT FOUND THEN
        RAISE EXCEPTION '廃棄できる状態の廃棄処理ではありません: %', p_run USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('yakuba.erasing', p_run::text, true);{deletes}
    PERFORM set_config('yakuba.erasing', '', true);
    RETURN counts;
END $$;
"""
