"""Rooms, members and HTTP calls for the tests of the socket and the JSON API."""

from collections.abc import Callable

import pytest

from accounts.models import User
from chat import actions
from chat.models import Membership, Room
from tests.live import Live

Person = Callable[[str], tuple[User, str]]
Member = Callable[[Room, str], tuple[User, str]]


@pytest.fixture
def room(live: Live, person: Person) -> Room:
    """A public room of alice's."""
    owner, _ = person("Alice")
    return actions.create_room(owner, name="Lounge")


@pytest.fixture
def private(live: Live, person: Person) -> Room:
    """A private room, whose admin is not alice."""
    owner, _ = person("Keeper")
    return actions.create_room(owner, name="Vault", is_private=True)


@pytest.fixture
def member(person: Person) -> Member:
    """Makes a user who belongs to the room; nobody is told, so async tests may."""

    def make(room: Room, name: str) -> tuple[User, str]:
        user, token = person(name)
        Membership.objects.create(room=room, user=user)
        return user, token

    return make
