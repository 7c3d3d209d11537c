"""What the site keeps of one person beside their messages, as rows for an export.

The rule it guards: of others a row has no more than an id, where the person chose them.
"""

from typing import Any

from accounts import availability
from accounts.devices import devices_of
from accounts.models import Invite, User
from accounts.profiles import profile_of
from chat.moderation_tables import RoomInvite
from chat.notice_tables import Notice
from chat.own_tables import Draft, Saved
from chat.thread_tables import Following
from livechat.push.models import Preferences

Rows = list[dict[str, Any]]

_OF_PROFILE = (
    "about",
    "pronouns",
    "zone",
    "status_emoji",
    "status_text",
    "status_until",
)
_OF_PREFERENCES = (
    "shows_text",
    "plays_sound",
    "digest",
    "digested_at",
    "quiet_from",
    "quiet_to",
    "zone",
    "paused_until",
)
_OF_INVITE = ("created_at", "expires_at", "max_uses", "uses")


def profile(user: User) -> dict[str, Any]:
    """Who they are, what they tell of themselves, and how they want to be told."""
    found = profile_of(user)
    return {
        "id": user.public_id,
        "name": user.display_name,
        "email": user.email,
        "role": user.role,
        "theme": user.theme,
        "language": user.language,
        "shows_previews": user.shows_previews,
        "created_at": user.created_at,
        **{name: getattr(found, name) for name in _OF_PROFILE},
        "availability": availability.of(user),
        "available_until": availability.end_of(user),
        "blocks": list(user.blocks.values_list("blocked__public_id", flat=True)),
        "reminders": list(user.reminders.values("text", "due_at")),
        "notifications": list(
            user.push_subscriptions.values("name", "created_at", "last_success_at")
        ),
        "preferences": Preferences.objects.filter(user=user)
        .values(*_OF_PREFERENCES)
        .first(),
    }


def tables(user: User) -> dict[str, Rows]:
    """The rows of everything else, by the name of its file."""
    return {
        "devices": _devices(user),
        "drafts": _drafts(user),
        "saved": _saved(user),
        "threads": _threads(user),
        "notices": _notices(user),
        "reports": _reports(user),
        "invites": _invites(user),
    }


def _devices(user: User) -> Rows:
    names = ("name", "address", "created_at", "seen_at")
    devices = [{name: getattr(one, name) for name in names} for one in devices_of(user)]
    tokens = user.tokens.values("name", "created_at")
    return [*devices, *({"token": one["name"], **one} for one in tokens)]


def _drafts(user: User) -> Rows:
    """Texts that were begun, by room."""
    rows = Draft.objects.filter(user=user).exclude(body="").select_related("room")
    return [
        {
            "room": one.room.public_id,
            "thread": one.thread or None,
            "reply_to": one.reply_to or None,
            "body": one.body,
            "updated_at": one.updated_at,
        }
        for one in rows
    ]


def _saved(user: User) -> Rows:
    """Which messages were saved; most of their texts are others'."""
    rows = Saved.objects.filter(user=user).select_related("message__room")
    found = ((one, one.message) for one in rows)
    return [
        {"room": saved.room.public_id, "seq": saved.seq, "created_at": one.created_at}
        for one, saved in found
    ]


def _threads(user: User) -> Rows:
    """Which threads they follow, and how far they have read them."""
    rows = Following.objects.filter(user=user).select_related("room")
    return [
        {
            "room": one.room.public_id,
            "thread": one.thread,
            "last_read_seq": one.last_read_seq,
        }
        for one in rows
    ]


def _notices(user: User) -> Rows:
    """What they were told of; their own words where it is a reminder."""
    rows = Notice.objects.filter(user=user).select_related("room").order_by("at")
    return [
        {
            "kind": one.kind,
            "room": one.room.public_id if one.room else None,
            "seq": one.seq or None,
            "text": one.text if one.kind == Notice.Kind.REMINDER else "",
            "at": one.at,
            "read_at": one.read_at,
        }
        for one in rows
    ]


def _reports(user: User) -> Rows:
    """What they reported, and what came of it."""
    rows = user.reports.select_related("room", "message").order_by("pk")
    return [
        {
            "room": one.room.public_id,
            "seq": one.message.seq,
            "reason": one.reason,
            "note": one.note,
            "created_at": one.created_at,
            "outcome": one.outcome or None,
            "resolved_at": one.resolved_at,
        }
        for one in rows
    ]


def _invites(user: User) -> Rows:
    """Links that they made, to the site (no room) and into rooms; not their codes."""
    site = Invite.objects.filter(created_by=user, room_invite=None).order_by("pk")
    rooms = RoomInvite.objects.filter(created_by=user).order_by("pk")
    into = rooms.values("room__public_id", *_OF_INVITE)
    return [
        *({"room": None, **one} for one in site.values(*_OF_INVITE)),
        *({"room": one.pop("room__public_id"), **one} for one in into),
    ]
