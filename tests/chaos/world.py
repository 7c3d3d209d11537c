"""The people and rooms of a run, and the process that acts for admins of rooms."""

import asyncio
import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.stage import Stage

ANSWER_TIMEOUT_S = 60.0
HANDS = Path(__file__).with_name("hands.py")


class Failed(Exception):  # noqa: N818 - the message is what the site said
    """The site did not do it; whether it is done all the same, nobody knows."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: str
    name: str
    token: str


@dataclass(slots=True)
class Place:
    """A room and who belongs to it; the first one is its admin."""

    id: str
    private: bool
    members: list[Person]


@dataclass(slots=True)
class World:
    """Everybody and everything of a run."""

    owner: Person
    people: list[Person] = field(default_factory=list)
    rooms: list[Place] = field(default_factory=list)

    def rooms_of(self, person: Person) -> list[str]:
        """The ids of the rooms that somebody belongs to."""
        return [room.id for room in self.rooms if person in room.members]


class Hands:
    """The process of `hands.py`, started once; one command at a time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, do: str, **arguments: Any) -> Any:
        """Have a command done; return what it gives.

        Raises:
            Failed: the site raised an error, which stands in the message.
        """
        async with self._turn:
            process = await self._started()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), ANSWER_TIMEOUT_S)
        answer = json.loads(line or b'{"error": "the process ended"}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["ok"]

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            stage = self._stage
            with (stage.folder / "log" / "hands.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",
                    str(HANDS),
                    cwd=stage.source,
                    env={**stage.environment(), "PYTHONPATH": str(stage.source)},
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                )
        return self._process

    async def stop(self) -> None:
        """End the process: its input ends."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), 10)


async def make_people(hands: Hands, count: int, prefix: str) -> list[Person]:
    """People by prefix and number."""
    made = await hands.ask("people", count=count, prefix=prefix)
    return [Person(**one) for one in made]


async def make_room(
    hands: Hands, name: str, members: list[Person], *, private: bool
) -> Place:
    """A room; the first member is its admin."""
    made = await hands.ask(
        "room",
        owner=members[0].id,
        name=name,
        private=private,
        users=[one.id for one in members],
    )
    return Place(made["id"], private, members)


async def make_world(
    hands: Hands, rng: random.Random, *, bots: int, rooms: int
) -> World:
    """An owner, bots that belong to about half of the rooms, and half private rooms."""
    owner = (await make_people(hands, 1, "owner"))[0]
    world = World(owner, await make_people(hands, bots, "bot"))
    for number in range(rooms):
        members = [one for one in world.people if rng.random() < 0.5]
        place = await make_room(
            hands, f"Room {number}", [owner, *members], private=number % 2 == 1
        )
        world.rooms.append(place)
    for person in world.people:
        if not world.rooms_of(person):  # everybody talks somewhere, as members do
            place = world.rooms[0]
            await hands.ask("add", by=owner.id, room=place.id, user=person.id)
            place.members.append(person)
    return world
