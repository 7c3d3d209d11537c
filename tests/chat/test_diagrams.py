"""Diagrams of messages: found, offered, and drawn in a frame that reaches nothing."""

import re

import pytest

from accounts.models import User
from chat import fanout
from chat.diagrams import diagrams
from chat.models import Message, Room
from livechat.lib.markdown import render
from livechat.lib.static_files import static_headers
from livechat.lib.words import put
from tests.chat.pages import client_of, fill, room_of

SOURCE = 'graph LR\n  A["<img src=x onerror=alert(1)>"] --> B\n'
TEXT = f"Look:\n\n```mermaid\n{SOURCE}```\n\n> ```Mermaid flow.mmd\n> pie\n> ```\n"


@pytest.fixture
def room(alice: User, bob: User) -> Room:
    """A room whose one message, Bob's, has two diagrams."""
    found = room_of(alice, bob)
    fill(found, bob, 1)
    found.messages.update(body=TEXT, html=render(TEXT))
    return found


def frame_of(room: Room, number: int = 1) -> str:
    return f"/rooms/{room.public_id}/1/diagrams/{number}/frame"


def test_a_message_offers_its_diagrams(room: Room, bob: User) -> None:
    row = room.messages.select_related("author").get()
    first, second = diagrams(row)
    assert (first.source, second.source) == (SOURCE, "pie\n")
    html = put(fanout.message_html(row).encode(), "en").decode()
    for one in (first, second):
        assert f'id="d-1-{one.key}"' in html
        assert f"Draw the diagram {one.number}<" in html
    assert '<span class="k">graph</span>' in row.html
    plain = Message(body="```python\nx\n```", html=render("```python\nx\n```"))
    assert diagrams(plain) == []


def test_another_source_gets_another_place(room: Room) -> None:
    row = room.messages.get()
    before = [one.key for one in diagrams(row)]
    row.body = TEXT.replace("pie", "mindmap")
    after = [one.key for one in diagrams(row)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_frame_is_a_sandbox_and_its_source_is_text(room: Room, bob: User) -> None:
    answer = client_of(bob).get(frame_of(room))
    page = answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([\w-]{20,})'", policy)
    assert nonce is not None
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert re.findall(r"connect-src|img-src|https?:|'self'", policy) == ["'self'"]
    assert policy.endswith("frame-ancestors 'self'")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    scripts = re.findall(r"<script[^>]*>", page)
    assert len(scripts) == 2
    assert all(f'nonce="{nonce[1]}"' in one and "src=" in one for one in scripts)
    again = client_of(bob).get(frame_of(room)).headers["Content-Security-Policy"]
    assert nonce[1] not in again


def test_the_page_of_a_room_holds_no_frame_until_it_is_asked_for(
    room: Room, bob: User
) -> None:
    client = client_of(bob)
    assert "<iframe" not in client.get(f"/rooms/{room.public_id}/").content.decode()
    path = f"/rooms/{room.public_id}/1/diagrams/2"
    for headers in ({}, {"HX-Request": "true"}):
        shown = client.get(path, headers=headers).content.decode()
        (frame,) = re.findall(r"<iframe[^>]*>", shown)
        assert 'sandbox="allow-scripts"' in frame
        assert f'src="{frame_of(room, 2)}"' in frame


@pytest.mark.parametrize("number", [0, 3, 10**9])
def test_a_diagram_that_is_not_there_is_not_found(
    room: Room, bob: User, number: int
) -> None:
    assert client_of(bob).get(frame_of(room, number)).status_code == 404


def test_with_the_message_its_diagrams_are_gone(room: Room, bob: User) -> None:
    room.messages.update(body="", html="", deleted_at=room.created_at)
    assert client_of(bob).get(frame_of(room)).status_code == 404


def test_only_what_the_sandbox_loads_may_be_loaded_by_another_origin() -> None:
    for name, wanted in (
        ("vendor/mermaid.min.0123456789ab.js", {"cross-origin"}),
        ("js/diagram.0123456789ab.js", {"cross-origin"}),
        ("js/hooks.0123456789ab.js", set()),
        ("vendor/htmx.min.js", set()),
    ):
        headers: dict[str, str] = {}
        static_headers(headers, f"/var/static/{name}", f"/static/{name}")
        assert set(headers.values()) == wanted, name
