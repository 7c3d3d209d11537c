from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery


def give_threads(apps, schema_editor):
    """A reply belongs to the thread of what it answers; a level deeper each time."""
    message = apps.get_model("chat", "Message")
    replies = message.objects.filter(reply_to__isnull=False, kind="text")
    replies.update(thread=F("reply_to"))
    answered = message.objects.filter(
        room=OuterRef("room"), seq=OuterRef("thread"), thread__isnull=False
    )
    above = Subquery(answered.values("thread")[:1])
    while replies.annotate(above=above).filter(above__isnull=False).update(
        thread=above
    ):
        pass
    for one in replies.values("room", "thread").annotate(
        count=models.Count("pk", filter=models.Q(deleted_at=None)),
        last=models.Max("created_at"),
    ):
        message.objects.filter(room=one["room"], seq=one["thread"]).update(
            reply_count=one["count"], last_reply_at=one["last"]
        )


class Migration(migrations.Migration):
    dependencies = [("chat", "0020_saved")]

    operations = [
        migrations.AddField("message", "thread", models.BigIntegerField(null=True)),
        migrations.AddField("message", "in_room", models.BooleanField(default=True)),
        migrations.AddField(
            "message", "reply_count", models.BigIntegerField(default=0)
        ),
        migrations.AddField(
            "message", "last_reply_at", models.DateTimeField(null=True)
        ),
        migrations.RunPython(give_threads, migrations.RunPython.noop),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("thread__isnull", False)),
                fields=["room", "thread", "seq"],
                name="replies_of_threads",
            ),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("in_room", False)),
                fields=["room", "seq"],
                name="messages_aside",
            ),
        ),
    ]
