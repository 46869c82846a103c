from django.db import migrations, models

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("residents", "0006_statistics"), ("history", "0001_guards")]

    operations = [
        migrations.CreateModel(
            name="SavedExtraction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("office", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=60)),
                ("definition", models.JSONField(help_text="extraction.definition.Definition.as_data")),
                ("account", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "residents_saved_extraction",
                "indexes": [models.Index(fields=["office", "name"], name="residents_saved_extraction_name")],
            },
        ),
        migrations.RunSQL(append_only("residents_saved_extraction"), migrations.RunSQL.noop),
    ]
