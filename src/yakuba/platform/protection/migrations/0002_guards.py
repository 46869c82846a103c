from django.db import migrations

from yakuba.platform.history.sql import append_only
from yakuba.platform.protection.sql import GUARDS

_TABLES = (
    "protection_flag",
    "protection_flag_reason",
    "protection_flag_end",
    "protection_release",
    "protection_release_use",
    "protection_release_end",
)


class Migration(migrations.Migration):
    dependencies = [("protection", "0001_initial"), ("history", "0001_guards")]

    operations = [
        migrations.RunSQL("".join(append_only(table) for table in _TABLES) + GUARDS, migrations.RunSQL.noop),
    ]
