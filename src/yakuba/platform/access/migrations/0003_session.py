import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_periods"),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_hash", models.BinaryField(unique=True)),
                (
                    "stage",
                    models.CharField(
                        choices=[("second_factor", "二つ目の確認待ち"), ("open", "サインイン中")], max_length=20
                    ),
                ),
                ("purpose", models.CharField(default="", max_length=30)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                (
                    "confirmed_at",
                    models.DateTimeField(help_text="last time that the second factor was shown", null=True),
                ),
                ("challenge", models.BinaryField(help_text="of the WebAuthn ceremony under way", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("terminal", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.terminal")),
            ],
            options={
                "db_table": "access_session",
            },
        ),
    ]
