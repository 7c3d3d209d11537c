from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_profiles")]

    operations = [
        migrations.AddField(
            "user",
            "language",
            models.CharField(blank=True, default="", max_length=10),
        ),
    ]
