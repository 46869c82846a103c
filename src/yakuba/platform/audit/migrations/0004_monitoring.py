import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_merkle"),
        ("history", "0001_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("entries", models.IntegerField()),
                ("concerns", models.IntegerField()),
                ("summary", models.JSONField()),
            ],
            options={
                "db_table": "audit_inspection",
            },
        ),
        migrations.CreateModel(
            name="Concern",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.TextField()),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("name", models.TextField()),
                ("office", models.TextField()),
                ("count", models.IntegerField()),
                ("text", models.TextField()),
                (
                    "entries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "subjects",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "inspection",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="found",
                        to="audit.inspection",
                    ),
                ),
            ],
            options={
                "db_table": "audit_concern",
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("name", models.TextField()),
                ("office", models.TextField(help_text="empty: of the whole")),
                ("text", models.TextField()),
                (
                    "inspection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="audit.inspection"
                    ),
                ),
            ],
            options={
                "db_table": "audit_mark",
            },
        ),
        migrations.CreateModel(
            name="StaffLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.TextField()),
                ("subject", models.BigIntegerField()),
                ("since", models.DateField()),
                ("until", models.DateField(help_text="first day on which it no longer holds", null=True)),
            ],
            options={
                "db_table": "audit_staff_link",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)), fields=("account",), name="audit_staff_link_present"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("name", models.TextField()),
                ("state", models.CharField(max_length=12)),
                ("text", models.TextField()),
                ("case", models.TextField(help_text="the application document that was compared")),
                (
                    "concern",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="audit.concern"
                    ),
                ),
            ],
            options={
                "db_table": "audit_concern_step",
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("terminal", models.TextField()),
                ("office", models.TextField()),
                ("account", models.TextField()),
                ("name", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("searches", models.IntegerField()),
                ("persons", models.IntegerField()),
                ("method", models.TextField()),
            ],
            options={
                "db_table": "audit_usage",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "terminal", "started_at"), name="audit_usage_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("name", models.TextField()),
                (
                    "usage",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="approval", to="audit.usage"
                    ),
                ),
            ],
            options={
                "db_table": "audit_usage_approval",
            },
        ),
        migrations.AddIndex(
            model_name="concern",
            index=models.Index(fields=["office", "day"], name="audit_concern_office"),
        ),
        migrations.RunSQL(
            "".join(
                append_only(table)
                for table in (
                    "audit_inspection",
                    "audit_mark",
                    "audit_concern",
                    "audit_concern_step",
                    "audit_usage",
                    "audit_usage_approval",
                )
            ),
            migrations.RunSQL.noop,
        ),
    ]
