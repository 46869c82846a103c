from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("residents", "0004_lock")]

    operations = [
        migrations.AddField(
            "residentversion", "move_out_special", models.BooleanField(null=True, verbose_name="転出届の特例")
        ),
        migrations.AddField(
            "residentversion", "move_out_abroad", models.BooleanField(null=True, verbose_name="国外への転出")
        ),
    ]
