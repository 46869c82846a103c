from django.db import migrations

from yakuba.platform.audit import sql
from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_entry_at")]

    operations = [
        migrations.RunSQL(sql.ARCHIVE_TABLE + append_only("audit_archive") + sql.ARCHIVE, "DROP TABLE audit_archive")
    ]
