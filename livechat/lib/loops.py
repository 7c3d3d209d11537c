"""Loops that last as long as their process: what breaks a turn ends no loop."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.db import connection

from livechat.lib.storage import DatabaseAway

logger = logging.getLogger(__name__)

AWAY_S = 1.0  # between two tries while the database is away


@asynccontextmanager
async def turn_of(what: str) -> AsyncIterator[None]:
    """One turn of an outermost loop, which looks after `what`, such as "links".

    An error is logged and followed by AWAY_S, so that the next turn heals.
    """
    try:
        yield
    except DatabaseAway as error:
        logger.warning("the database is away, %s wait: %s", what, error)
        connection.close()  # it may be what is broken; the next turn opens one
        await asyncio.sleep(AWAY_S)
    except Exception:  # the outermost loop: the next turn
        logger.exception("%s could not be looked after", what)
        await asyncio.sleep(AWAY_S)
