import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0006_duty_ledger"),
    ]

    operations = [
        migrations.AddField("account", "locks", models.IntegerField(default=0)),
        migrations.AddField("account", "substitute_until", models.DateField(null=True)),
        migrations.AddField("account", "substitute_reason", models.TextField(default="")),
        migrations.AddField("session", "system_at", models.DateTimeField(null=True)),
        migrations.AddField("terminal", "holder", models.TextField(default="")),
        migrations.AddField(
            "terminal",
            "duties",
            django.contrib.postgres.fields.ArrayField(models.CharField(max_length=30), default=list, size=None),
        ),
        migrations.AddField("terminal", "closed_because", models.TextField(default="")),
        migrations.AlterField("session", "stage", models.CharField(max_length=20)),
        migrations.CreateModel(
            name="KeyInvitation",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="key_invitation",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("code_hash", models.BinaryField()),
                ("until", models.DateTimeField()),
            ],
            options={"db_table": "access_key_invitation"},
        ),
        migrations.CreateModel(
            name="TerminalKey",
            fields=[
                (
                    "terminal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="key",
                        serialize=False,
                        to="access.terminal",
                    ),
                ),
                ("key_hash", models.BinaryField(null=True, unique=True)),
                ("bound_at", models.DateTimeField(null=True)),
                ("code_hash", models.BinaryField(null=True)),
                ("code_until", models.DateTimeField(null=True)),
            ],
            options={"db_table": "access_terminal_key"},
        ),
        migrations.CreateModel(
            name="AttemptCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=60)),
                ("began_at", models.DateTimeField()),
                ("count", models.IntegerField()),
            ],
            options={
                "db_table": "access_attempt_count",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name", "began_at"), name="access_attempt_count_once")
                ],
            },
        ),
    ]
