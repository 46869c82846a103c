from django.db import migrations

from yakuba.platform.handover import retention
from yakuba.platform.retention.sql import erasing_function


class Migration(migrations.Migration):
    """What the books keep goes only by these functions."""

    dependencies = [("handover", "0002_append_only"), ("retention", "0002_append_only")]

    operations = [
        migrations.RunSQL(erasing_function(kind.name, statements), migrations.RunSQL.noop)
        for kind, statements in (
            (retention.OUTGOING, retention.ERASE_OUTGOING),
            (retention.INCOMING, retention.ERASE_INCOMING),
            (retention.ITEM, retention.ERASE_ITEM),
            (retention.MEDIUM, retention.ERASE_MEDIUM),
        )
    ]
