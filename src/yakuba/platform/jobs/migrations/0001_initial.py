from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("arguments", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "待機中"),
                            ("running", "実行中"),
                            ("done", "完了"),
                            ("failed", "失敗"),
                            ("cancelled", "中止"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("stage", models.TextField(default="")),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(null=True)),
                ("cursor", models.JSONField(null=True)),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(default="")),
                ("account", models.TextField()),
                ("cancel_requested", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "jobs_job",
            },
        ),
    ]
