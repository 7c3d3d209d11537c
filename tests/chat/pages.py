"""Rooms with a log, and browsers of the cast, for the tests of pages."""

from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Membership, Message, Room


def client_of(user: User) -> Client:
    """A browser in which the user is signed in."""
    client = Client()
    client.force_login(user)
    return client


def room_of(*members: User, name: str = "Lounge", is_private: bool = False) -> Room:
    """A room whose admin is the first of its members."""
    room = Room.objects.create(name=name, is_private=is_private, creator=members[0])
    for user in members:
        role = Membership.Role.ADMIN if user is members[0] else Membership.Role.MEMBER
        Membership.objects.create(room=room, user=user, role=role)
    return room


def fill(room: Room, author: User, count: int) -> None:
    """Append messages to the room's log, as the worker would have."""
    now = timezone.now()
    first = room.last_seq + 1
    Message.objects.bulk_create(
        Message(
            room=room,
            seq=seq,
            changed_seq=seq,
            author=author,
            client_id=uuid4(),
            body=f"text {seq}",
            html=f"<p>text {seq}</p>",
            created_at=now + timedelta(milliseconds=seq),
        )
        for seq in range(first, first + count)
    )
    room.last_seq = room.last_changed_seq = room.last_seq + count
    room.save()
