"""Into a room and out of it: access, replay, then live, without a gap or a repeat.

Subscribe first, read second, go live third. What the replay has and the feed has not
yet is remembered (`Hub.go_live`), so the numbers a socket sees rise by one.
"""

import asyncio
from functools import partial

from chat import followers
from chat.announcing import spoken
from chat.conflation import state_frame
from chat.entrances import Entrance, may_enter
from chat.followers import Known
from chat.people import typing_fragment
from chat.web import WebProcess
from livechat.lib import limits
from livechat.lib.codec import FrameError, encode
from livechat.lib.connections import TRY_AGAIN_LATER, Connection
from livechat.lib.feed import Changes, Feed, Publication
from livechat.lib.frames import text_frame
from livechat.lib.page_frames import page_frames
from livechat.lib.storage import NoAnswer, disk_is_full
from livechat.lib.words import marked


async def subscribe(
    web: WebProcess,
    connection: Connection,
    room: str,
    after: int | None,
    ref: str | None,
) -> Entrance:
    """Let the socket into the room: `subscribed`, what was missed, then live.

    Who is there is shown by `show`, which waits for Redis.

    Raises:
        FrameError: `no_room`, or `limit` when the socket follows too many rooms.
        TimeoutError: it is not live within QUESTION_TIMEOUT_S, and so not at all.
    """
    try:
        async with asyncio.timeout(limits.QUESTION_TIMEOUT_S):
            entrance = await _go_in(web, connection, room, after, ref)
    except Exception as error:  # whatever it was, it is raised again below
        if connection.html and not isinstance(error, FrameError):
            # A page asks only when it connects; it would go on without the room.
            connection.socket.close(TRY_AGAIN_LATER, "broken on the way in")
        raise
    if room in connection.feeds:  # else shut out while the replay was read
        web.badges.entered(connection, room)
        web.tell_voice(connection, room)  # it may have changed while the page was away
        if entrance.known.role is not None:
            web.attendance.enter(room, connection)
    return entrance


async def _go_in(
    web: WebProcess,
    connection: Connection,
    room: str,
    after: int | None,
    ref: str | None,
) -> Entrance:
    if (
        room not in connection.feeds
        and len(connection.feeds) >= limits.SUBSCRIPTIONS_MAX
    ):
        most = limits.SUBSCRIPTIONS_MAX
        raise FrameError(
            "limit", marked("A socket may follow at most {0} rooms.", most)
        )
    user_id = connection.principal.user_id
    # Rubbish must not cost a subscription of Redis, nor the room that one is in.
    is_cheap = web.hub.is_open(room) and room not in connection.feeds
    if not is_cheap and not await web.hub.ask(may_enter, user_id, room):
        raise no_room()
    await leave(web, connection, room)
    connection.joining = room  # who is taken out from now on does not go live
    feed = await web.hub.open(room)
    try:
        entrance = await web.replays.enter(user_id, room, after)
        if entrance is None:
            raise no_room()
        connection.known[room] = entrance.known
        connection.send(encode(_subscribed(entrance, ref)))
        cursor = _replay(web, connection, entrance, after)
        await _catch_up(web, connection, feed, cursor)
    finally:
        connection.joining = None
        if room not in connection.feeds:
            web.hub.close(feed)
    return entrance


def no_room() -> FrameError:
    """Not there, or not yours: the same words."""
    return FrameError("no_room", marked("There is no such room, or it is not yours."))


def not_stored(error: Exception) -> FrameError:
    """What the database did not take; its error says whether waiting helps."""
    if disk_is_full(error):
        return FrameError("storage_full", marked("The server's disk is full."))
    return FrameError(
        "waiting", marked("The server can store nothing now. Send it again.")
    )


def _subscribed(entrance: Entrance, ref: str | None) -> dict[str, object]:
    room = entrance.room
    return {
        "type": "subscribed",
        "ref": ref,
        "room": room.public_id,
        "last_seq": room.last_seq,
        "last_changed_seq": room.last_changed_seq,
        "read_seq": entrance.read_seq,
        "role": entrance.known.role,
    }


def _replay(
    web: WebProcess, connection: Connection, entrance: Entrance, after: int | None
) -> int:
    """Send what was missed, or a reset; return the cursor that this leads to."""
    room = entrance.room
    cursor = room.last_changed_seq
    if entrance.reset is not None:
        why = "more was missed than is replayed"
        if after is not None and after > cursor:
            why = "this server knows less than you"
        frame = {
            "type": "reset",
            "room": room.public_id,
            "last_seq": room.last_seq,
            "last_changed_seq": cursor,
            "reason": why,
        }
        connection.send(encode(frame), entrance.reset + web.hub.cursor(cursor))
    missed = entrance.missed
    if connection.html:  # in the order of `seq`, also what has changed since
        missed = sorted(
            missed, key=lambda one: (one.appends, one.created or one.changed_seq)
        )
    send_publications(web, connection, missed)
    return cursor


def send_publications(
    web: WebProcess, connection: Connection, publications: list[Publication]
) -> None:
    """Write publications to one socket: a frame each, or few frames for a page."""
    if not publications:
        return
    if connection.html:
        framed = page_frames(publications, web.hub.cursor, connection.language)
        connection.socket.write_framed(framed)
        if told := [one.said for one in publications if one.said is not None]:
            connection.send(b"", spoken(told))
    else:
        frames = (text_frame(one.json) for one in publications)
        connection.socket.write_framed(b"".join(frames))


async def _catch_up(
    web: WebProcess, connection: Connection, feed: Feed, cursor: int
) -> None:
    """Send what came while the replay was read, then go live.

    Not beyond an event that shuts the socket out: then the room ends for it here.
    """
    while (recent := feed.since(cursor)) is None:
        changes: Changes = await web.hub.ask(
            web.hub.log.changes, feed.room, cursor, limits.REPLAY_MAX_CHANGES
        )
        if not changes.publications:
            break
        if not _take(web, connection, feed.room, changes.publications):
            return
        cursor = changes.publications[-1].changed_seq
    if connection.joining != feed.room:  # deleted while the replay was read
        raise no_room()
    if recent:
        if not _take(web, connection, feed.room, recent):
            return
        cursor = recent[-1].changed_seq
    web.hub.go_live(connection, feed, cursor)


def _take(
    web: WebProcess, connection: Connection, room: str, publications: list[Publication]
) -> bool:
    """Send publications, up to the one that shuts the socket out; False if one does."""
    for at, one in enumerate(publications, 1):
        if one.event is not None and not web.learn(connection, room, one.event):
            send_publications(web, connection, publications[:at])
            web.end([connection], room, one.event.kind, hidden=one.event.hidden)
            return False
    send_publications(web, connection, publications)
    return True


async def show(web: WebProcess, connection: Connection, entrance: Entrance) -> None:
    """Show who is there, and show the newcomer to the others if they belong."""
    room = entrance.room.public_id
    if room not in connection.feeds:
        return
    roster = await web.attendance.viewing.view(room, connection)
    if room not in connection.feeds:  # taken out meanwhile
        web.attendance.viewing.unview(room, connection)
        return
    if entrance.known.role is not None:
        await web.show(connection, room)
    if room not in connection.feeds:
        return
    if connection.html:
        try:
            html = await web.panes.html(room, roster)
        except NoAnswer:
            web.panes.refresh(room, roster)  # it is in the room, and sees it later
            return
        if room in connection.feeds:
            connection.send(b"", html + typing_fragment(roster.typists()))
    else:
        connection.socket.write_framed(roster.show(partial(state_frame, room)))


async def leave(web: WebProcess, connection: Connection, room: str) -> bool:
    """Take the socket out of the room at once; False when it was not in it."""
    if not web.hub.leave(connection, room):
        return False
    web.attendance.viewing.unview(room, connection)
    await web.attendance.leave(room, connection)
    return True


async def room_key(web: WebProcess, connection: Connection, room: str) -> int:
    """The primary key of a room that the user could see when this socket asked first.

    That is proof enough here: the worker checks the membership under its lock.

    Raises:
        FrameError: `no_room`.
    """
    known: Known | None = connection.known.get(room)
    if known is None:
        who = connection.principal.user_id
        known = await web.hub.ask(followers.known, who, room)
        if known is None:
            raise no_room()
        if len(connection.known) < limits.SUBSCRIPTIONS_MAX:
            connection.known[room] = known
    return known.pk
