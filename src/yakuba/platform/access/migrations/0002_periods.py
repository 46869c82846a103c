from django.db import migrations

from yakuba.platform.history.sql import no_overlap


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("history", "0001_guards")]

    operations = [
        migrations.RunSQL(no_overlap("access_duty_assignment", ("account_id", "duty")), migrations.RunSQL.noop)
    ]
