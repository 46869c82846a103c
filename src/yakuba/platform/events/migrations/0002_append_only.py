from django.db import migrations

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("history", "0001_guards")]

    operations = [migrations.RunSQL(append_only("events_event"), migrations.RunSQL.noop)]
