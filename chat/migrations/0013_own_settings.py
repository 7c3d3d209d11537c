"""What a member sets for themselves in a room."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """`level` and `is_favourite` of memberships."""

    dependencies = [("chat", "0012_unread")]

    operations = [
        migrations.AddField(
            "membership",
            "level",
            models.CharField(
                choices=[
                    ("all", "Everything"),
                    ("mentions", "Mentions"),
                    ("nothing", "Nothing"),
                ],
                default="all",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "membership", "is_favourite", models.BooleanField(default=False)
        ),
    ]
