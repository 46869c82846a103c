"""The SQL of a ledger: whatever happens to a row of a table, however it happens, is entered with the row as it then is."""

from __future__ import annotations

from yakuba.platform.history.sql import append_only


def ledger(table: str, ledger_table: str, columns: tuple[str, ...], *, key: str) -> str:
    """Triggers that copy each version of a row of `table` to `ledger_table`, and refuse to delete a row.

    `columns` are those of both; `key` is the ledger's column for the row's id. The ledger is append-only, and only the
    trigger, which runs as its owner, writes it: so ledger and state can't disagree.
    """
    names = ", ".join(columns)
    values = ", ".join(f"NEW.{column}" for column in columns)
    return f"""
CREATE OR REPLACE FUNCTION {table}_enter() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '管理簿にある行は削除できません: %', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', HINT = 'end its period instead';
    END IF;
    INSERT INTO {ledger_table} ({key}, {names}) VALUES (NEW.id, {values});
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS {table}_ledger ON {table};
CREATE TRIGGER {table}_ledger AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_enter();
{append_only(ledger_table)}"""
