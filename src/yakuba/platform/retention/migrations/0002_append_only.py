from django.db import migrations

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial"), ("history", "0002_erasure")]

    operations = [migrations.RunSQL(append_only("retention_outcome"), migrations.RunSQL.noop)]
