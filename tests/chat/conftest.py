"""Rooms, members and HTTP calls for the tests of the socket and the JSON API."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from accounts.models import User
from chat import actions
from chat.models import Membership, Room
from tests.chat.watching import Viewer
from tests.live import BESIDE, Live, free_port, wait_until

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


@pytest.fixture(scope="module")
def beside(running: Live, rates: None) -> Iterator[int]:
    """The port of another web process, which stays for a whole file."""
    yield free_port()
    if BESIDE in running.processes:
        running.end(BESIDE)


@pytest.fixture
def second(faulty: Live, beside: int) -> int:
    """The port of another web process on the same Redis and database."""
    there = faulty.processes.get(BESIDE)
    if there is None or there.poll() is not None:
        faulty.start_web(BESIDE, beside)
    wait_until(lambda: _listens(beside), "the second gateway listens", 30)
    return beside


@pytest.fixture
async def viewer(
    faulty: Live, second: int, room: Room, member: Member
) -> AsyncIterator[Viewer]:
    """Alice's friend at the second web process."""
    _, token = member(room, "Viewer")
    async with faulty.client(token, port=second) as client:
        await client.subscribe(room.public_id)
        yield Viewer(client, room)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
