from django.db import migrations, models

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("residents", "0005_move_out_kind"), ("history", "0001_guards")]

    operations = [
        migrations.CreateModel(
            name="Statistics",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.BigIntegerField(unique=True)),
                ("first", models.DateField(help_text="changes are counted from this day")),
                ("last", models.DateField(help_text="people are counted at its end")),
                ("made_at", models.DateTimeField()),
                ("account", models.CharField(max_length=60)),
                ("persons", models.IntegerField()),
                ("households", models.IntegerField()),
                ("people_table", models.BinaryField()),
                ("household_table", models.BinaryField()),
                ("change_table", models.BinaryField()),
            ],
            options={"db_table": "residents_statistics"},
        ),
        migrations.RunSQL(append_only("residents_statistics"), migrations.RunSQL.noop),
    ]
