"""What is due by the clock, beside the pushes: reminders, mails, old notices.

It runs in the process of the pushes (`manage.py pusher`). Two at once share it.
"""

import asyncio
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from chat import digests, reminders
from chat.notice_tables import Notice
from livechat.lib import limits
from livechat.lib.loops import turn_of

logger = logging.getLogger(__name__)

PEOPLE_AT_ONCE = 100  # whose oldest notices go with one sweep


class Chores:
    """One process's loop."""

    def __init__(self) -> None:
        self.stopping = False
        self._swept_at = -limits.NOTICE_SWEEP_EVERY_S
        self._mailed_at = -limits.DIGEST_LOOK_EVERY_S
        self._mailing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Do them until told to stop; whatever breaks, the next look comes."""
        while not self.stopping:
            async with turn_of("reminders"):
                await asyncio.sleep(0.0 if self.turn() else limits.REMINDER_POLL_S)

    def turn(self) -> bool:
        """Do what is due; whether there was any."""
        if time.monotonic() - self._swept_at > limits.NOTICE_SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            sweep_notices()
        if settings.EMAIL_URL and self._may_mail():
            self._mailed_at = time.monotonic()
            self._mailing = asyncio.create_task(_mail())
        return reminders.ring() > 0

    def _may_mail(self) -> bool:
        is_busy = self._mailing is not None and not self._mailing.done()
        past_s = time.monotonic() - self._mailed_at
        return not is_busy and past_s > limits.DIGEST_LOOK_EVERY_S


async def _mail() -> None:
    """Send what is due; a mail server that does not answer keeps nobody waiting."""
    try:
        if written := digests.written(timezone.now()):
            digests.give_back(await asyncio.to_thread(digests.send, written))
    except Exception:  # the outermost frame of a task: the next look
        logger.exception("digests could not be sent")


def sweep_notices() -> None:
    """Forget notices that are old, and of who has very many the oldest."""
    oldest = timezone.now() - timedelta(days=limits.NOTICE_MAX_DAYS)
    Notice.objects.filter(at__lt=oldest).delete()
    for user in Notice.objects.overfull()[:PEOPLE_AT_ONCE]:
        theirs = Notice.objects.filter(user=user).order_by("-at", "-pk")
        kept = list(theirs.values_list("pk", flat=True)[: limits.NOTICES_MAX])
        Notice.objects.filter(user=user).exclude(pk__in=kept).delete()
