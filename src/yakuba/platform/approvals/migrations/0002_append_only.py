from django.db import migrations

from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("history", "0001_guards")]

    operations = [migrations.RunSQL(append_only("approvals_decision"), migrations.RunSQL.noop)]
