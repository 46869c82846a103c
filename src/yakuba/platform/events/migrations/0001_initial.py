import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("subject", models.BigIntegerField(null=True)),
                ("legal_date", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("account", models.TextField()),
                ("terminal", models.TextField()),
                ("office", models.TextField()),
                ("purpose", models.TextField()),
                ("payload", models.JSONField()),
            ],
            options={
                "db_table": "events_event",
                "indexes": [models.Index(fields=["subject", "id"], name="events_event_subject")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscriber", models.TextField()),
                ("subject", models.BigIntegerField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("error", models.TextField(default="")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="events.event"
                    ),
                ),
            ],
            options={
                "db_table": "events_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=["subscriber", "event"],
                        name="events_delivery_open",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("event", "subscriber"), name="events_delivery_once")],
            },
        ),
    ]
