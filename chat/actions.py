"""Rooms that are made and deleted, and who comes and goes by themselves.

What happens to a room is an entry of its own log (chat/changes.py); that there is a
room, or none any more, is told to the lobby alone. Nothing leaves before the commit.
"""

from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import lobby, notices, telling
from chat.access import require, require_site
from chat.changes import NotPossible, changing, pay
from chat.members import let_in, let_out
from chat.models import Membership, Room
from chat.room_names import claim, claiming
from chat.sweeping import sweep
from livechat.lib.storage import DatabaseAway
from livechat.lib.words import marked


def create_room(
    creator: User, *, name: str, description: str = "", is_private: bool = False
) -> Room:
    """Store a room whose admin is its creator; tell the lobby. Its log is empty.

    Raises:
        PermissionDenied: the creator is a guest of the site.
        NameTaken: it would be public, and another public room is called so.
        TooManyChanges: the creator has made too many.
    """
    require_site(creator, "create_room")
    room = Room(
        name=name, description=description, is_private=is_private, creator=creator
    )
    with claiming(), transaction.atomic():
        pay(creator)
        claim(room)
        room.save()
        Membership.objects.create(room=room, user=creator, role=Membership.Role.ADMIN)
        transaction.on_commit(lambda: lobby.room_created(room))
    return room


def delete_room(actor: User, room: Room) -> None:
    """Delete a room; whoever follows it is told. Its log goes batch by batch after it.

    Raises:
        Http404: the room is not there, or not theirs to see.
        PermissionDenied: it is, but it is not theirs to delete.
    """
    with transaction.atomic():
        Room.objects.select_for_update().filter(pk=room.pk).first()
        require(actor, "delete_room", room)
        public_id, audience = room.public_id, lobby.audience(room)
        gone = {"deleted_at": timezone.now(), "name_key": None}
        Room.objects.filter(pk=room.pk).update(**gone)
        room.memberships.all().delete()
        room.bans.all().delete()
        telling.lost(room)
        notices.lost(room)
        transaction.on_commit(lambda: lobby.room_deleted(public_id, audience))
    with suppress(*DatabaseAway):  # a small room is gone at once
        sweep()


def join_room(user: User, room: Room) -> Membership:
    """Make the user a member, who has read all so far; repeating it is harmless.

    The errors are those of `changing`.
    """
    with changing(user, room, "read") as change:
        found = change.room.memberships.filter(user=user).first()
        if found is not None:
            return found
        require(user, "join", change.room)
        return let_in(change, user, f"{user} joined.")


def leave_room(user: User, room: Room) -> None:
    """End the membership; a second call changes nothing.

    Raises:
        NotPossible: the last admin leaves others alone, or nobody leaves this room.
            And those of `changing`.
    """
    with changing(user, room, "read") as change:
        if change.room.is_direct:
            raise NotPossible(marked("Its people stay the same. Nobody leaves it."))
        found = change.room.memberships.filter(user=user).select_related("user").first()
        if found is not None:
            let_out(change, found, "left", f"{user} left.")
