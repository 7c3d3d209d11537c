from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0018_notices")]

    operations = [
        migrations.AddField(
            "message", "pinned_at", models.DateTimeField(null=True)
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("pinned_at__isnull", False)),
                fields=["room", "pinned_at"],
                name="pinned_messages",
            ),
        ),
    ]
