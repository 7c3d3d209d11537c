from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0023_links")]

    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("thread__isnull", False)),
                fields=["author"],
                name="replies_of_authors",
            ),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("reply_count__gt", 0)),
                fields=["author"],
                name="threads_of_authors",
            ),
        ),
    ]
