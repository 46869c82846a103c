from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0003_session"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="last_search",
            field=models.TextField(default="", help_text="what was searched last, for 「戻る」; kept off the terminal"),
        ),
    ]
