import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("login", models.CharField(max_length=40, unique=True)),
                ("name", models.TextField()),
                ("is_active", models.BooleanField(default=True)),
                ("totp_sealed", models.BinaryField(null=True)),
                ("totp_last_step", models.BigIntegerField(default=0)),
                ("failures", models.IntegerField(default=0)),
                ("locked_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "access_account",
            },
        ),
        migrations.CreateModel(
            name="Office",
            fields=[
                ("code", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ("name", models.TextField()),
            ],
            options={
                "db_table": "access_office",
            },
        ),
        migrations.CreateModel(
            name="DutyAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "duty",
                    models.CharField(
                        choices=[
                            ("inquiry", "照会"),
                            ("registration", "異動入力"),
                            ("review", "審査・決裁"),
                            ("certificate", "証明発行"),
                            ("individual_number", "個人番号の閲覧"),
                            ("bulk", "一括処理"),
                            ("audit", "操作履歴の閲覧"),
                            ("administration", "利用者・端末の管理"),
                        ],
                        max_length=30,
                    ),
                ),
                ("period", django.contrib.postgres.fields.ranges.DateRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="duties", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "access_duty_assignment",
            },
        ),
        migrations.AddField(
            model_name="account",
            name="office",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.office"),
        ),
        migrations.CreateModel(
            name="SecurityKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("credential_id", models.BinaryField(unique=True)),
                ("public_key", models.BinaryField()),
                ("sign_count", models.BigIntegerField()),
                ("name", models.TextField()),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="security_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "access_security_key",
            },
        ),
        migrations.CreateModel(
            name="Terminal",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("network", models.TextField(help_text="CIDR")),
                ("printer", models.CharField(default="", max_length=20)),
                ("active", models.BooleanField(default=True)),
                ("office", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.office")),
            ],
            options={
                "db_table": "access_terminal",
            },
        ),
    ]
