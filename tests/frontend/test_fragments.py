"""The fragments that the fan-out shares: one root, no viewer, nothing unescaped."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.conf import settings
from django.template.loader import get_template

from accounts.models import User
from chat.fragments import message_html, replaced
from chat.models import Message, Room
from livechat.lib.words import plain

CLIENT_ID = UUID(int=7)
SHARED = (
    "_cursor",
    "_facepile",
    "_pending_state",
    "_people",
    "_room_card",
    "_room_updated",
    "_toast",
    "_typing",
    "_voice",
)
MESSAGE = "_message.jinja"
COMPILED = (MESSAGE, "_quote.jinja", "_sidebar_rooms.jinja", "_badge.jinja")
TEMPLATES = settings.BASE_DIR / "templates"


def render(name: str, **context: object) -> str:
    """The fragment without a request, as the fan-out renders it."""
    return plain(get_template(f"chat/{name}.html").render(context).strip())


def article(**fields: object) -> str:
    """The fragment of a message of bob's with these fields."""
    return plain(message_html(message(**fields)))


def message(**fields: object) -> Message:
    """A message of bob's with these fields."""
    author = User(pk=7, public_id="bob1", display_name="<Bob>")
    values = {
        "seq": 51,
        "author": author,
        "client_id": CLIENT_ID,
        "body": "hi",
        "html": "<p>hi</p>",
        "created_at": datetime(2025, 1, 2, 3, 4, tzinfo=UTC),
    }
    return Message(**{**values, **fields})


def pending(state: str, text: str = "", retry_after_s: int = 0) -> str:
    return render(
        "_pending_state",
        client_id=CLIENT_ID,
        state=state,
        text=text,
        retry_after_s=retry_after_s,
        room="room1",
        body='<i> & "',
    )


def test_with_a_text_go_the_lines_that_quote_it() -> None:
    now = datetime(2025, 1, 2, 3, 5, tzinfo=UTC)
    quotes = """<hx-partial hx-target="[data-quotes='51']" hx-swap="innerHTML">"""
    edited = plain(replaced(message(edited_at=now)).decode())
    assert f"{quotes}<b>&lt;Bob&gt;</b> hi</hx-partial>" in edited
    assert """hx-target="#announce" hx-swap="textContent"></hx-partial>""" in edited
    deleted = plain(replaced(message(html="", body="", deleted_at=now)).decode())
    assert f"{quotes}This message was deleted.</hx-partial>" in deleted
    assert """hx-target="[data-holds='51']" hx-swap="delete">""" in deleted
    assert "data-quotes" not in replaced(message(reactions="")).decode()


@pytest.mark.parametrize("name", [*(f"{name}.html" for name in SHARED), *COMPILED])
def test_a_shared_fragment_names_no_viewer(name: str) -> None:
    source = (TEMPLATES / "chat" / name).read_text()
    assert not re.search(
        r"{[{%][^}]*\b(user|request|perms|csrf_token|messages)\b", source
    )


def test_a_message_is_one_article_with_its_places() -> None:
    html = article()
    assert html.startswith('<article id="m-51"')
    assert html.endswith("</article>")
    assert 'data-author="bob1"' in html
    assert f'data-client-id="{CLIENT_ID}"' in html
    assert '<time class="msg__time" datetime="2025-01-02T03:04:00+00:00"' in html
    assert "&lt;Bob&gt;" in html


def test_the_fragment_of_a_message_has_no_line_breaks_of_its_template() -> None:
    assert "\n" not in article()
    assert "<pre>a\n  b</pre>" in article(html="<pre>a\n  b</pre>")


def test_a_message_that_goes_on_says_so() -> None:
    assert "msg--continues" not in article()
    assert "msg--continues" in article(continues=True)


def test_a_system_message_is_nobodys_bubble() -> None:
    html = article(kind="system", html="bob joined")
    assert "msg--system" in html
    assert "data-author" not in html


def test_a_pending_bubble_sends_itself_again_until_it_is_refused() -> None:
    waiting, refused = pending("waiting"), pending("refused", "Too fast.")
    assert f'id="p-{CLIENT_ID}"' in waiting
    assert "every 2s, htmx:ws:after:connection from:#app" in waiting
    assert "Waiting for the server…" in waiting
    assert 'hx-trigger="submit"' in refused
    assert "Refused: Too fast." in refused
    assert "Try again" in refused
    assert "data-discard" in refused
    assert 'value="&lt;i&gt; &amp; &quot;"' in refused


def test_a_bubble_that_was_too_fast_goes_again_by_itself() -> None:
    html = pending("refused", "Too fast. Try again in 1 s.", retry_after_s=1)
    assert 'hx-trigger="submit, every 3s"' in html
    assert "It tries again by itself." in html
    assert "Try now" in html
    assert "data-discard" in html


def test_a_very_long_message_is_folded_whoever_reads_it() -> None:
    lines = "line\n" * 30
    for body in (lines, "x" * 2001):
        html = article(body=body)
        assert "<summary><span>Show more</span>" in html
        assert html.count("<p>hi</p>") == 1
    for body in ("line\n" * 10, "x" * 2000):
        assert "<details" not in article(body=body)


def test_a_new_name_of_a_room_reaches_its_tooltip() -> None:
    room = Room(public_id="room1", name="<Design>")
    html = render("_room_updated", room=room)
    assert 'title="&lt;Design&gt;">&lt;Design&gt;</span>' in html


def test_the_typing_line_is_empty_when_nobody_types() -> None:
    assert render("_typing", typists=[]) == ""
    bob = SimpleNamespace(public_id="bob1", name="Bob")
    assert 'data-user="bob1"' in render("_typing", typists=[bob])


def test_only_the_html_of_the_markdown_renderer_is_trusted() -> None:
    trusted = {
        found
        for path in TEMPLATES.rglob("*.*")
        for found in re.findall(r"{{[^}]*\|\s*safe[^}]*}}", path.read_text())
    }
    assert trusted == {"{{ message.html|safe }}"}


def test_no_template_holds_a_script_or_a_style() -> None:
    for path in TEMPLATES.rglob("*.*"):
        source = path.read_text()
        assert not re.search(
            r'<script(?![^>]*\b(src=|type="application/json"))|<style|\sstyle=', source
        ), path
        assert not re.search(r"\s(on\w+|hx-on[^=]*)=[\"']|\bjs:", source), path
