"""The JSON API as a program asks it: in bounded time, again while the site is away."""

import asyncio
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.chaos.bots import Bot

TIMEOUT_S = 10.0
TRIES = 60
PAGE = 200


def get(url: str, token: str, timeout_s: float = TIMEOUT_S) -> tuple[int, Any]:
    """The status and the JSON of a GET; 0 when there was no answer. For threads."""
    request = urllib.request.Request(  # noqa: S310, RUF100 - our own loopback address
        url, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310, RUF100
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
    except (OSError, ValueError):
        return 0, None


async def page(bot: "Bot", room: str, before: int | None) -> dict[str, Any] | None:
    """One page of a room's history; None when the room is not theirs."""
    for _ in range(TRIES):
        web = bot.rng.choice(sorted(bot.stage.gates))
        url = f"{bot.stage.url(web)}/api/rooms/{room}/messages?limit={PAGE}"
        if before is not None:
            url += f"&before={before}"
        status, found = await asyncio.to_thread(get, url, bot.person.token)
        if status == 200 and isinstance(found, dict):
            return found
        if status == 404:
            return None
        await asyncio.sleep(0.5)
    return None


async def history(bot: "Bot", room: str) -> list[dict[str, Any]] | None:
    """All messages of a room, oldest first; None when the room is not theirs."""
    messages: list[dict[str, Any]] = []
    before: int | None = None
    while (found := await page(bot, room, before)) is not None:
        messages = [*found["messages"], *messages]
        if not found["messages"] or found["messages"][0]["seq"] <= 1:
            return messages
        before = found["messages"][0]["seq"]
    return None
