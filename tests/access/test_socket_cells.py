"""Each cell of each intent, over real sockets: one of every role, in either room."""

import asyncio
import uuid
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from chat.models import Message
from chat.streams import Stream
from tests.access import matrix
from tests.access.matrix import PRIVACIES, Row
from tests.access.world import NOWHERE, World
from tests.live import Client, Live

CODES = {"no_room": "·", "forbidden": "N"}
SILENT = "typing"
ROWS_A_SOCKET = 7


def frame_of(row: Row, world: World, role: str) -> dict[str, Any]:
    """The fields of the intent, without its room."""
    seq = (world.own if row.whose == "own" else world.other)[role]
    fields: dict[str, dict[str, Any]] = {
        "send": {"client_id": str(uuid.uuid4()), "body": "over the socket"},
        "edit": {"seq": seq, "body": f"edited {row.whose}"},
        "stream": {"client_id": str(uuid.uuid4())},
        "append": {"seq": growing(row, world, role) or seq, "offset": 0, "text": "it"},
        "finish": {"seq": growing(row, world, role) or seq},
        "delete": {"seq": seq},
        "react": {"seq": seq, "emoji": "🎉", "on": True},
        "read": {"seq": 1},
    }
    return fields.get(row.name, {})


def growing(row: Row, world: World, role: str) -> int | None:
    """The message that somebody is writing piece by piece, after the row `stream`."""
    if row.whose != "own":
        return None
    room, user = world.rooms[row.privacy], world.users[role]
    found = Stream.objects.filter(room=room, author=user)
    return found.values_list("seq", flat=True).first()


async def answer(
    client: Client, row: Row, room: str, fields: dict[str, Any]
) -> dict[str, Any]:
    """The one frame that answers the intent."""
    ref = uuid.uuid4().hex
    await client.say(row.name, room=room, ref=ref, **fields)
    return await client.until(lambda one: one.get("ref") == ref)


def same(theirs: dict[str, Any], none: dict[str, Any]) -> bool:
    """Whether two refusals differ in nothing but what was asked."""
    asked = {"ref": None, "room": None}
    return {**theirs, **asked} == {**none, **asked}


async def cell(client: Client, row: Row, world: World, role: str) -> str:
    """The outcome of one intent; a room that is not theirs refuses like none."""
    room, fields = world.rooms[row.privacy].public_id, frame_of(row, world, role)
    found = await answer(client, row, room, fields)
    if found["type"] != "error":
        return "Y"
    code = CODES.get(found["code"], str(found["code"]))
    if code == "·":
        assert same(found, await answer(client, row, NOWHERE, fields)), found
    assert found["message"]
    return code


async def typing_cells(
    clients: dict[str, Client], watcher: Client, row: Row, world: World
) -> dict[str, str]:
    """Typing is answered by nothing, so somebody else is asked what they see.

    Those whom nobody shall see type first: once the others were seen, these would
    have been.
    """
    room = world.rooms[row.privacy].public_id
    found = {}
    for role in sorted(clients, key=lambda role: row.cells[role] == "Y"):
        await clients[role].say("typing", room=room, on=True, ref="t")
        await clients[role].say("ping", ref="after")
        await clients[role].expect("pong", ref="after")
        errors = [one for one in clients[role].frames if one.get("ref") == "t"]
        found[role] = CODES[errors[0]["code"]] if errors else "-"
        if row.cells[role] == "Y":
            who = world.users[role].public_id
            await watcher.until(seen_typing(who))
            found[role] = "Y"
    typists = {one["user"]["id"] for one in watcher.frames if "typing" in one["type"]}
    roles = [role for role in clients if world.users[role].public_id in typists]
    return found | dict.fromkeys(roles, "seen")


def seen_typing(who: str) -> Any:
    def fits(frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "user_typing" and frame["user"]["id"] == who)

    return fits


async def refused_at_the_door(live: Live) -> str:
    with pytest.raises(InvalidStatus) as caught:
        async with live.client(""):
            pass
    return "L" if caught.value.response.status_code == 403 else "open"


@pytest.mark.parametrize("privacy", PRIVACIES)
async def test_each_role_gets_of_the_socket_what_the_matrix_says(
    live: Live, here: World, tokens: dict[str, str], privacy: str
) -> None:
    rows = [row for row in matrix.intent_rows() if row.privacy == privacy]
    found: dict[str, dict[str, str]] = {}
    subscribe, *others = rows
    # On fresh sockets now and then, as too many refusals end one.
    for at in range(0, len(others), ROWS_A_SOCKET):
        some = [subscribe, *others[at : at + ROWS_A_SOCKET]]
        found |= await cells_of(some, live, here, tokens)
    door = await refused_at_the_door(live)
    assert {name: {"AN": door, **cells} for name, cells in found.items()} == {
        str(row): row.cells for row in rows
    }
    await asyncio.to_thread(stored_as_allowed, here, privacy)


async def cells_of(
    rows: list[Row], live: Live, here: World, tokens: dict[str, str]
) -> dict[str, dict[str, str]]:
    """The outcomes of some intents in one room, by the row and the role."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    async with AsyncExitStack() as stack:
        clients = {
            role: await stack.enter_async_context(live.client(tokens[role]))
            for role in here.users
        }
        watcher = await stack.enter_async_context(live.client(tokens["keeper"]))
        await watcher.subscribe(here.rooms[rows[0].privacy].public_id)
        for row in rows:
            if row.name == SILENT:
                found[str(row)] = await typing_cells(clients, watcher, row, here)
                continue
            for role, client in clients.items():
                found[str(row)][role] = await cell(client, row, here, role)
    return found


def stored_as_allowed(here: World, privacy: str) -> None:
    """What is in the database is what the cells say."""
    room = here.rooms[privacy]
    sends = matrix.row_of("send", "", privacy).cells
    new = Message.objects.filter(room=room, seq__gt=room.last_seq)
    authors = set(new.values_list("author__public_id", flat=True))
    assert authors == {
        user.public_id for role, user in here.users.items() if sends[role] == "Y"
    }
    for whose, numbers in (("own", here.own), ("other", here.other)):
        cells = matrix.row_of("delete", "", privacy, whose).cells
        gone = Message.objects.filter(room=room, deleted_at__isnull=False)
        seqs = set(gone.values_list("seq", flat=True))
        assert seqs & set(numbers.values()) == {
            seq for role, seq in numbers.items() if cells[role] == "Y"
        }


async def test_every_role_may_show_itself_and_ask_for_a_pong(
    live: Live, here: World, tokens: dict[str, str]
) -> None:
    rows = {row.name: row.cells for row in matrix.site_intent_rows()}
    assert await refused_at_the_door(live) == "L"
    for role in here.users:
        assert {cells[role] for cells in rows.values()} == {"Y"}
        async with live.client(tokens[role]) as client:
            await client.say("presence", state="idle", ref="p")
            await client.say("ping", ref="q")
            await client.expect("pong", ref="q")
            assert not [one for one in client.frames if one["type"] == "error"]
