from django.db import migrations

from yakuba.platform.history.sql import append_only

_TABLES = ("disclosure_inquiry_step", "disclosure_number_change_step", "disclosure_withholding")
# Of a slip, and of a change, only where it stands moves on.
_MOVES = """
CREATE OR REPLACE FUNCTION disclosure_slip_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - '{state,due}'::text[] = to_jsonb(OLD) - '{state,due}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '受付票は変更できません: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def _moves(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_moves BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION disclosure_slip_moves();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0003_inquiries_numbers_files"), ("history", "0001_guards")]

    operations = [
        *(migrations.RunSQL(append_only(table), migrations.RunSQL.noop) for table in _TABLES),
        migrations.RunSQL(_MOVES, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(_moves(table), migrations.RunSQL.noop)
            for table in ("disclosure_inquiry", "disclosure_number_change")
        ),
    ]
