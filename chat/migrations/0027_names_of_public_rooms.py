from typing import Any

from django.db import migrations, models

from livechat.lib.text import skeleton


def give_keys(apps: Any, schema_editor: Any) -> None:
    """The oldest room keeps a name for itself; younger ones stay, and are called so."""
    room = apps.get_model("chat", "Room")
    rooms = room._base_manager.filter(kind="room", is_private=False, deleted_at=None)
    taken = set()
    for pk, name in rooms.order_by("pk").values_list("pk", "name"):
        if (key := skeleton(name)) not in taken:
            taken.add(key)
            room._base_manager.filter(pk=pk).update(name_key=key)


class Migration(migrations.Migration):
    dependencies = [("chat", "0026_following")]

    operations = [
        migrations.AddField(
            "room",
            "name_key",
            models.CharField(
                blank=True, editable=False, max_length=200, null=True, unique=True
            ),
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
    ]
