from django.db import migrations

from yakuba.platform.history.sql import append_only
from yakuba.platform.ledgers import retention
from yakuba.platform.retention.sql import erasing_function


class Migration(migrations.Migration):
    """What the ledgers keep is added to, and goes only by an approved run."""

    dependencies = [("ledgers", "0001_initial"), ("history", "0001_guards"), ("retention", "0002_append_only")]

    operations = [
        *(
            migrations.RunSQL(append_only(table), migrations.RunSQL.noop)
            for table in ("ledgers_case", "ledgers_task", "ledgers_entry")
        ),
        migrations.RunSQL(erasing_function(retention.CASE.name, retention.ERASE_CASE), migrations.RunSQL.noop),
    ]
