"""A slash command that comes over a socket: run in a thread, answered to it alone."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from django.utils import translation

from accounts.models import User
from accounts.sessions import Principal
from chat import commands, fanout
from chat.acks import answer_to
from chat.inbox import Answer, Refused, waiting
from chat.intents import Send
from chat.web import WebProcess
from livechat.lib import limits
from livechat.lib.codec import FrameError, encode
from livechat.lib.connections import Connection
from livechat.lib.storage import NoAnswer
from livechat.lib.words import DEFAULT, mark_of, marked

logger = logging.getLogger(__name__)


def reworded(send: Send, name: str) -> Send | None:
    """The message to post at once; None for a command that has to look at something."""
    body = commands.reworded(send.body, name) if send.commands else send.body
    return None if body is None else replace(send, body=body)


async def obey(
    web: WebProcess,
    connection: Connection,
    send: Send,
    write: Callable[[Send], Awaitable[None]],
) -> None:
    """Run a command; `write` posts what it makes of its text, if it makes one.

    Never raises: the socket is told what became of it, and meanwhile its other frames
    go on, as a lock may hold the database for seconds.
    """
    try:
        async with asyncio.timeout(limits.ANSWER_TIMEOUT_S):
            outcome = await web.hub.change(
                _run, connection.principal, send, _language_of(connection)
            )
        if outcome.post:
            await write(replace(send, body=outcome.post))
        else:
            _tell(connection, send, outcome)
    except NoAnswer:
        _refuse(connection, send, waiting())
    except Refused as refusal:
        _refuse(connection, send, refusal)
    except FrameError as error:
        _refuse(connection, send, Refused(error.code, error.message))
    except Exception:  # the outermost frame of a task
        error_id = secrets.token_hex(4)
        logger.exception("error %s in a command", error_id)
        sentence = marked("Something broke here (error {0}).", error_id)
        _refuse(connection, send, Refused("internal", sentence))


def _run(who: Principal, send: Send, language: str) -> commands.Outcome:
    user = User.objects.filter(pk=who.user_id, epoch=who.epoch).first()
    if user is None:
        raise Refused("forbidden", marked("Your session has ended. Log in again."))
    with translation.override(language):
        return commands.obey(user, send.room, send.body, send.client_id)


def _language_of(connection: Connection) -> str:
    """That of its page; a program reads English."""
    return connection.language if connection.html else DEFAULT


def _refuse(connection: Connection, send: Send, why: Refused) -> None:
    answer = Answer(
        address=connection.id,
        ref=send.ref,
        room=send.room,
        client_id=str(send.client_id),
        code=why.code,
        message=mark_of(why.message),
        retry_after_ms=why.retry_after_ms,
        body=send.body,
    )
    answer_to(connection, answer)
    if why.code != "waiting":  # which is no error of theirs
        connection.count_error()


def _tell(connection: Connection, send: Send, outcome: commands.Outcome) -> None:
    """A notice that nobody else sees, in the place of the pending bubble."""
    client_id = str(send.client_id)
    frame = {"type": "notice", "ref": send.ref, "room": send.room}
    shown = "" if outcome.in_log else outcome.notice
    html = fanout.notice(client_id, shown) if connection.html else b""
    told = {**frame, "client_id": client_id, "text": outcome.notice}
    connection.send(encode(told), html)
