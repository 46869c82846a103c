from django.db import migrations

from yakuba.systems.residents import sql


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_initial"), ("history", "0001_guards")]

    operations = [migrations.RunSQL(sql.GUARDS, migrations.RunSQL.noop)]
