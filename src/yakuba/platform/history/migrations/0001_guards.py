from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations

from yakuba.platform.history import sql


class Migration(migrations.Migration):
    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.RunSQL(sql.FUNCTIONS, migrations.RunSQL.noop),
    ]
