"""Links into a room: made and revoked by those who run it, used by whoever has one.

The rule it guards: a link lets in as many as it says, however many come at once, and
only while whoever made it may still let people in. What is wrong with one is not told.
"""

import secrets
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import Invite, User, secret_hash
from chat.access import can
from chat.changes import Change, NotPossible, changing, pay
from chat.members import let_in
from chat.models import Room
from chat.moderation_tables import RoomInvite
from livechat.lib import limits
from livechat.lib.words import marked

CODE_BYTES = 18  # of chance; short enough for a small QR code


class NoSuchLink(Exception):  # noqa: N818 - the handler reads as a sentence
    """The link lets nobody in, or not this person; which of both is not told."""


def make_link(
    actor: User, room: Room, *, days: int, uses: int, signs_up: bool = False
) -> tuple[RoomInvite, str]:
    """Store a link; return it and its code, which is not shown again.

    `signs_up`: people without an account may make one by it; admins of the site alone.

    Raises:
        NotPossible: there are too many. And those of `changing`.
    """
    with changing(actor, room, "invite") as change:
        pay(actor)
        if change.room.invites.usable().count() >= limits.ROOM_INVITES_MAX:
            most = limits.ROOM_INVITES_MAX
            raise NotPossible(
                marked("This room has {0} links. Revoke one first.", most)
            )
        site_invite = None
        if signs_up and actor.is_staff:
            site_invite, _ = Invite.issue(actor, max_uses=uses, days=days)
        code = secrets.token_urlsafe(CODE_BYTES)
        made = RoomInvite.objects.create(
            room=change.room,
            code_hash=secret_hash(code),
            created_by=actor,
            expires_at=timezone.now() + timedelta(days=days),
            max_uses=uses,
            site_invite=site_invite,
        )
        people = "person" if uses == 1 else "people"
        change.audit("link", f"{actor} made a link into the room for {uses} {people}.")
    return made, code


def revoke_link(actor: User, room: Room, pk: int) -> None:
    """Let nobody in by it any more; a second call changes nothing."""
    with changing(actor, room, "invite") as change:
        found = change.room.invites.filter(pk=pk).first()
        if found is None:
            return
        if found.site_invite is not None:
            found.site_invite.delete()
        found.delete()
        change.audit("link_revoked", f"{actor} revoked a link into the room.")


def link_of(code: str) -> RoomInvite:
    """The link with this code, with its room and who made it, if it lets anybody in.

    Raises:
        NoSuchLink: it does not.
    """
    rows = RoomInvite.objects.usable().select_related("room", "created_by")
    found = rows.filter(code_hash=secret_hash(code), room__deleted_at=None).first()
    if found is None or not can(found.created_by, "invite", found.room):
        raise NoSuchLink
    return found


def use_link(user: User, code: str) -> Room:
    """Let the user into the link's room; who belongs to it already uses nothing up.

    Raises:
        NoSuchLink: it lets nobody in, or the user is banned from the room.
        TooManyChanges: the user has made too many.
    """
    link = link_of(code)
    with changing(user, link.room, None) as change:
        if change.room.memberships.filter(user=user).exists():
            return change.room
        _use_up(change, link, user)
        let_in(change, user, f"{user} joined by a link of {link.created_by}.")
    return link.room


def _use_up(change: Change, link: RoomInvite, user: User) -> None:
    """Count one use, all of it as it is now that the room is locked."""
    is_banned = change.room.bans.filter(user=user).exists()
    if is_banned or not can(link.created_by, "invite", change.room):
        raise NoSuchLink
    rows = RoomInvite.objects.usable().filter(pk=link.pk)
    if rows.update(uses=F("uses") + 1) != 1:
        raise NoSuchLink
