import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Lane",
            fields=[
                ("number", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("length", models.BigIntegerField(default=0)),
                ("head", models.BinaryField(default=b"")),
            ],
            options={
                "db_table": "audit_lane",
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lane", models.SmallIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("terminal", models.TextField()),
                ("office", models.TextField()),
                ("purpose", models.TextField()),
                ("operation", models.TextField()),
                (
                    "subjects",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("target", models.TextField()),
                ("result", models.TextField()),
                ("detail", models.JSONField(default=dict)),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_entry",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["subjects"], name="audit_entry_subjects"),
                    models.Index(fields=["account", "at"], name="audit_entry_account"),
                ],
                "constraints": [models.UniqueConstraint(fields=("lane", "sequence"), name="audit_entry_chain")],
            },
        ),
    ]
