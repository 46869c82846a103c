import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [("history", "0001_guards")]

    operations = [
        migrations.CreateModel(
            name="Print",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("account", models.CharField(max_length=40)),
                ("name", models.TextField()),
                ("office", models.CharField(max_length=10)),
                ("terminal", models.CharField(max_length=20)),
                ("purpose", models.CharField(max_length=30)),
                ("screen", models.TextField()),
                (
                    "subjects",
                    django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list, size=None),
                ),
                ("reason", models.TextField()),
                ("application", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "printing_print",
                "indexes": [models.Index(fields=["account", "-id"], name="printing_print_account")],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("account", models.CharField(max_length=40)),
                ("note", models.TextField(default="")),
                (
                    "print",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="printing.print"
                    ),
                ),
            ],
            options={
                "db_table": "printing_step",
                "constraints": [models.UniqueConstraint(fields=("print", "kind"), name="printing_step_once")],
            },
        ),
        migrations.RunSQL(append_only("printing_print"), migrations.RunSQL.noop),
        migrations.RunSQL(append_only("printing_step"), migrations.RunSQL.noop),
    ]
