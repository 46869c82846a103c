from django.db import migrations

from yakuba.platform.retention.sql import erasing_function
from yakuba.systems.residents.retention import (
    CLOSED_RECORD,
    ERASE_CLOSED_RECORD,
    ERASE_IMPORT_REFUSAL,
    IMPORT_REFUSAL,
)


class Migration(migrations.Migration):
    """What the registry keeps goes only by these functions."""

    dependencies = [
        ("residents", "0002_guards"),
        ("retention", "0002_append_only"),
        ("events", "0002_append_only"),
        ("vault", "0002_append_only"),
    ]

    operations = [
        migrations.RunSQL(erasing_function(CLOSED_RECORD.name, ERASE_CLOSED_RECORD), migrations.RunSQL.noop),
        migrations.RunSQL(erasing_function(IMPORT_REFUSAL.name, ERASE_IMPORT_REFUSAL), migrations.RunSQL.noop),
    ]
