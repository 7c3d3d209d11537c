"""Links to hostile sites: what they say harms no page, and what they do nobody."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import fanout, link_tables, links
from chat.link_fetcher import Fetcher
from chat.link_tables import Link, LinkWait
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.markdown import render
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import scripts_in
from tests.chat.pages import room_of
from tests.web_site import moved, page, web_site

Say = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
LIMIT_S = 20

pytestmark = pytest.mark.django_db(transaction=True)


async def looked_behind(say: Say, settings: Settings, path: str = "/") -> Link:
    """What the fetcher has of a site that says this; nothing waits afterwards."""
    room = await Room.objects.acreate(name="Lounge")
    async with web_site(say) as site:
        settings.LINK_ORIGINS = frozenset({site.url})
        link_tables.ask_for(room.pk, [(1, site.url + path)])
        fetcher = Fetcher()
        async with asyncio.timeout(LIMIT_S):
            while await Link.objects.filter(state="waiting").aexists():
                fetcher._start()
                await fetcher._wait()
    return await Link.objects.aget()


async def drip(path: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(path: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b"<p>" * 20_000)
        await writer.drain()


async def silent(path: str, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1.0)


async def round_and_round(path: str, writer: asyncio.StreamWriter) -> None:
    writer.write(moved(path + "a"))


async def inwards(path: str, writer: asyncio.StreamWriter) -> None:
    writer.write(moved("http://[::ffff:127.0.0.1]:6379/"))


@pytest.mark.parametrize("say", [drip, endless, silent, round_and_round, inwards])
async def test_a_hostile_server_costs_its_time_and_gets_no_card(
    say: Say, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINK_TIMEOUT_S", 0.5)
    started = time.monotonic()
    link = await looked_behind(say, settings)
    assert link.state == "nothing"
    assert time.monotonic() - started < 5


async def test_hostile_words_of_a_page_are_words(
    settings: Settings, alice: User
) -> None:
    """As title, description and name of the site, in a message's fragment."""
    room = room_of(alice)
    hostile = ["</title><script>alert(1)</script>", *TEXTS.values()]
    for first in range(0, len(hostile), 3):
        texts = [_attribute(one) for one in hostile[first : first + 3]]
        names = ("title", "description", "site_name")
        meta = "".join(
            f"<meta property='og:{name}' content='{text}'>"
            for name, text in zip(names, texts, strict=False)
        )

        async def say(
            path: str, writer: asyncio.StreamWriter, meta: str = meta
        ) -> None:
            writer.write(page("plain", head=meta))

        link = await looked_behind(say, settings)
        assert link.state == "found", texts
        card = links.Card(link.url, link.title, link.description, link.site)
        row = Message(
            room=room,
            seq=1,
            changed_seq=1,
            author=alice,
            client_id=uuid4(),
            html=render(link.url),
            links=links.stored({link.url: card}),
            created_at=timezone.now(),
        )
        shown = fanout.message_html(row)
        assert scripts_in(shown) == [], texts
        assert "\u202e" not in shown, texts
        assert "· 127.0.0.1" in shown or ">127.0.0.1" in shown
        await Link.objects.all().adelete()
        await LinkWait.objects.all().adelete()


def _attribute(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("'", "&apos;")


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/", "http://[::1]/", "http://169.254.169.254/latest/",
        "http://localhost:6379/", "http://0x7f.1/", "http://2130706433/",
        "http://[::ffff:10.0.0.1]/", "https://user:password@10.0.0.1/",
    ],
)  # fmt: skip
async def test_a_link_inwards_is_nothing(link: str) -> None:
    room = await Room.objects.acreate(name="Lounge")
    link_tables.ask_for(room.pk, [(1, link)])
    fetcher = Fetcher()
    async with asyncio.timeout(LIMIT_S):
        while await Link.objects.filter(state="waiting").aexists():
            fetcher._start()
            await fetcher._wait()
    assert (await Link.objects.aget()).state == "nothing"


def test_a_text_full_of_links_waits_for_the_first(settings: Settings) -> None:
    text = " ".join(f"https://h{number}.example/" for number in range(300))
    row = Message(body=text, html=render(text))
    started = time.monotonic()
    wanted = links.wanted(row, User(display_name="Bob"))
    assert len(wanted) == limits.LINKS_PER_MESSAGE
    assert time.monotonic() - started < 0.5
