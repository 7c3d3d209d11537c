"""The one answer to "may they": deny by default, for pages, sockets and commands."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from accounts.sessions import Principal
from chat.models import Membership, Room
from chat.titles import entitle

Rule = Callable[[User, Room], bool]


def role_in(user: User, room: Room) -> str | None:
    """The user's role in the room, None when they do not belong (one query)."""
    roles = Membership.objects.filter(room=room, user=user)
    return roles.values_list("role", flat=True).first()


def can(user: User, action: str, room: Room) -> bool:
    """Whether the user may do the action to the room; an unknown action is refused.

    Asks the database for the membership each time, so that it is true now.
    """
    rule = RULES.get(action)
    if rule is None or not user.is_active:
        return False
    return not (room.is_direct and action in NOT_IN_DIRECTS) and rule(user, room)


def require(user: User, action: str, room: Room) -> None:
    """Nothing, when the user may do the action to the room.

    Raises:
        Http404: they may not see the room; it looks like none.
        PermissionDenied: they see it, but may not.
    """
    if can(user, action, room):
        return
    if Room.objects.visible_to(user).filter(pk=room.pk).exists():
        raise PermissionDenied("You may not do that in this room.")
    raise Http404("No such room, or it is not yours to see.")


def room_or_404(user: User, public_id: str) -> Room:
    """The room, with `member_count` and called as the user sees it, if they may see it.

    Raises:
        Http404: it is not there, or not theirs; both look the same.
    """
    rooms = Room.objects.visible_to(user).with_member_count()
    try:
        found = rooms.get(public_id=public_id)
    except Room.DoesNotExist:
        raise Http404("No such room, or it is not yours to see.") from None
    entitle([found], user)
    return found


def may_stream(who: Principal) -> bool:
    """Whether they may write messages piece by piece: bots, and programs by a token.

    Where they may is what it is for a message that comes whole.
    """
    return who.is_bot or not who.session_key


def _sees(user: User, room: Room) -> bool:
    return Room.objects.visible_to(user).filter(pk=room.pk).exists()


def _belongs(user: User, room: Room) -> bool:
    return role_in(user, room) is not None


def _writes(user: User, room: Room) -> bool:
    return room.memberships.filter(user=user, is_muted=False).exists()


def _runs_room(user: User, room: Room) -> bool:
    """The room's admins, and for public rooms the site's owner and admins too."""
    if role_in(user, room) == Membership.Role.ADMIN:
        return True
    return user.is_staff and not room.is_private


def _deletes_room(user: User, room: Room) -> bool:
    """Who runs the room, and who runs the site: in the admin, without a look inside."""
    return _runs_room(user, room) or user.is_staff


def _may_join(user: User, room: Room) -> bool:
    return not room.is_private and _sees(user, room) and not _belongs(user, room)


RULES: dict[str, Rule] = {
    "read": _sees,
    "post": _writes,
    "type": _writes,
    "mark_read": _belongs,
    "join": _may_join,
    "leave": _belongs,
    "see_members": _sees,
    "see_bans": _runs_room,
    "add_member": _runs_room,
    "remove_member": _runs_room,
    "set_role": _runs_room,
    "mute": _runs_room,
    "ban": _runs_room,
    "edit_room": _runs_room,
    "delete_room": _deletes_room,
}

# What would change who is in a room, or who runs it: in a direct or group message both
# stay as they are, for the site's admins as well, to whom it does not exist.
NOT_IN_DIRECTS = frozenset(
    {
        "join",
        "leave",
        "see_bans",
        "add_member",
        "remove_member",
        "set_role",
        "mute",
        "ban",
        "edit_room",
        "delete_room",
    }
)
