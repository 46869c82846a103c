from django.db import migrations

from yakuba.systems.residents.sql import LOCK


class Migration(migrations.Migration):
    dependencies = [("residents", "0003_erasure")]

    operations = [migrations.RunSQL(LOCK, "DROP FUNCTION residents_lock(bigint[])")]
