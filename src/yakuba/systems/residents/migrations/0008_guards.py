from django.db import migrations

from yakuba.systems.residents import sql


class Migration(migrations.Migration):
    """The versions' guard looks each event and household up once."""

    dependencies = [("residents", "0007_saved_extraction")]

    operations = [migrations.RunSQL(sql.CHECK_VERSION, migrations.RunSQL.noop)]
