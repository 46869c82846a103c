from django.db import migrations, models

from yakuba.platform.audit import sql
from yakuba.platform.audit.models import LANES
from yakuba.platform.history.sql import append_only

# Entries of before get a salt, and their lane is chained anew over the leaves.
RECHAIN = f"""
DO $$
DECLARE
    e record;
    chained bytea;
    at_lane smallint := -1;
BEGIN
    UPDATE audit_entry SET salt = gen_random_uuid();
    UPDATE audit_entry SET leaf = {sql.leaf("salt", sql.canonical(""))};
    FOR e IN SELECT id, lane, leaf FROM audit_entry ORDER BY lane, sequence LOOP
        IF e.lane <> at_lane THEN
            chained := ''::bytea;
            at_lane := e.lane;
        END IF;
        chained := sha256(chained || e.leaf);
        UPDATE audit_entry SET hash = chained WHERE id = e.id;
        UPDATE audit_lane SET head = chained WHERE number = e.lane;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append"), ("history", "0001_guards")]

    operations = [
        migrations.RunSQL(
            "DROP TRIGGER audit_entry_append_only ON audit_entry; DROP TRIGGER audit_entry_no_truncate ON audit_entry;",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField("entry", "previous_hash"),
        migrations.AddField("entry", "salt", models.UUIDField(null=True)),
        migrations.AddField("entry", "leaf", models.BinaryField(null=True)),
        migrations.RunSQL(RECHAIN, migrations.RunSQL.noop),
        migrations.AlterField("entry", "salt", models.UUIDField()),
        migrations.AlterField("entry", "leaf", models.BinaryField()),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("lane", models.SmallIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("leaf", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_leaf",
                "constraints": [models.UniqueConstraint(fields=("lane", "sequence"), name="audit_leaf_chain")],
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_node",
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="audit_node_place")],
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
            ],
            options={"db_table": "audit_checkpoint"},
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("before", models.DateTimeField()),
                ("account", models.TextField()),
                ("ground", models.TextField()),
                ("entries", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("lane", models.SmallIntegerField()),
                ("sequence", models.BigIntegerField()),
            ],
            options={"db_table": "audit_erasure"},
        ),
        migrations.CreateModel(
            name="ErasedRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("erasure_id", models.BigIntegerField()),
                ("lane", models.SmallIntegerField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
            ],
            options={
                "db_table": "audit_erased_range",
                "indexes": [models.Index(fields=["lane", "first"], name="audit_erased_lane")],
            },
        ),
        migrations.RunSQL(
            sql.append(LANES)
            + sql.TREE
            + sql.ERASE
            + append_only("audit_entry")
            + "".join(
                append_only(table)
                for table in ("audit_leaf", "audit_node", "audit_checkpoint", "audit_erasure", "audit_erased_range")
            ),
            migrations.RunSQL.noop,
        ),
    ]
