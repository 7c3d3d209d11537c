"""The application's tasks: one for each request and each socket, none forgotten.

An exception never reaches a client: it is logged with an id, and the client is told the
id. An application whose client has left gets a little time to put its things in order.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

logger = logging.getLogger(__name__)

CANCEL_S = 0.5  # for cancelled applications to end
Message = dict[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class Conversation(Protocol):
    """What an application speaks with: a request or a socket."""

    @property
    def is_answered(self) -> bool:
        """True when nothing more can be said to the client."""

    def application_failed(self, error_id: str) -> None:
        """Tells the client that something went wrong, and the id of it."""

    def handle_reply(self, message: Message) -> None:
        """Says one ASGI message to the client."""

    async def drained(self) -> None:
        """Returns when the client has taken most of what was said before."""


class Applications:
    """The running tasks by conversation."""

    def __init__(self, application: Application, close_deadline_s: float) -> None:
        self._application = application
        self._close_deadline_s = close_deadline_s
        self._running: dict[Conversation, asyncio.Task[None]] = {}
        self._leaving: dict[Conversation, float] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self,
        conversation: Conversation,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
    ) -> None:
        """Runs the application in a task of its own; must be called on the loop."""
        scope["asgi"] = {"version": "3.0"}
        send = partial(self._send, conversation)
        task = asyncio.get_running_loop().create_task(self._run(scope, receive, send))
        self._running[conversation] = task
        task.add_done_callback(partial(self._done, conversation, scope["type"]))

    def leave(self, conversation: Conversation) -> None:
        """The client has left: the application has a deadline now."""
        if conversation in self._running:
            deadline = time.monotonic() + self._close_deadline_s
            self._leaving.setdefault(conversation, deadline)

    def cancel(self, conversation: Conversation) -> None:
        """Ends one task; nothing if it has ended."""
        if conversation in self._running:
            self._running[conversation].cancel()

    def sweep(self, now: float) -> None:
        """Cancels those that did not end in time after their client left."""
        late = [each for each, deadline in self._leaving.items() if deadline <= now]
        for conversation in late:
            del self._leaving[conversation]
            logger.warning("An application did not end after its client; cancelled.")
            self.cancel(conversation)

    async def cancel_all(self) -> None:
        """Cancels every task and waits a moment for their ends."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_S)

    async def _run(self, *arguments: Any) -> None:
        await self._application(*arguments)

    async def _send(self, conversation: Conversation, message: Message) -> None:
        await conversation.drained()
        if not conversation.is_answered:
            conversation.handle_reply(message)

    def _done(
        self, conversation: Conversation, kind: str, task: asyncio.Task[None]
    ) -> None:
        del self._running[conversation]
        self._leaving.pop(conversation, None)
        failure = None if task.cancelled() else task.exception()
        if failure is None and conversation.is_answered:
            return
        error_id = secrets.token_hex(4)
        logger.error(
            "Error %s: the application of a %s %s.",
            error_id,
            kind,
            "raised" if failure else "returned without a whole answer",
            exc_info=failure,
        )
        conversation.application_failed(error_id)
