"""A tiny ASGI application that runs under our gateway and under stock Daphne alike.

Only the standard library: it must not matter which framework stands behind a server.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from livechat.gateway.origin import origin_allowed

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TEN_MEGABYTES = 10_000_000
calls: list[str] = []  # paths of the HTTP requests that got as far as here
sockets: dict[str, Message] = {}  # by name: what a test asks about a socket
ticket_header = b"x-test-ticket"

logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def body_limit(headers: Any) -> int:
    """The gateway's seam for larger bodies: here any ticket is a good one."""
    return TEN_MEGABYTES if dict(headers).get(ticket_header) else 64 * 1024


async def on_shutdown() -> None:
    """Leaves a mark, so that a test sees that it was awaited."""
    mark = os.environ.get("TEST_SHUTDOWN_MARK")
    if mark:
        await asyncio.to_thread(Path(mark).write_text, f"{len(sockets)} sockets")


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await http(scope, receive, send)
    else:
        await websocket(scope, receive, send)


def query_of(scope: Message) -> dict[str, str]:
    return {k: v[-1] for k, v in parse_qs(scope["query_string"].decode()).items()}


# HTTP ------------------------------------------------------------------------------


async def http(scope: Message, receive: Receive, send: Send) -> None:
    path, query = scope["path"], query_of(scope)
    if path != "/state":
        calls.append(path)
    body = await read_body(receive)
    if path == "/boom":
        raise RuntimeError("the secret of the application")
    if path == "/late-boom":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the secret of the application")
    if path == "/stream":
        await stream(send, int(query["chunks"]), int(query["size"]))
        return
    if path == "/slow":
        await asyncio.sleep(float(query["seconds"]))
    if path == "/command":
        await command(query)
    await answer(send, {"path": path, "body_bytes": len(body), **described(scope)})


async def read_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def described(scope: Message) -> Message:
    return {
        "method": scope["method"],
        "root_path": scope["root_path"],
        "scheme": scope["scheme"],
        "client": scope["client"],
        "headers": [
            [k.decode("latin-1"), v.decode("latin-1")] for k, v in scope["headers"]
        ],
        "calls": list(calls),
        "loop": type(asyncio.get_running_loop()).__module__,
        "django": "django" in sys.modules,
        "sockets": {
            name: {k: v for k, v in state.items() if not k.startswith("_")}
            for name, state in sockets.items()
        },
    }


async def answer(send: Send, content: Message) -> None:
    headers = [(b"content-type", b"application/json")]
    body = json.dumps(content).encode()
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def stream(send: Send, chunks: int, size: int) -> None:
    state = sockets.setdefault("stream", {"sent": 0})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(chunks):
        more = {"body": b"x" * size, "more_body": True}
        await send({"type": "http.response.body", **more})
        state["sent"] += size
    await send({"type": "http.response.body", "body": b""})


async def command(query: dict[str, str]) -> None:
    """What a hub or a revocation would do to the socket called `name`."""
    state = sockets[query["name"]]
    raw: Any = state["_raw"]
    if query["do"] == "close" and raw is not None:
        raw.close(int(query["code"]), "told to")
    elif query["do"] == "open":
        state["_events"].put_nowait({})
    elif query["do"] == "close":
        # All that stock has: the consumer's own queue of events.
        state["_events"].put_nowait({"type": "websocket.close", "code": 4003})
    elif query["do"] == "write":
        framed = text_frame(b"r" * int(query["size"]))
        for _ in range(int(query["count"])):
            raw.write_framed(framed)
        state["unsent"] = raw.unsent_bytes
    elif query["do"] == "crowd":
        crowd(query)
    state["is_open"] = raw.is_open if raw is not None else None


def crowd(query: dict[str, str]) -> None:
    """What a hub does to a room: the same numbered frames to each, one write each."""
    numbers = range(int(query["first"]), int(query["first"]) + int(query["count"]))
    size = int(query["size"])
    framed = b"".join(text_frame(b"%d" % n + b"." * size) for n in numbers)
    for name in query["with"].split(","):
        sockets[name]["_raw"].write_framed(framed)
        sockets[name]["unsent"] = sockets[name]["_raw"].unsent_bytes


def text_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


# WebSocket -------------------------------------------------------------------------


async def websocket(scope: Message, receive: Receive, send: Send) -> None:
    query = query_of(scope)
    raw = scope.get("livechat.socket")
    state: Message = {
        "received": 0,
        "sent": 0,
        "code": None,
        "root_path": scope["root_path"],
        "client": scope["client"],
        "address": getattr(raw, "address", None),
        "_raw": raw,
        "_events": asyncio.Queue(),
    }
    sockets[query.get("name", "unnamed")] = state
    await receive()
    await BEHAVIOURS[scope["path"]](scope, state, receive, send)


async def echo(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    subprotocols = scope["subprotocols"]
    chosen = subprotocols[0] if subprotocols else None
    headers = [(b"x-one", b"1"), (b"x-one", b"2")]
    accept = {"subprotocol": chosen, "headers": headers}
    await send({"type": "websocket.accept", **accept})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            state["code"] = message["code"]
            return
        state["received"] += 1
        if message.get("text") == "boom":
            raise RuntimeError("the secret of the application")
        if message.get("text") == "return":
            return
        kind = "bytes" if message.get("bytes") is not None else "text"
        shown = f"{kind}:{len(message[kind])}"
        await send({"type": "websocket.send", "text": shown})


async def late(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    """Says yes when it is told to."""
    await state["_events"].get()
    await echo(scope, state, receive, send)


async def deaf(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    """Accepts and does not take a message until its client has left."""
    await send({"type": "websocket.accept"})
    await state["_events"].get()
    while (await receive())["type"] != "websocket.disconnect":
        state["received"] += 1


async def talker(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    """Sends without looking whether anybody reads."""
    query = query_of(scope)
    await send({"type": "websocket.accept"})
    for _ in range(int(query["count"])):
        await send({"type": "websocket.send", "text": "t" * int(query["size"])})
        state["sent"] += int(query["size"])
    await end(state, receive)


async def blocked(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    """One loop for messages and events, as a Channels consumer has, with slow work."""
    await send({"type": "websocket.accept"})
    await receive()
    await asyncio.sleep(float(query_of(scope)["seconds"]))
    await send(await state["_events"].get())
    await end(state, receive)


async def end(state: Message, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            state["code"] = message["code"]
            return


async def never(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    await end(state, receive)


async def reject(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close"})


async def boom(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    raise RuntimeError("the secret of the application")


async def guarded(scope: Message, state: Message, receive: Receive, send: Send) -> None:
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    host = dict(scope["headers"])[b"host"].decode()
    if origin_allowed(origins, frozenset({f"http://{host}"})):
        await echo(scope, state, receive, send)
    else:
        await reject(scope, state, receive, send)


BEHAVIOURS = {
    "/ws/echo": echo,
    "/ws/late": late,
    "/ws/deaf": deaf,
    "/ws/talker": talker,
    "/ws/blocked": blocked,
    "/ws/never": never,
    "/ws/reject": reject,
    "/ws/boom": boom,
    "/ws/guarded": guarded,
}
