from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_monitoring")]

    operations = [migrations.AddIndex("entry", BrinIndex(fields=["at"], name="audit_entry_at"))]
