"""`manage.py pusher`: the process that calls others' servers, so that no page waits.

It tells people's devices of what is new, and looks behind the links of messages. Each
has a thread of its own: a name server that does not answer holds up its own kind only.
"""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from chat.chores import Chores
from chat.link_fetcher import Fetcher
from chat.onlookers import verdicts
from livechat.push.sender import Sender

logger = logging.getLogger(__name__)

LAST_WORDS_S = 2.0  # for what the fetcher has begun


class Command(BaseCommand):
    """Send and fetch what is due until SIGTERM."""

    help = "Send notifications to push services, and look behind links."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the process is told to stop; requests under way are finished."""
        logger.info("push sender and link fetcher, process %s", os.getpid())
        # Their questions are short, and nobody but their own kind waits for a loop.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        fetcher = Fetcher()
        # Not uvloop: it starts child processes in the main thread only.
        thread = threading.Thread(
            target=lambda: asyncio.run(fetcher.run()), name="links", daemon=True
        )
        thread.start()
        uvloop.run(_run(Sender(verdicts), Chores(), fetcher))
        thread.join(LAST_WORDS_S)


async def _run(sender: Sender, chores: Chores, fetcher: Fetcher) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        sender.stopping = chores.stopping = fetcher.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(sender.run(), chores.run())
