"""The SQL by which the database itself guards history. Used in migrations; every statement is idempotent."""

from __future__ import annotations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION history_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Lawful erasure (platform/retention): inside the function of an approved run, which runs as the owner of the table.
    IF TG_OP = 'DELETE' AND current_setting('yakuba.erasing', true) <> ''
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '履歴は変更できません: % on %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'add a version instead';
END $$;

-- Transition tables make the check one join a statement, for one version as for a million.
CREATE OR REPLACE FUNCTION history_check_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    breach record;
BEGIN
    -- First versions, which are all that a bulk load brings, have no predecessor to look for.
    EXECUTE format(
        'SELECT n.%1$I AS key, n.version_no FROM added n LEFT JOIN %2$I p
             ON p.%1$I = n.%1$I AND p.version_no = n.version_no - 1
         WHERE n.version_no > 1 AND (p.%1$I IS NULL OR p.recorded_at > n.recorded_at)
         UNION ALL SELECT n.%1$I, n.version_no FROM added n WHERE n.version_no < 1
         LIMIT 1', TG_ARGV[0], TG_TABLE_NAME) INTO breach;
    IF breach.key IS NOT NULL THEN
        RAISE EXCEPTION '履歴の連番又は記録時刻が前の版に続いていません: % version %', breach.key, breach.version_no
            USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def append_only(table: str) -> str:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE on `table`, for every role."""
    return f"""
DROP TRIGGER IF EXISTS {table}_append_only ON {table};
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
DROP TRIGGER IF EXISTS {table}_no_truncate ON {table};
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
"""


def version_chain(table: str, key: str) -> str:
    """`append_only`, and each key's versions are numbered without gap and never recorded before their predecessor."""
    return (
        append_only(table)
        + f"""
DROP TRIGGER IF EXISTS {table}_chain ON {table};
CREATE TRIGGER {table}_chain AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION history_check_chain('{key}');
"""
    )


def no_overlap(table: str, keys: tuple[str, ...], period: str = "period") -> str:
    """An exclusion constraint: for equal `keys` no two rows of `table` may have overlapping `period`s."""
    equal = "".join(f"{key} WITH =, " for key in keys)
    return f"""
ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_no_overlap;
ALTER TABLE {table} ADD CONSTRAINT {table}_no_overlap EXCLUDE USING gist ({equal}{period} WITH &&);
"""
