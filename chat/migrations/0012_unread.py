"""What does not count as unread, counted once for the rooms and members there are."""

from typing import Any

from django.db import migrations, models


def count_quiet(apps: Any, schema_editor: Any) -> None:
    """Give rooms and memberships their numbers; rooms without entries keep 0."""
    Room = apps.get_model("chat", "Room")
    Message = apps.get_model("chat", "Message")
    Membership = apps.get_model("chat", "Membership")
    quiet = Message.objects.filter(kind="system")
    for room in quiet.order_by().values_list("room", flat=True).distinct():
        here = quiet.filter(room=room)
        Room.objects.filter(pk=room).update(quiet_count=here.count())
        for one in Membership.objects.filter(room=room):
            below = here.filter(seq__lte=one.last_read_seq).count()
            Membership.objects.filter(pk=one.pk).update(quiet_read=below)


class Migration(migrations.Migration):
    """`quiet_count` of rooms, `quiet_read` of members, and an index to count by."""

    dependencies = [("chat", "0011_room_invites")]

    operations = [
        migrations.AddField(
            "room",
            "quiet_count",
            models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            "membership",
            "quiet_read",
            models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(("kind", "system")),
                fields=["room", "seq"],
                name="quiet_messages",
            ),
        ),
        migrations.RunPython(count_quiet, migrations.RunPython.noop),
    ]
