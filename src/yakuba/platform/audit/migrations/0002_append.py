from django.db import migrations

from yakuba.platform.audit import sql
from yakuba.platform.audit.models import LANES
from yakuba.platform.history.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("history", "0001_guards")]

    operations = [
        migrations.RunSQL(
            sql.append(LANES)
            + append_only("audit_entry")
            + f"INSERT INTO audit_lane (number, length, head) SELECT n, 0, ''::bytea FROM generate_series(0, {LANES - 1}) n;",
            migrations.RunSQL.noop,
        )
    ]
