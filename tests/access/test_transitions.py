"""Whoever's role changes gets the new role's cells by what they held open before."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts import actions as accounts
from accounts.sessions import end_session
from chat import actions, room_settings
from chat import members as people
from chat.models import Room
from tests.access import matrix
from tests.access.asks import ask_of, outcome
from tests.access.test_socket_cells import CODES
from tests.access.world import World
from tests.chat.asking import ask, asked, cookie_of
from tests.live import Client, Live

WITHIN_S = 5.0
END_S = 1.0  # of a session, from the change to the last that it hears
READS = ("api_room", "api_messages", "api_members", "api_bans")
INTENTS = ("subscribe", "send", "read", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Change:
    """Who becomes what, in a room that is (afterwards) private or public."""

    old: str
    new: str
    before: str
    after: str
    do: Callable[[World], object]


def in_vault(do: Callable[..., object], role: str, *more: Any, **named: Any) -> Any:
    def change(here: World) -> object:
        room, whom = here.rooms["private"], here.users[role]
        return do(here.keeper, room, whom, *more, **named)

    return change


def goes_private(here: World) -> object:
    return room_settings.update_room(here.keeper, here.rooms["public"], is_private=True)


CHANGES = {
    "a member is removed": Change(
        "ME", "EX", "private", "private", in_vault(people.remove_member, "ME")
    ),
    "a member is banned": Change(
        "ME", "BA", "private", "private", in_vault(people.ban, "ME")
    ),
    "a member is muted": Change(
        "ME", "MU", "private", "private", in_vault(people.set_muted, "ME", muted=True)
    ),
    "an admin becomes a member": Change(
        "RA", "ME", "private", "private", in_vault(people.set_role, "RA", "member")
    ),
    "a stranger joins": Change(
        "ST",
        "ME",
        "public",
        "public",
        lambda here: actions.join_room(here.users["ST"], here.rooms["public"]),
    ),
    "a room becomes private": Change("ST", "ST", "public", "private", goes_private),
    "a member is deactivated": Change(
        "ME",
        "AN",
        "private",
        "private",
        lambda here: accounts.deactivate(here.users["ME"]),
    ),
    "a token is revoked": Change(
        "BO",
        "AN",
        "private",
        "private",
        lambda here: here.users["BO"].tokens.all().delete(),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_z9_what_was_open_before_a_change_gets_the_cells_of_the_new_role(
    live: Live, here: World, tokens: dict[str, str], change: Change
) -> None:
    """By the open socket, its cursor and the token; and nothing from above the end."""
    room, token = here.rooms[change.before], tokens[change.old]
    reads_on = matrix.row_of("subscribe", "", change.after).cells[change.new] == "Y"
    async with live.client(token) as theirs, live.client(tokens["keeper"]) as keeper:
        cursor = (await theirs.subscribe(room.public_id))["last_changed_seq"]
        await keeper.subscribe(room.public_id)
        await asyncio.to_thread(change.do, here)
        changed_at = time.monotonic()
        end = await asyncio.to_thread(last_changed_seq, room)
        await keeper.post(room.public_id, "after the change")
        if change.new == "AN":
            assert await theirs.closed(WITHIN_S) == 4001
            # It has no number in the room's log, but a second in which it must end.
            may_hear = time.monotonic() - changed_at < END_S
        else:
            may_hear = reads_on
            if not reads_on:
                await theirs.expect("room_removed", WITHIN_S, room=room.public_id)
            assert await by_socket(theirs, room, cursor) == cells(INTENTS, "", change)
        found = await asyncio.to_thread(by_api, live, here, change, token)
        assert found == cells(READS, "GET", change)
        heard = [one for one in theirs.frames if one.get("changed_seq", 0) > end]
        assert may_hear or heard == []


def last_changed_seq(room: Room) -> int:
    return Room.objects.get(pk=room.pk).last_changed_seq


def cells(names: tuple[str, ...], method: str, change: Change) -> dict[str, str]:
    return {
        name: matrix.row_of(name, method, change.after).cells[change.new]
        for name in names
    }


async def by_socket(theirs: Client, room: Room, cursor: int) -> dict[str, str]:
    fields: dict[str, dict[str, Any]] = {
        "subscribe": {"after": cursor},
        "send": {"client_id": str(uuid.uuid4()), "body": "still here?"},
        "read": {"seq": 1},
    }
    found = {}
    for name in INTENTS:
        ref = uuid.uuid4().hex
        asks = fields.get(name, {})
        await theirs.say(name, room=room.public_id, ref=ref, **asks)
        answer = await theirs.until(lambda one, ref=ref: one.get("ref") == ref)  # type: ignore[misc] # mypy knows no default there
        found[name] = CODES[answer["code"]] if answer["type"] == "error" else "Y"
    return found


def by_api(live: Live, here: World, change: Change, token: str) -> dict[str, str]:
    found = {}
    for name in READS:
        row = matrix.row_of(name, "GET", change.before)
        path = ask_of(row, here, change.old, here.rooms[change.before].public_id).path
        status = ask(live, path, token).status
        found[name] = outcome(status, "", writes=False, changed=False)
    return found


async def test_a_session_that_ended_is_anonymous_to_its_pages_and_its_socket(
    live: Live, here: World
) -> None:
    session = await asyncio.to_thread(cookie_of, here.users["ME"])
    room = here.rooms["private"].public_id
    headers = {"Cookie": f"sessionid={session}", "Origin": live.url}
    async with live.client("", headers=headers) as socket:
        await socket.subscribe(room)
        await asyncio.to_thread(end_session, session)
        assert await socket.closed(WITHIN_S) == 4001
    page = await asked(live, f"/rooms/{room}/", headers={"Cookie": headers["Cookie"]})
    assert page.headers["location"].startswith("/accounts/login/?")


async def test_z26_who_is_removed_while_the_message_waits_has_written_nothing(
    live: Live, here: World, tokens: dict[str, str]
) -> None:
    """The worker stands still between the socket's look and its own, then goes on."""
    room = here.rooms["private"]
    async with live.client(tokens["ME"]) as theirs:
        await theirs.subscribe(room.public_id)
        live.freeze("worker")
        try:
            client_id = str(uuid.uuid4())
            await theirs.say(
                "send", room=room.public_id, client_id=client_id, body="late", ref="s"
            )
            await theirs.say("ping", ref="p")
            await theirs.expect("pong", ref="p")
            await asyncio.to_thread(in_vault(people.remove_member, "ME"), here)
        finally:
            live.thaw("worker")
        error = await theirs.expect("error", 20, ref="s")
    assert error["code"] == "no_room"
    assert not room.messages.filter(author=here.users["ME"], body="late").exists()


@pytest.mark.parametrize("name", ["room:{}", "room:{}:presence", "{}\u200b", "in:0"])
async def test_z10_a_name_from_inside_the_server_opens_nothing(
    live: Live, here: World, tokens: dict[str, str], name: str
) -> None:
    inside = name.format(here.rooms["private"].public_id)
    async with live.client(tokens["ME"]) as member:
        await member.say("subscribe", room=inside, ref="r")
        assert (await member.expect("error", ref="r"))["code"] == "no_room"


async def test_z14_the_frame_of_a_deletion_holds_no_text(
    live: Live, here: World, tokens: dict[str, str]
) -> None:
    room = here.rooms["private"].public_id
    async with live.client(tokens["ME"]) as author, live.client(tokens["MU"]) as reader:
        await author.subscribe(room)
        await reader.subscribe(room)
        posted = await author.post(room, "a secret to be taken back")
        await reader.expect("message", seq=posted["seq"])
        await author.say("delete", room=room, seq=posted["seq"])
        gone = await reader.expect("changed", seq=posted["seq"])
    assert gone["deleted"] is True
    assert (gone["body"], gone["html"]) == ("", "")
    assert "secret" not in str(gone)


async def test_z24_a_thousand_interleaved_requests_of_two_people_never_mix(
    live: Live, here: World, tokens: dict[str, str]
) -> None:
    """Four at a time, with a socket of each: each answer is about the one who asks."""
    async with live.client(tokens["ME"]) as one, live.client(tokens["RA"]) as two:
        found = await asyncio.gather(
            asyncio.to_thread(styles, live, here, "ME", 250),
            asyncio.to_thread(styles, live, here, "RA", 250),
            asyncio.to_thread(styles, live, here, "ME", 250),
            asyncio.to_thread(styles, live, here, "RA", 250),
        )
        hellos = [await client.expect("hello") for client in (one, two)]
    assert [len(statuses) for statuses in found] == [250] * 4
    assert {status for statuses in found for status in statuses} == {"own", "none"}
    names = [here.users[role].public_id for role in ("ME", "RA")]
    assert [hello["user"]["id"] for hello in hellos] == names


def styles(live: Live, here: World, role: str, count: int) -> list[str]:
    """Of one's own style sheet and the other's in turn: "own", "none", or a status."""
    cookie = {"Cookie": f"sessionid={cookie_of(here.users[role])}"}
    ids = (
        here.users[role].public_id,
        here.users["RA" if role == "ME" else "ME"].public_id,
    )
    found = []
    for number in range(count):
        mine = number % 2 == 0
        reply = ask(live, f"/me/{ids[0 if mine else 1]}.css", headers=cookie)
        fits = reply.status == (200 if mine else 404)
        found.append(("own" if mine else "none") if fits else str(reply.status))
    return found
