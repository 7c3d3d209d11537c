"""Looks behind the links that messages wait for, and tells the room worker.

The rule it guards: it is no web process, so that no page waits for a stranger's server;
a host is asked for one page at a time; and what is found reaches a message only through
the room worker, which asks the message whether it still wants it.
"""

import asyncio
import logging
import time

from django.conf import settings

from chat import link_tables
from chat.inbox import Refused, hand_in
from chat.link_intents import CardIntent
from chat.link_tables import Link, LinkWait
from livechat.lib import limits
from livechat.lib.fetching import fetch
from livechat.lib.loops import turn_of
from livechat.lib.outbound import NoAnswer, NotAllowed
from livechat.lib.page_head import Head, read_head

logger = logging.getLogger(__name__)

KINDS = ("text/html", "application/xhtml+xml")
SWEEP_EVERY_S = 600.0


class Fetcher:
    """One process's loop."""

    def __init__(self) -> None:
        self.stopping = False
        self._running: dict[asyncio.Task[Head | None], Link] = {}
        self._swept_at = 0.0

    async def run(self) -> None:
        """Fetch until told to stop; what is under way is left to who starts next."""
        while not self.stopping:
            async with turn_of("links"):
                await self.turn()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def turn(self) -> None:
        """Start what is due, settle what has ended, and tell of it."""
        self._start()
        await self._wait()
        for wait, link in link_tables.due_waits(limits.LINK_TOLD_AT_ONCE):
            if not _tell(wait, link):
                break

    async def _wait(self) -> None:
        if not self._running:
            await asyncio.sleep(limits.LINK_POLL_S)
            return
        done, _ = await asyncio.wait(
            self._running,
            timeout=limits.LINK_POLL_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in done:
            link_tables.settle(self._running.pop(task), task.result())

    def _start(self) -> None:
        if time.monotonic() - self._swept_at > SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            link_tables.sweep()
        busy = {link.host for link in self._running.values()}
        free = limits.LINKS_AT_ONCE - len(self._running)
        for link in link_tables.claim(free, busy) if free > 0 else ():
            if link.host in busy:
                link_tables.put_back(link)
                continue
            busy.add(link.host)
            self._running[asyncio.create_task(_looked_behind(link))] = link


def _tell(wait: LinkWait, link: Link) -> bool:
    """Tell the room worker of a link that is settled; False while it cannot be told."""
    if link.state == Link.State.NOTHING:
        wait.delete()
        return True
    card = link.url, link.title, link.description, link.site
    try:
        intent = CardIntent(wait.room_id, wait.seq, *card)
        hand_in(wait.room_id % limits.SHARDS, intent)
    except Refused as why:
        logger.info("a card waits: %s", why)
        return False
    link_tables.was_told(wait)
    return True


async def _looked_behind(link: Link) -> Head | None:
    """What the page says of itself; None for none. Never raises but when cancelled."""
    try:
        page = await fetch(
            link.url,
            KINDS,
            trusted=settings.LINK_ORIGINS,
            timeout_s=limits.LINK_TIMEOUT_S,
            max_bytes=limits.LINK_BODY_MAX_BYTES,
        )
        return await read_head(page.body, page.charset)
    except (NoAnswer, NotAllowed) as reason:
        logger.info("a link to %s: %s", link.host, reason)
    except Exception:  # a page that nobody thought of: no card, and the next link
        logger.exception("a link to %s", link.host)
    return None
