"""The one answer to "may they": deny by default, for pages, sockets and commands."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from accounts.sessions import Principal
from chat.models import Membership, Message, Room
from chat.silences import RUNS_TALK, is_deserted, silence
from chat.titles import entitle
from livechat.lib.prepared import Prepared
from livechat.lib.words import marked

Standing = Membership | None  # the user's place in the room
Rule = Callable[[User, Room, Standing], bool]

# Every page asks these.
_standings = Prepared(
    lambda room, user: Membership.objects.filter(room=room, user=user), int, int
)
_visible = Prepared(
    lambda user, room: (
        Room.objects.visible_to(User(pk=user))
        .with_member_count()
        .filter(public_id=room)
    ),
    int,
    str,
)


def role_in(user: User, room: Room) -> str | None:
    """The user's role in the room, None when they do not belong (one query)."""
    standing = standing_in(user, room)
    return standing.role if standing else None


def standing_in(user: User, room: Room) -> Standing:
    """The user's place in the room, None when they do not belong (one query)."""
    rows: list[Membership] = _standings.objects(room.pk, user.pk)
    for found in rows:
        found.room = room
    return rows[0] if rows else None


def can(user: User, action: str, room: Room) -> bool:
    """Whether the user may do the action to the room; an unknown action is refused.

    Asks the database for the membership each time, so that it is true now.
    """
    return allows(user, action, room, standing_in(user, room))


def allows(user: User, action: str, room: Room, standing: Standing) -> bool:
    """Whether a user who stands so in the room, as was just read, may do the action."""
    rule = RULES.get(action)
    if rule is None or not user.is_active:
        return False
    if room.is_direct and action in NOT_IN_DIRECTS:
        return False
    return rule(user, room, standing)


def require_site(user: User, action: str) -> None:
    """Nothing, when the user may do the action on the site, outside of any room.

    Raises:
        PermissionDenied: they are a guest, who has what others put them into.
    """
    if not may_on_site(user, action):
        raise PermissionDenied(marked("Guests of this site may not do that."))


def may_on_site(user: User, action: str) -> bool:
    """Whether the user may do one of SITE_ACTIONS; an unknown action is refused."""
    is_guest = user.role == User.Role.GUEST
    return user.is_active and not is_guest and action in SITE_ACTIONS


SITE_ACTIONS = frozenset({"create_room", "begin_direct"})


def require(user: User, action: str, room: Room) -> None:
    """Nothing, when the user may do the action to the room.

    Raises:
        Http404: they may not see the room; it looks like none.
        PermissionDenied: they see it, but may not.
    """
    if can(user, action, room):
        return
    if Room.objects.visible_to(user).filter(pk=room.pk).exists():
        raise PermissionDenied(marked("You may not do that in this room."))
    raise Http404(marked("No such room, or it is not yours to see."))


def room_or_404(user: User, public_id: str) -> Room:
    """The room, with `member_count` and called as the user sees it, if they may see it.

    Raises:
        Http404: it is not there, or not theirs; both look the same.
    """
    rooms = _visible.objects(user.pk, public_id) if user.is_active else []
    if not rooms:
        raise Http404(marked("No such room, or it is not yours to see."))
    entitle(rooms, user)
    found: Room = rooms[0]
    return found


def may_stream(who: Principal) -> bool:
    """Whether they may write messages piece by piece: bots, and programs by a token.

    Where they may is what it is for a message that comes whole.
    """
    return who.is_bot or not who.session_key


def allowed_or_404(user: User, action: str, public_id: str) -> Room:
    """The room of `room_or_404`, to which the user may do the action.

    Raises:
        Http404: it is not there, or not theirs.
        PermissionDenied: they see it, but may not.
    """
    found = room_or_404(user, public_id)
    if not can(user, action, found):
        raise PermissionDenied(marked("You may not do that in this room."))
    return found


def may_edit(user: User, message: Message) -> bool:
    """Whether the user may give the message another text: its author, who may write."""
    return message.author_id == user.pk and can(user, "post", message.room)


def may_delete(user: User, message: Message) -> bool:
    """Whether the user may delete the message: its author, and who runs the talk."""
    role = role_in(user, message.room)
    if role is None or message.kind == Message.Kind.SYSTEM:
        return False
    return message.author_id == user.pk or role in RUNS_TALK


def message_or_404(user: User, room: Room, seq: int) -> Message:
    """The room's message, with its author, if the user may read it.

    Raises:
        Http404: it is not there, is deleted, or not theirs to read; all look the same.
    """
    rows = Message.objects.readable_by(user, room).select_related("author")
    found = rows.filter(seq=min(seq, room.last_seq + 1), deleted_at=None).first()
    if found is None:
        raise Http404(marked("No such message, or it was deleted."))
    found.room = room
    return found


def _sees(user: User, room: Room, standing: Standing) -> bool:
    return Room.objects.visible_to(user).filter(pk=room.pk).exists()


def _belongs(user: User, room: Room, standing: Standing) -> bool:
    return standing is not None


def _writes(user: User, room: Room, standing: Standing) -> bool:
    if standing is None:
        return False
    why = silence(room, standing.role, is_muted=standing.is_muted)
    return not why and not is_deserted(room)


def _runs_room(user: User, room: Room, standing: Standing) -> bool:
    """The room's admins, and for public rooms the site's owner and admins too."""
    if standing is not None and standing.role == Membership.Role.ADMIN:
        return True
    return user.is_staff and not room.is_private


def _moderates(user: User, room: Room, standing: Standing) -> bool:
    """Who runs the room, and its moderators."""
    if standing is not None and standing.role == Membership.Role.MODERATOR:
        return True
    return _runs_room(user, room, standing)


def _pins(user: User, room: Room, standing: Standing) -> bool:
    """Who writes there: where its people pin anybody, else who runs the talk."""
    if not _writes(user, room, standing):
        return False
    everybody = room.is_direct or room.members_pin
    return everybody or _moderates(user, room, standing)


def _settles(user: User, room: Room, standing: Standing) -> bool:
    """The room's moderators; and the site's admins, by the site's queue of reports."""
    return _moderates(user, room, standing) or user.is_staff


def _sees_audit(user: User, room: Room, standing: Standing) -> bool:
    """Who belongs to the room, and who runs it."""
    return standing is not None or _runs_room(user, room, standing)


def _deletes_room(user: User, room: Room, standing: Standing) -> bool:
    """Who runs the room, and who runs the site: in the admin, without a look inside."""
    return _runs_room(user, room, standing) or user.is_staff


def _may_join(user: User, room: Room, standing: Standing) -> bool:
    return standing is None and not room.is_private and _sees(user, room, standing)


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
    "remove_member": _moderates,
    "set_role": _runs_room,
    "mute": _moderates,
    "ban": _runs_room,
    "invite": _runs_room,
    "see_audit": _sees_audit,
    "pin": _pins,
    "keep_draft": _belongs,
    "report": _belongs,
    "see_reports": _moderates,
    "settle_report": _settles,
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
        "see_audit",
        "see_reports",
        "add_member",
        "remove_member",
        "set_role",
        "mute",
        "ban",
        "invite",
        "edit_room",
        "delete_room",
    }
)
