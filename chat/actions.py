"""Changes to rooms and memberships that the world must hear of.

Nothing leaves the process before the commit.
"""

from django.db import transaction
from django.db.models import F

from accounts.models import User
from chat import lobby
from chat.models import Membership, Room


def create_room(
    creator: User, *, name: str, description: str = "", is_private: bool = False
) -> Room:
    """Store a room whose admin is its creator; tell the lobby."""
    with transaction.atomic():
        room = Room.objects.create(
            name=name, description=description, is_private=is_private, creator=creator
        )
        Membership.objects.create(room=room, user=creator, role=Membership.Role.ADMIN)
        transaction.on_commit(lambda: lobby.room_created(room))
    return room


def update_room(
    actor: User, room: Room, *, name: str, description: str, is_private: bool
) -> Room:
    """Change a room's name, description or privacy; tell those who may see it."""
    was_private = room.is_private
    room.name, room.description, room.is_private = name, description, is_private
    with transaction.atomic():
        room.save(update_fields=["name", "description", "is_private"])
        _raise_access_epoch(room)
        transaction.on_commit(lambda: lobby.room_updated(room, was_private=was_private))
    return room


def delete_room(actor: User, room: Room) -> None:
    """Delete a room with its log; whoever follows it is told."""
    public_id, is_private = room.public_id, room.is_private
    members = list(room.memberships.values_list("user__public_id", flat=True))
    with transaction.atomic():
        room.messages.all().delete()
        room.delete()
        transaction.on_commit(
            lambda: lobby.room_deleted(public_id, members if is_private else None)
        )


def join_room(user: User, room: Room) -> Membership:
    """Make the user a member, who has read all so far; repeating it is harmless."""
    with transaction.atomic():
        membership, made = Membership.objects.get_or_create(
            room=room, user=user, defaults={"last_read_seq": room.last_seq}
        )
        if made:
            transaction.on_commit(lambda: lobby.member_joined(room, user))
    return membership


def leave_room(user: User, room: Room) -> None:
    """End the membership; a second call changes nothing."""
    with transaction.atomic():
        gone, _ = Membership.objects.filter(room=room, user=user).delete()
        if gone:
            _raise_access_epoch(room)
            transaction.on_commit(lambda: lobby.member_left(room, user))


def _raise_access_epoch(room: Room) -> None:
    """Have every web process ask again who of its sockets may follow the room.

    Not of a public room: it shuts nobody out, and each of its sockets would be asked
    for whenever one person leaves.
    """
    private = Room.objects.filter(pk=room.pk, is_private=True)
    private.update(access_epoch=F("access_epoch") + 1)


def mark_read(user: User, room: Room, seq: int) -> bool:
    """Remember how far the member has read; False when they do not belong."""
    seq = min(seq, room.last_seq)
    return bool(
        Membership.objects.filter(room=room, user=user).update(last_read_seq=seq)
    )
