from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0030_how_far_erasures_are")]

    operations = [
        migrations.AddField(
            "room", "members_pin", models.BooleanField(default=False)
        ),
    ]
