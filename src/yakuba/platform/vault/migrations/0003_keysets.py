from django.db import migrations, models

from yakuba.platform.vault.sql import CLOSED, FUNCTIONS, GUARDS


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_append_only"), ("history", "0001_guards")]

    operations = [
        migrations.CreateModel(
            name="Key",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("primary", "使用中"), ("active", "復号のみ"), ("retired", "廃止")], max_length=10
                    ),
                ),
                ("fingerprint", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "vault_key",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "primary")), fields=("state",), name="vault_key_primary"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SealedColumn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table_name", models.TextField()),
                ("column_name", models.TextField()),
                (
                    "context",
                    models.TextField(help_text="SQL expression over the row: what `sealing.seal` was told"),
                ),
            ],
            options={
                "db_table": "vault_column",
                "constraints": [
                    models.UniqueConstraint(fields=("table_name", "column_name"), name="vault_column_once")
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS + GUARDS + CLOSED, migrations.RunSQL.noop),
    ]
