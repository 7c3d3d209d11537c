"""A slash command that comes over a socket: run in a thread, answered to it alone."""

import asyncio
from dataclasses import replace

from accounts.models import User
from accounts.sessions import Principal
from chat import commands, fanout
from chat.inbox import Answer, Refused, waiting
from chat.intents import Send
from chat.web import WebProcess, answer_to
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.storage import NoAnswer


async def obeyed(web: WebProcess, connection: Connection, send: Send) -> Send | None:
    """The message to post: the same, or what its command makes of it.

    None when there is none: then the socket has been told what became of the command.
    """
    if not send.commands or not send.body.startswith(commands.SLASH):
        return send
    try:
        async with asyncio.timeout(limits.ANSWER_TIMEOUT_S):
            outcome = await web.hub.change(_run, connection.principal, send)
    except NoAnswer:
        _refuse(connection, send, waiting())
        return None
    except Refused as refusal:
        _refuse(connection, send, refusal)
        return None
    if outcome.post:
        return replace(send, body=outcome.post)
    _tell(connection, send, outcome.notice)
    return None


def _run(who: Principal, send: Send) -> commands.Outcome:
    user = User.objects.filter(pk=who.user_id, epoch=who.epoch).first()
    if user is None:
        raise Refused("forbidden", "Your session has ended. Log in again.")
    return commands.obey(user, send.room, send.body, send.client_id)


def _refuse(connection: Connection, send: Send, why: Refused) -> None:
    answer = Answer(
        address=connection.id,
        ref=send.ref,
        room=send.room,
        client_id=str(send.client_id),
        code=why.code,
        message=why.message,
        retry_after_ms=why.retry_after_ms,
        body=send.body,
    )
    answer_to(connection, answer)


def _tell(connection: Connection, send: Send, text: str) -> None:
    """A notice that nobody else sees, in the place of the pending bubble."""
    client_id = str(send.client_id)
    frame = {"type": "notice", "ref": send.ref, "room": send.room}
    html = fanout.notice(client_id, text) if connection.html else b""
    connection.send(encode({**frame, "client_id": client_id, "text": text}), html)
