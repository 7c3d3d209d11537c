from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0027_names_of_public_rooms")]

    operations = [
        migrations.RemoveConstraint("draft", "one_draft"),
        migrations.AddField("draft", "thread", models.BigIntegerField(default=0)),
        migrations.AddField("draft", "reply_to", models.BigIntegerField(default=0)),
        migrations.AddConstraint(
            "draft",
            models.UniqueConstraint(
                fields=("user", "room", "thread", "reply_to"), name="one_draft_of_box"
            ),
        ),
    ]
