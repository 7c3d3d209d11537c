"""Previews of links: fetched once, shown to all, and gone with the link or the text."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from chat import link_tables, links
from chat.changes import Change
from chat.link_fetcher import Fetcher
from chat.link_tables import Link, LinkWait
from chat.models import Message, Room
from livechat.lib import limits
from livechat.lib.markdown import render
from livechat.lib.page_head import Head
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Member
from tests.chat.pages import client_of, fill, room_of
from tests.chat.shapes import check_frame
from tests.chat.test_message_changes import change
from tests.chat.test_views_messages import post
from tests.live import Client, Live
from tests.web_site import Site, page, web_site

WITHIN_S = 15


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    """Pages on loopback that the fetcher may look at; /none and below have no title."""

    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        title = "" if path.startswith("/none") else f"Title of {path}"
        about = '<meta property="og:description" content="What it is about">'
        writer.write(page(title, head=about))

    async with web_site(say) as found:
        settings.LINK_ORIGINS = frozenset({found.url})
        yield found


@pytest.fixture
async def fetcher(site: Site) -> AsyncIterator[Fetcher]:
    """Looks behind links, as the pusher does, until the test ends."""
    made = Fetcher()
    running = asyncio.create_task(made.run())
    yield made
    made.stopping = True
    await running


async def changed_of(client: Client, seq: int) -> dict[str, Any]:
    """The next change of the message; its shape is held."""
    frame = await client.expect("changed", WITHIN_S, seq=seq)
    check_frame(frame)
    return frame


async def until_nobody_waits() -> None:
    async with asyncio.timeout(WITHIN_S):
        while await LinkWait.objects.aexists():  # noqa: ASYNC110 - a row is no event
            await asyncio.sleep(0.05)


def card(url: str, path: str) -> dict[str, str]:
    return {
        "url": url + path,
        "title": f"Title of {path}",
        "description": "What it is about",
        "site": "",
    }


async def test_a_card_comes_to_everybody_and_into_every_replay(
    live: Live, room: Room, member: Member, site: Site, fetcher: Fetcher
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob, live.client(token) as reader:
        start = await reader.subscribe(room.public_id)
        text = f"see {site.url}/a and again {site.url}/a#part"
        seq = (await bob.post(room.public_id, text))["seq"]
        first = await reader.expect("message", seq=seq)
        frame = await changed_of(reader, seq)
        await reader.say(
            "subscribe", room=room.public_id, after=start["last_changed_seq"]
        )
        again = await reader.expect("message", seq=seq)
    assert first["links"] == []
    assert frame["links"] == again["links"] == [card(site.url, "/a")]
    assert frame["edited_at"] is None
    assert site.asked == ["/a"]
    await until_nobody_waits()
    cookie = {"Cookie": f"sessionid={cookie_of(user)}"}
    shown = (await asked(live, f"/rooms/{room.public_id}/", headers=cookie)).text
    assert f'<a class="link-card" href="{site.url}/a"' in shown
    assert "Title of /a" in shown


async def test_one_fetch_serves_all_rooms_until_it_has_expired(
    live: Live, room: Room, private: Room, member: Member, site: Site, fetcher: Fetcher
) -> None:
    _, token = member(room, "Bob")
    _, anns = member(private, "Ann")
    async with live.client(token) as bob, live.client(anns) as ann:
        await bob.subscribe(room.public_id)
        await ann.subscribe(private.public_id)
        one = (await bob.post(room.public_id, f"{site.url}/a"))["seq"]
        await changed_of(bob, one)
        two = (await ann.post(private.public_id, f"{site.url}/a"))["seq"]
        await changed_of(ann, two)
        assert site.asked == ["/a"]
        past = timezone.now() - timedelta(seconds=1)
        await Link.objects.aupdate(expires_at=past)
        three = (await bob.post(room.public_id, f"{site.url}/a"))["seq"]
        await changed_of(bob, three)
    assert site.asked == ["/a", "/a"]


async def test_a_link_behind_which_is_nothing_is_left_alone(
    live: Live, room: Room, member: Member, site: Site, fetcher: Fetcher
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        for _ in range(2):
            await bob.post(room.public_id, f"{site.url}/none")
            await until_nobody_waits()
    assert site.asked == ["/none"]
    assert not await Message.objects.filter(room=room).exclude(links="").aexists()


async def test_a_card_goes_with_its_link_and_with_its_text(
    live: Live, room: Room, member: Member, site: Site, fetcher: Fetcher
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        await bob.subscribe(room.public_id)
        seq = (await bob.post(room.public_id, f"{site.url}/a {site.url}/b"))["seq"]
        while len((await changed_of(bob, seq))["links"]) < 2:
            pass
        await change(bob, "edit", room, seq, body=f"only {site.url}/b")
        edited = await changed_of(bob, seq)
        await change(bob, "delete", room, seq)
        deleted = await changed_of(bob, seq)
    assert edited["links"] == [card(site.url, "/b")]
    assert deleted["links"] == []
    assert (await Message.objects.aget(room=room, seq=seq)).links == ""
    assert sorted(site.asked) == ["/a", "/b"]


async def test_what_is_found_too_late_changes_nothing(
    live: Live, room: Room, member: Member, site: Site
) -> None:
    _, token = member(room, "Bob")
    async with live.client(token) as bob:
        one = (await bob.post(room.public_id, f"{site.url}/a"))["seq"]
        two = (await bob.post(room.public_id, f"{site.url}/b"))["seq"]
        waits = [one async for one in LinkWait.objects.all()]
        await change(bob, "edit", room, one, body="no link any more")
        last = await change(bob, "delete", room, two)
        # As if the fetcher had taken them before.
        await LinkWait.objects.abulk_create(waits)
        fetcher = Fetcher()
        async with asyncio.timeout(WITHIN_S):
            while await LinkWait.objects.aexists():
                await fetcher.turn()
    room_now = await Room.objects.aget(pk=room.pk)
    assert room_now.last_changed_seq == last["changed_seq"]
    assert not await Message.objects.exclude(links="").aexists()


async def test_an_author_removes_a_card_and_no_edit_brings_it_back(
    live: Live, room: Room, member: Member, site: Site, fetcher: Fetcher
) -> None:
    user, token = member(room, "Bob")
    async with live.client(token) as bob:
        await bob.subscribe(room.public_id)
        seq = (await bob.post(room.public_id, f"{site.url}/a"))["seq"]
        await changed_of(bob, seq)
        path = f"/rooms/{room.public_id}/{seq}"
        answer = await post(live, user, f"{path}/cards/end")
        removed = await changed_of(bob, seq)
        await change(bob, "edit", room, seq, body=f"{site.url}/a {site.url}/b")
        await changed_of(bob, seq)
        later = await changed_of(bob, seq)
        address = f"/api/rooms/{room.public_id}/messages/{seq}/links"
        for _ in range(2):
            gone = await asked(live, address, token, method="DELETE")
            assert gone.status == 200
        last = await changed_of(bob, seq)
    assert answer.status == 302
    assert removed["links"] == last["links"] == []
    assert later["links"] == [card(site.url, "/b")]
    assert site.asked == ["/a", "/b"]


async def test_a_worker_that_was_away_is_told_again(
    faulty: Live, room: Room, member: Member, site: Site, monkeypatch: Any
) -> None:
    monkeypatch.setattr(limits, "LINK_TOLD_EVERY_S", 0.2)
    _, token = member(room, "Bob")
    async with faulty.client(token) as bob:
        await bob.subscribe(room.public_id)
        seq = (await bob.post(room.public_id, f"{site.url}/a"))["seq"]
    faulty.kill("redis")
    fetcher = Fetcher()
    for _ in range(3):
        await fetcher.turn()
    assert await LinkWait.objects.acount() == 1
    faulty.heal()
    async with asyncio.timeout(WITHIN_S):
        while await LinkWait.objects.aexists():
            await fetcher.turn()
    row = await Message.objects.select_related("author").aget(room=room, seq=seq)
    assert links.fields(row) == [card(site.url, "/a")]


@pytest.mark.django_db(transaction=True)
async def test_hosts_are_asked_one_page_at_a_time(
    site: Site, settings: Settings
) -> None:
    async def say(path: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(page())

    async with web_site(say) as slow:
        settings.LINK_ORIGINS = frozenset({slow.url})
        room = await Room.objects.acreate(name="Lounge")
        urls = [f"{slow.url}/{number}" for number in range(4)]
        await asyncio.to_thread(
            link_tables.ask_for, room.pk, [(1, one) for one in urls]
        )
        fetcher = Fetcher()
        async with asyncio.timeout(WITHIN_S):
            while await Link.objects.filter(state="waiting").aexists():
                fetcher._start()
                await fetcher._wait()
    assert slow.most_at_once == 1
    assert sorted(slow.asked) == ["/0", "/1", "/2", "/3"]


@pytest.mark.django_db
def test_a_link_is_taken_by_one_fetcher_and_by_another_when_that_died() -> None:
    room = Room.objects.create(name="Lounge")
    for number in range(limits.LINKS_AT_ONCE + 2):
        link_tables.ask_for(room.pk, [(1, f"https://h{number}.example/")])
    mine = link_tables.claim(limits.LINKS_AT_ONCE, ["h0.example"])
    assert len(mine) == limits.LINKS_AT_ONCE
    assert "h0.example" not in {one.host for one in mine}
    assert len(link_tables.claim(99, [])) == 2
    assert link_tables.claim(99, []) == []
    Link.objects.update(due_at=timezone.now())
    theirs = link_tables.claim(99, [])
    assert len(theirs) == limits.LINKS_AT_ONCE + 2
    link_tables.settle(mine[0], Head("late", "", ""))
    assert not Link.objects.filter(state="found").exists()


@pytest.mark.django_db
def test_asking_takes_two_statements_and_what_is_there_is_not_asked_for_again() -> None:
    room = Room.objects.create(name="Lounge")
    urls = [f"https://h.example/{number}" for number in range(3)]
    with CaptureQueriesContext(connection) as queries:
        link_tables.ask_for(room.pk, [(seq, one) for seq in (1, 2) for one in urls])
    writes = [one for one in queries if "INSERT" in one["sql"]]
    assert len(writes) == 2
    for link in link_tables.claim(9, []):
        link_tables.settle(link, Head("found", "", ""))
    link_tables.ask_for(room.pk, [(3, one) for one in urls])
    assert set(Link.objects.values_list("state", flat=True)) == {"found"}
    assert LinkWait.objects.count() == 9
    late = timezone.now() - timedelta(seconds=2 * limits.LINK_KEPT_S)
    Link.objects.update(expires_at=late)
    LinkWait.objects.update(due_at=late)
    link_tables.sweep()
    assert not Link.objects.exists()
    assert not LinkWait.objects.exists()


class Author:
    is_bot = False


class Bot:
    is_bot = True


def wanted(text: str, author: Any = Author, **fields: str) -> list[str]:
    row = Message(body=text, html=render(text), **fields)
    return links.wanted(row, author)


def test_the_first_links_of_a_text_are_looked_behind(settings: Settings) -> None:
    settings.SITE_ORIGINS = frozenset({"https://chat.example"})
    found = wanted(
        "[a](https://one.example/?a=1&b=2#c) https://one.example/?a=1&b=2 "
        "`https://code.example` mailto:a@example.org https://chat.example/rooms/x/ "
        "http://www.two.example http://bücher.example/ü https://four.example"
    )
    assert found == [
        "https://one.example/?a=1&b=2",
        "http://www.two.example",
        "http://xn--bcher-kva.example/%C3%BC",
    ]


@pytest.mark.parametrize(
    ("author", "fields"),
    [(Bot, {}), (Author, {"stream": "done"}), (Author, {"kind": "system"})],
)
def test_of_what_no_person_wrote_no_link_is_looked_behind(
    author: Any, fields: dict[str, str]
) -> None:
    assert wanted("https://one.example", author, **fields) == []


def test_a_site_may_do_without(settings: Settings) -> None:
    settings.LINK_PREVIEWS = False
    assert wanted("https://one.example") == []


def test_a_very_long_address_gets_no_card() -> None:
    assert wanted("https://one.example/" + "a" * limits.LINK_MAX_LENGTH) == []


def test_a_card_always_says_where_it_leads() -> None:
    told = links.Card("https://www.one.example/a", "Title", "", "Your Bank")
    assert told.place == "Your Bank · one.example"
    assert links.Card("https://one.example/", "T", "", "One.Example").place == (
        "one.example"
    )


@pytest.mark.django_db
def test_the_menu_offers_the_author_alone_to_remove_it(alice: Any, bob: Any) -> None:
    room = room_of(alice, bob)
    fill(room, bob, 1)
    Message.objects.update(
        links=links.stored({"https://a.example/": links.Card("", "T", "", "")})
    )
    path = f"/rooms/{room.public_id}/1/menu"
    assert "Remove preview" in client_of(bob).get(path).content.decode()
    assert "Remove preview" not in client_of(alice).get(path).content.decode()


@pytest.mark.django_db
def test_what_an_admin_or_an_erasure_deletes_keeps_no_card(alice: Any) -> None:
    room = room_of(alice)
    fill(room, alice, 1)
    url = "https://a.example/"
    room.messages.update(links=links.stored({url: links.Card(url, "T", "", "")}))
    link_tables.ask_for(room.pk, [(1, url)])
    change = Change(alice, room)
    change.delete(room.messages.select_related("author").get())
    assert room.messages.get().links == ""
    assert not LinkWait.objects.exists()


@pytest.mark.django_db
def test_who_wants_no_previews_is_shown_none_on_pages_and_programs_get_them(
    alice: Any,
) -> None:
    room = room_of(alice)
    fill(room, alice, 1)
    stored = links.stored({"https://a.example/": links.Card("", "T", "", "")})
    room.messages.update(links=stored)
    client = client_of(alice)

    def sheet() -> tuple[str, str]:
        page = client.get(f"/rooms/{room.public_id}/").content.decode()
        address = page.partition('href="/me/')[2].partition('"')[0]
        path = f"/me/{address}".replace("&amp;", "&")
        return path, client.get(path).content.decode()

    address, rules = sheet()
    assert "link-card" not in rules
    form = {"display_name": "Alice", "theme": "system"}
    client.post("/profile/", form)
    assert sheet()[0] != address, "or browsers would keep the one that they have"
    assert ".link-card,\n.msg__cards" in sheet()[1]
    program = client.get(f"/api/rooms/{room.public_id}/messages").json()
    assert program["messages"][0]["links"]
    client.post("/profile/", form | {"shows_previews": "on"})
    assert sheet() == (address, rules)


@pytest.mark.django_db
def test_where_there_are_no_previews_nobody_is_asked_about_them(
    alice: Any, settings: Settings
) -> None:
    client = client_of(alice)
    assert "shows_previews" in client.get("/profile/").content.decode()
    settings.LINK_PREVIEWS = False
    assert "shows_previews" not in client.get("/profile/").content.decode()
    client.post("/profile/", {"display_name": "Alice", "theme": "dark"})
    alice.refresh_from_db()
    assert (alice.theme, alice.shows_previews) == ("dark", True)
