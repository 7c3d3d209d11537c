"""One person of each role, in a private and a public room, and what they act upon."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.db.models import Model
from django.test import override_settings
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Block, Community, Device, Invite, Token, User
from accounts.profiles import Profile
from chat.links import Card, stored
from chat.models import Ban, Membership, Message, Room
from chat.moderation_tables import AuditEntry, Report, RoomInvite
from chat.notice_tables import Notice
from chat.own_tables import Draft, Saved
from chat.reminder_tables import Reminder
from chat.room_invites import make_link
from livechat.lib.markdown import render
from livechat.push.models import Preferences, Push, Subscription
from tests.push.browser import subscribed

QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
NOWHERE = "nowhere12345"  # no room has this id
LINK = "https://example.org/"
NAMES = {
    "ST": "Stranger",
    "EX": "Former Member",
    "BA": "Banned One",
    "MU": "Muted Member",
    "ME": "Plain Member",
    "RA": "Room Admin",
    "SA": "Site Admin",
    "BO": "Robot",
    "MO": "Moderator",
    "GU": "Guest",
}
BELONG = ("MU", "ME", "RA", "BO", "MO")
SITE_ROLES = {"SA": User.Role.ADMIN, "GU": User.Role.GUEST}


@dataclass(slots=True)
class World:
    """Who and what there is. `own` and `other` are numbers of messages by role."""

    users: dict[str, User]
    keeper: User  # runs both rooms too, so that no one here is a last admin
    target: User  # a plain member, to whom admins do something
    banned: User
    outsider: User  # could be added
    invite: Invite
    invite_code: str
    sessions: dict[str, str] = field(default_factory=dict)  # of devices, by role
    tokens: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    other: dict[str, int] = field(default_factory=dict)
    reports: dict[str, int] = field(default_factory=dict)  # keys, by privacy
    links: dict[str, int] = field(default_factory=dict)  # keys, by privacy
    link_code: str = ""  # of the private room's
    devices: dict[str, str] = field(default_factory=dict)  # of notifications, by role
    notices: dict[str, str] = field(default_factory=dict)  # unread ones, by role
    reminders: dict[str, str] = field(default_factory=dict)  # by role


def world() -> World:
    """Store it all; the rooms' logs are as if the worker had written them."""
    Community.objects.get_or_create(pk=1)
    users = {role: _person(name, role) for role, name in NAMES.items()}
    invite, code = Invite.issue(users["SA"], max_uses=5)
    made = World(
        users=users,
        keeper=_person("Keeper"),
        target=_person("Target"),
        banned=_person("Shut Out"),
        outsider=_person("Newcomer"),
        invite=invite,
        invite_code=code,
    )
    for role, user in {**users, "target": made.target}.items():
        made.sessions[role], made.tokens[role] = _device(user), _token(user)
    made.rooms = {
        "private": _room(made, "Vault", is_private=True),
        "public": _room(made, "Lounge", is_private=False),
    }
    made.reports = {privacy: _report(made, one) for privacy, one in made.rooms.items()}
    for privacy, room in made.rooms.items():
        link, code = make_link(made.keeper, room, days=1, uses=9)
        made.links[privacy] = link.pk
        made.link_code = made.link_code or code
    for role, user in {**users, "keeper": made.keeper}.items():
        made.devices[role] = subscribed(user).public_id
        made.notices[role] = _notice(user)
        made.reminders[role] = _reminder(user)
    return made


def _report(made: World, room: Room) -> int:
    """The target has reported the keeper's last message."""
    message = Message.objects.get(room=room, seq=room.last_seq)
    return Report.objects.create(
        room=room, message=message, reporter=made.target, reason="spam"
    ).pk


def _notice(user: User) -> str:
    return Notice.objects.create(
        user=user, key="reminder:1", kind="reminder", text="tea", at=timezone.now()
    ).public_id


def _reminder(user: User) -> str:
    due_at = timezone.now() + timedelta(days=1)
    return Reminder.objects.create(
        user=user, client_id=uuid4(), text="tea", due_at=due_at
    ).public_id


def _person(name: str, role: str = "") -> User:
    return User.objects.create_user(
        f"{name.replace(' ', '.').lower()}@example.org",
        "correct horse battery staple",
        display_name=name,
        role=SITE_ROLES.get(role, User.Role.MEMBER),
        is_bot=role == "BO",
    )


def _device(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session.create()
    row = Device.objects.create(
        user=user, session_id=str(session.session_key), name="curl"
    )
    return row.public_id


def _token(user: User) -> int:
    Token.issue(user)
    return user.tokens.get().pk


def _room(made: World, name: str, *, is_private: bool) -> Room:
    room = Room.objects.create(name=name, is_private=is_private, creator=made.keeper)
    members = [made.keeper, made.target, *(made.users[role] for role in BELONG)]
    run = dict.fromkeys((made.keeper, made.users["RA"]), Membership.Role.ADMIN)
    run[made.users["MO"]] = Membership.Role.MODERATOR
    Membership.objects.bulk_create(
        Membership(
            room=room,
            user=user,
            role=run.get(user, Membership.Role.MEMBER),
            is_muted=user == made.users["MU"],
        )
        for user in members
    )
    for user in (made.users["BA"], made.banned):
        Ban.objects.create(room=room, user=user, by=made.keeper)
    _fill(made, room)
    return room


def _fill(made: World, room: Room) -> None:
    """A message by each role, and one beside it that is the keeper's."""
    rows: list[Message] = []
    for role, user in made.users.items():
        made.own[role], made.other[role] = len(rows) + 1, len(rows) + 2
        rows += [message(room, user, made.own[role])]
        rows += [message(room, made.keeper, made.other[role])]
    Message.objects.bulk_create(rows)
    room.last_seq = room.last_changed_seq = len(rows)
    room.save()


def message(
    room: Room, author: User, seq: int, client_id: UUID | None = None
) -> Message:
    """A message, not stored yet, which says where it is and whose."""
    body = f"secret {seq} of {room.name}\n\n```mermaid\npie\n```"
    return Message(
        room=room,
        seq=seq,
        changed_seq=seq,
        author=author,
        client_id=client_id or uuid4(),
        body=body,
        html=render(body),
        links=stored({LINK: Card(LINK, "A page", "", "")}),
        created_at=timezone.now(),
    )


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def lasting_world(blocker: DjangoDbBlocker) -> Iterator[World]:
    """One for a whole file whose tests take back all that they do; gone at its end."""
    quick = override_settings(PASSWORD_HASHERS=[QUICK_HASHER])
    with blocker.unblock(), quick, undone():
        yield world()


def writes_so_far() -> int:
    """Counts the rows that this connection has written; -1 when it does not count."""
    connection.ensure_connection()
    return getattr(connection.connection, "total_changes", -1)


def snapshot() -> list[object]:
    """All that a request could change, to be compared with what was before."""
    people = User.objects.order_by("pk").values_list(
        "pk",
        "display_name",
        "email",
        "role",
        "theme",
        "language",
        "shows_previews",
        "is_active",
        "epoch",
        "password",
        "availability",
    )
    kept = (
        Report,
        RoomInvite,
        AuditEntry,
        Subscription,
        Preferences,
        Push,
        Notice,
        Reminder,
        Token,
        Block,
        Profile,
        Saved,
        Draft,
    )
    tables: tuple[type[Model], ...] = (Room, Membership, Ban, Message, Invite, *kept)
    devices = Device.objects.order_by("pk").values_list("pk")  # a visit changes a row
    return [list(people), list(devices)] + [
        list(model._default_manager.order_by("pk").values_list()) for model in tables
    ]
