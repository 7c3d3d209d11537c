"""What the admins of a room do with its people: add, remove, mute, ban, give roles.

Each is a change of the room's log (chat/changes.py); a repeat changes nothing.
"""

from accounts.models import User
from chat import access, lobby, notices, telling
from chat.changes import Change, NotPossible, changing
from chat.models import Ban, Membership, Room
from chat.moderation_tables import AuditEntry
from chat.silences import RUNS_TALK
from livechat.lib.words import Words, marked

ADMIN = Membership.Role.ADMIN


def add_member(actor: User, room: Room, user: User) -> Membership:
    """Make somebody else a member; return the membership.

    Raises:
        NotPossible: they are banned, or their account is closed.
    """
    with changing(actor, room, "add_member") as change:
        if (found := _membership(change, user)) is not None:
            return found
        if not user.is_active:
            raise NotPossible(marked("{0}'s account is closed.", user))
        if change.room.bans.filter(user=user).exists():
            raise NotPossible(
                marked("{0} is banned from this room. Lift the ban first.", user)
            )
        made = let_in(change, user, f"{actor} added {user}.")
        notices.invited(actor, change.room, user)
        return made


def remove_member(actor: User, room: Room, user: User) -> None:
    """End somebody else's membership.

    Raises:
        NotPossible: it is the actor's own, or the room's last admin's.
    """
    with changing(actor, room, "remove_member") as change:
        _not_oneself(change, user, marked("To go, leave the room."))
        if (found := _membership(change, user)) is not None:
            within_reach(change, found)
            let_out(change, found, "removed", f"{actor} removed {user}.")


def set_role(actor: User, room: Room, user: User, role: str) -> None:
    """Give a member another role; who runs the room or its talk is not muted.

    Raises:
        NotPossible: they are no member, the room's owner, or its last admin.
    """
    with changing(actor, room, "set_role") as change:
        found = _member(change, user)
        if found.role == role:
            return
        within_reach(change, found)
        if role != ADMIN:
            keep_an_admin(change, found)
        found.role, found.is_muted = role, False
        found.save(update_fields=["role", "is_muted"])
        sentence = f"{actor} made {user} {a(role)}."
        change.enter("role", sentence, user=user.public_id, role=role)


def set_muted(actor: User, room: Room, user: User, *, muted: bool) -> None:
    """Let a member read and not write, or write again.

    Raises:
        NotPossible: they are no member, or an admin or moderator.
    """
    with changing(actor, room, "mute") as change:
        mute(change, user, muted=muted)


def ban(actor: User, room: Room, user: User) -> None:
    """End somebody's membership, if any, and hide the room from them.

    Raises:
        NotPossible: it is the actor, or the room's last admin.
    """
    with changing(actor, room, "ban") as change:
        _not_oneself(change, user, marked("You cannot ban yourself."))
        if (found := _membership(change, user)) is not None:
            within_reach(change, found)
        _, made = Ban.objects.get_or_create(
            room=change.room, user=user, defaults={"by": actor}
        )
        if not made:
            return
        sentence = f"{actor} banned {user}."
        if found is not None:
            let_out(change, found, "banned", sentence)
            return
        room = change.room
        change.enter("banned", sentence, user=user.public_id, hidden=True)
        change.tell(lambda: lobby.member_left(room, user, "banned", hidden=True))


def unban(actor: User, room: Room, user: User) -> None:
    """Let them see the room again as anybody does; they are no member by it."""
    with changing(actor, room, "ban") as change:
        gone, _ = change.room.bans.filter(user=user).delete()
        if gone:
            sentence = f"{actor} lifted the ban on {user}."
            change.enter("unbanned", sentence, user=user.public_id)
            room = change.room
            change.tell(lambda: lobby.member_unbanned(room, user))


def mute(change: Change, user: User, *, muted: bool) -> None:
    """The same within a change that was allowed before.

    Raises:
        NotPossible: they are no member, or an admin or moderator.
    """
    found = _member(change, user)
    if found.is_muted == muted:
        return
    if found.role in RUNS_TALK:
        if found.role == ADMIN:
            text = marked("{0} is an admin. Make them a member first.", user)
        else:
            text = marked("{0} is a moderator. Make them a member first.", user)
        raise NotPossible(text)
    found.is_muted = muted
    found.save(update_fields=["is_muted"])
    kind = "muted" if muted else "unmuted"
    change.enter(kind, f"{change.actor} {kind} {user}.", user=user.public_id)


def let_in(change: Change, user: User, sentence: str) -> Membership:
    """Write the membership of somebody who has read all so far."""
    room = change.room
    fields = {"user": user.public_id, "role": Membership.Role.MEMBER.value}
    entry = change.enter("joined", sentence, **fields)
    change.tell(lambda: lobby.member_joined(room, user))
    return Membership.objects.create(
        room=room,
        user=user,
        last_read_seq=entry.seq,
        quiet_read=room.quiet_count,
        reads_from_seq=0 if room.is_private else room.public_from_seq,
    )


def let_out(change: Change, found: Membership, kind: str, sentence: str) -> None:
    """Delete a membership; who had it hears no more of the room than this entry.

    Raises:
        NotPossible: it is the last admin's, and others stay.
    """
    keep_an_admin(change, found)
    found.delete()
    room, user = change.room, found.user
    telling.lost(room, [user.pk])
    notices.lost(room, [user.pk])
    hidden = room.is_private or kind == "banned"
    change.enter(kind, sentence, user=user.public_id, hidden=hidden)
    change.tell(lambda: lobby.member_left(room, user, kind, hidden=hidden))


def within_reach(change: Change, found: Membership) -> None:
    """Refuse what a room's people may not do to each other, whatever they may else.

    Nobody but the site's admins touches a room's owner, and a moderator touches plain
    members only.

    Raises:
        NotPossible: it is that.
    """
    actor = change.actor
    if found.user == actor:
        return
    above = actor.is_staff and not change.room.is_private
    if found.is_owner and not above:
        raise NotPossible(
            marked("{0} owns this room. Only they can give it away.", found.user)
        )
    if found.role in RUNS_TALK and not access.can(actor, "set_role", change.room):
        if found.role == ADMIN:
            text = marked("{0} is an admin. Ask an admin of this room.", found.user)
        else:
            text = marked("{0} is a moderator. Ask an admin of this room.", found.user)
        raise NotPossible(text)


def a(role: str) -> str:
    """The role with its article."""
    return f"an {role}" if role == ADMIN else f"a {role}"


def keep_an_admin(change: Change, found: Membership) -> None:
    """Refuse to take the last admin from a room in which others are left.

    Raises:
        NotPossible: it would.
    """
    others = change.room.memberships.exclude(pk=found.pk).filter(user__is_active=True)
    if found.role != ADMIN or not others.exists():
        return
    if not others.filter(role=ADMIN).exists():
        raise NotPossible(_last_admin(found.user, change.actor))


def _last_admin(user: User, actor: User) -> Words:
    if user == actor:
        return marked(
            "You are the last admin of this room. Make somebody else an admin first."
        )
    return marked(
        "{0} is the last admin of this room. Make somebody else an admin first.", user
    )


def _membership(change: Change, user: User) -> Membership | None:
    return change.room.memberships.filter(user=user).select_related("user").first()


def _member(change: Change, user: User) -> Membership:
    found = _membership(change, user)
    if found is None:
        raise NotPossible(marked("{0} is not a member of this room.", user))
    return found


def _not_oneself(change: Change, user: User, sentence: str) -> None:
    if user == change.actor:
        raise NotPossible(sentence)


def note_new_token(actor: User, bot: User) -> None:
    """Write into the audit logs of the bot's private rooms who was given its token."""
    sentence = (
        f"{actor} made a new token for the bot {bot}, and could read here with it."
    )
    rooms = Room.objects.filter(is_private=True, memberships__user=bot)
    AuditEntry.objects.bulk_create(
        AuditEntry(room=room, actor=actor, kind="token", sentence=sentence)
        for room in rooms
    )
