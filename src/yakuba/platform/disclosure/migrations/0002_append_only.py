from django.db import migrations

from yakuba.platform.history.sql import append_only

# Of a request only where it stands moves on, and by when.
_CASE = """
CREATE OR REPLACE FUNCTION disclosure_case_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - '{state,due}'::text[] = to_jsonb(OLD) - '{state,due}'::text[] THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND current_setting('yakuba.erasing', true) <> ''
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '受け付けた請求は変更できません: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER disclosure_case_moves BEFORE UPDATE OR DELETE ON disclosure_case
    FOR EACH ROW EXECUTE FUNCTION disclosure_case_moves();
CREATE TRIGGER disclosure_case_no_truncate BEFORE TRUNCATE ON disclosure_case
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial"), ("history", "0001_guards")]

    operations = [
        *(
            migrations.RunSQL(append_only(table), migrations.RunSQL.noop)
            for table in ("disclosure_step", "disclosure_decision")
        ),
        migrations.RunSQL(_CASE, migrations.RunSQL.noop),
    ]
