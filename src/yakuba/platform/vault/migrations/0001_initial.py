from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Number",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.BinaryField()),
                ("blind_index", models.BinaryField(unique=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "vault_number",
            },
        ),
    ]
