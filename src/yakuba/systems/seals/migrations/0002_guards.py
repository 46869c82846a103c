from django.db import migrations

from yakuba.platform.retention.sql import erasing_function
from yakuba.systems.seals import retention, sql


class Migration(migrations.Migration):
    """History is added to only, and goes by the erasing functions alone."""

    dependencies = [("seals", "0001_initial"), ("history", "0001_guards"), ("retention", "0002_append_only")]

    operations = [
        migrations.RunSQL(sql.GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(
            erasing_function(retention.ENDED_SEAL.name, retention.ERASE_ENDED_SEAL), migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            erasing_function(retention.UNREGISTERED_SEAL.name, retention.ERASE_UNREGISTERED_SEAL),
            migrations.RunSQL.noop,
        ),
    ]
