"""Which consumer answers which WebSocket path; there is one path."""

from typing import Any

from chat.consumers import RoomConsumer
from chat.web import stop_web_process

_rooms = RoomConsumer.as_asgi()


async def websocket_application(scope: Any, receive: Any, send: Any) -> None:
    """`/ws/` is the rooms' socket; every other path is refused with 403."""
    if scope["path"] == "/ws/":
        await _rooms(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close"})


async def on_shutdown() -> None:
    """Called by the gateway before it closes the sockets."""
    await stop_web_process()
