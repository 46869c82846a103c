from django.db import migrations

from yakuba.platform.history.sql import append_only

_TABLES = (
    "handover_correspondent",
    "handover_medium",
    "handover_medium_act",
    "handover_draft_end",
    "handover_release",
    "handover_receipt",
    "handover_inbound_end",
    "handover_item",
    "handover_item_step",
)
# A file on its way may lose its key, once, and nothing else.
_KEY_ONLY = """
CREATE OR REPLACE FUNCTION handover_key_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'key_sealed' = to_jsonb(OLD) - 'key_sealed'
       AND OLD.key_sealed IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND current_setting('yakuba.erasing', true) <> ''
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '授受の記録は変更できません: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def _key_only(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_key_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION handover_key_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION history_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("handover", "0001_initial"), ("history", "0001_guards")]

    operations = [
        *(migrations.RunSQL(append_only(table), migrations.RunSQL.noop) for table in _TABLES),
        migrations.RunSQL(_KEY_ONLY, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(_key_only(table), migrations.RunSQL.noop)
            for table in ("handover_draft", "handover_inbound")
        ),
    ]
