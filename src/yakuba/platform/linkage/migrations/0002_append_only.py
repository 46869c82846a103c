from django.db import migrations

from yakuba.platform.history.sql import append_only

_TABLES = ("linkage_assignment", "linkage_affair", "linkage_grant", "linkage_grant_end", "linkage_record")


class Migration(migrations.Migration):
    dependencies = [("linkage", "0001_initial"), ("history", "0001_guards")]

    operations = [migrations.RunSQL(append_only(table), migrations.RunSQL.noop) for table in _TABLES]
