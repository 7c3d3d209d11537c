from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_language_of_a_device")]

    operations = [
        migrations.AddField(
            "user",
            "shows_previews",
            models.BooleanField(default=True, editable=False),
        ),
    ]
