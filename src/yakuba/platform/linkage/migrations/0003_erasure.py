from django.db import migrations

from yakuba.platform.linkage.retention import ERASE_RECORD, RECORD
from yakuba.platform.retention.sql import erasing_function


class Migration(migrations.Migration):
    """Records of provision go only by this function."""

    dependencies = [("linkage", "0002_append_only"), ("retention", "0002_append_only")]

    operations = [migrations.RunSQL(erasing_function(RECORD.name, ERASE_RECORD), migrations.RunSQL.noop)]
