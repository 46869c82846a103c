from django.db import migrations


class Migration(migrations.Migration):
    """登録番号 and 登録証の番号 come from one series."""

    dependencies = [("seals", "0002_guards")]

    operations = [migrations.RunSQL("DROP SEQUENCE IF EXISTS seals_card_serial", migrations.RunSQL.noop)]
