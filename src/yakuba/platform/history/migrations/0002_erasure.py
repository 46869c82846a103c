from django.db import migrations

from yakuba.platform.history import sql


class Migration(migrations.Migration):
    """The guards let lawful erasure pass."""

    dependencies = [("history", "0001_guards")]

    operations = [migrations.RunSQL(sql.FUNCTIONS, migrations.RunSQL.noop)]
