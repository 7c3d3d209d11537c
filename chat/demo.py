"""A demo community: people, rooms and messages, made once and completed later."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import Token, User
from accounts.signals import site_set_up
from chat import actions
from chat.inbox import post_message
from chat.models import ChangeBucket, Membership, Message, Room
from chat.worker_tables import Bucket
from livechat.supervise.instance import running_instance

PASSWORD = "a-demo-password-for-loopback"  # noqa: S105 - printed with the demo on purpose
DOMAIN = "demo.invalid"
NAMESPACE = uuid.UUID("7b1a8a6e-52d3-4a39-9c57-1f0e6d1f3b10")

LINES = (
    "Morning! The **fan-out** branch is green.",
    "Here is the part that matters:\n```python hub.py\nfor member in feed.members:\n"
    "    member.socket.write_framed(frame)  # the same bytes for everybody\n```",
    "So the page only ever sends its `cursor`, and the server replays what it missed?",
    "Yes. At most 500 changes; beyond that it gets a fresh page.",
    "- one subscription a room\n- one frame for everybody\n- one order, by `seq`",
    "Pulled the plug on the worker twice. Nothing lost, nothing doubled.",
    "> What happens to a message while Redis is away?\n\nIt waits, and says so.",
    "Ship it 🚢",
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made, with the secrets that a client needs."""

    users: list[tuple[User, str]]  # and a bearer token
    rooms: list[Room]


def make(users: int, rooms: int, messages: int) -> Demo:
    """Make, or complete, the community; every user is in every room but the last.

    The last of several rooms is private to the first user. Messages go through the
    room worker, so it has to run when there are any to make.
    """
    people = [_user(number) for number in range(1, users + 1)]
    places = [_room(people[0], number, rooms) for number in range(1, rooms + 1)]
    _join_all(people, places)
    for room in places:
        for author, number in _authors(people, room, messages):
            _say(author, room, number)
    tokens = [Token.issue(person, name="demo") for person in people]
    return Demo(list(zip(people, tokens, strict=True)), places)


def described(demo: Demo) -> dict[str, Any]:
    """the protocol's JSON of a demo community."""
    instance = running_instance(settings.VAR_DIR)
    return {
        "base_url": instance.url if instance else settings.SITE_URL,
        "users": [
            {
                "id": user.public_id,
                "name": user.display_name,
                "email": user.email,
                "password": PASSWORD,
                "token": token,
            }
            for user, token in demo.users
        ],
        "rooms": [
            {"id": room.public_id, "name": room.name, "private": room.is_private}
            for room in demo.rooms
        ],
    }


def _user(number: int) -> User:
    email = f"user{number}@{DOMAIN}"
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    first = not User.objects.exists()
    role = User.Role.OWNER if first else User.Role.MEMBER
    # One slow hash for all of them: their password is the same and no secret.
    user = User(email=email, display_name=f"Demo user {number}", role=role)
    other = User.objects.filter(email__endswith=f"@{DOMAIN}").first()
    if other is not None:
        user.password = other.password
    else:
        user.set_password(PASSWORD)
    user.save()
    if first:
        site_set_up.send(Demo, user=user)
    return user


def _room(owner: User, number: int, rooms: int) -> Room:
    is_private = number == rooms and rooms > 1
    name = "Demo private room" if is_private else f"Demo room {number}"
    found = Room.objects.filter(name=name, creator=owner).first()
    if found is not None:
        return found
    text = "Made by manage.py demo."
    ChangeBucket.objects.filter(user=owner).delete()  # no flood: nothing is paid
    return actions.create_room(
        owner, name=name, description=text, is_private=is_private
    )


def _join_all(people: list[User], rooms: list[Room]) -> None:
    """Make the memberships at once; a line for each in the log would tell nothing."""
    Membership.objects.bulk_create(
        [
            Membership(room=room, user=user)
            for room in rooms
            if not room.is_private
            for user in people
        ],
        ignore_conflicts=True,
    )


def _authors(
    people: list[User], room: Room, messages: int
) -> Iterator[tuple[User, int]]:
    """Who says which message: two lines each in turn, so that groups are seen."""
    who = people[:1] if room.is_private else people
    for number in range(messages):
        yield who[number // 2 % len(who)], number


def _say(author: User, room: Room, number: int) -> None:
    """Post one line through the worker, unless it was said before."""
    client_id = uuid.uuid5(NAMESPACE, f"{room.public_id}/{number}")
    known = Message.objects.filter(room=room, author=author, client_id=client_id)
    if known.exists():
        return
    _refill(author)
    post_message(author, room, body=LINES[number % len(LINES)], client_id=client_id)


def _refill(author: User) -> None:
    """A demo is no flood: its authors pay nothing."""
    now = timezone.now() - timedelta(seconds=1)
    Bucket.objects.update_or_create(
        user=author,
        defaults={"level": settings.RATE_MESSAGES_BURST, "at": now.timestamp()},
    )
