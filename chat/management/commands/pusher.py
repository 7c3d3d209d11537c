"""`manage.py pusher`: the process that tells people's devices of what is new."""

import asyncio
import logging
import os
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from chat.chores import Chores
from chat.onlookers import verdicts
from livechat.push.sender import Sender

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Send what is due until SIGTERM."""

    help = "Send notifications to the push services of people's browsers."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the process is told to stop; requests under way are finished."""
        logger.info("push sender, process %s", os.getpid())
        # Its questions are short, and nobody but other pushes waits for its loop.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        uvloop.run(_run(Sender(verdicts), Chores()))


async def _run(sender: Sender, chores: Chores) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        sender.stopping = chores.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(sender.run(), chores.run())
