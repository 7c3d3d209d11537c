"""The fragments that the fan-out shares: one root, no viewer, nothing unescaped."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.conf import settings
from django.template.loader import get_template

CLIENT_ID = UUID(int=7)
SHARED = (
    "_cursor",
    "_facepile",
    "_message",
    "_pending_state",
    "_people",
    "_room_card",
    "_room_updated",
    "_sidebar_room",
    "_toast",
    "_typing",
)
TEMPLATES = settings.BASE_DIR / "templates"


def render(name: str, **context: object) -> str:
    """The fragment without a request, as the fan-out renders it."""
    return get_template(f"chat/{name}.html").render(context).strip()


def message(**fields: object) -> SimpleNamespace:
    """What a fragment needs of a message."""
    author = SimpleNamespace(
        public_id="bob1", display_name="<Bob>", hue=3, initials="B"
    )
    values = {
        "seq": 51,
        "kind": "text",
        "author": author,
        "client_id": CLIENT_ID,
        "html": "<p>hi</p>",
        "continues": False,
        "created_at": datetime(2025, 1, 2, 3, 4, tzinfo=UTC),
    }
    return SimpleNamespace(**(values | fields))


def pending(state: str, text: str = "") -> str:
    return render(
        "_pending_state",
        client_id=CLIENT_ID,
        state=state,
        text=text,
        room="room1",
        body='<i> & "',
    )


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_fragment_names_no_viewer(name: str) -> None:
    source = (TEMPLATES / f"chat/{name}.html").read_text()
    assert not re.search(
        r"{[{%][^}]*\b(user|request|perms|csrf_token|messages)\b", source
    )


def test_a_message_is_one_article_with_its_places() -> None:
    html = render("_message", message=message())
    assert html.startswith('<article id="m-51"')
    assert html.endswith("</article>")
    assert 'data-author="bob1"' in html
    assert f'data-client-id="{CLIENT_ID}"' in html
    assert '<time class="msg__time" datetime="2025-01-02T03:04:00+00:00"' in html
    assert "&lt;Bob&gt;" in html


def test_a_message_that_goes_on_says_so() -> None:
    assert "msg--continues" not in render("_message", message=message())
    assert "msg--continues" in render("_message", message=message(continues=True))


def test_a_system_message_is_nobodys_bubble() -> None:
    html = render("_message", message=message(kind="system", html="bob joined"))
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


def test_the_typing_line_is_empty_when_nobody_types() -> None:
    assert render("_typing", typists=[]) == ""
    bob = SimpleNamespace(public_id="bob1", name="Bob")
    assert 'data-user="bob1"' in render("_typing", typists=[bob])


def test_only_the_html_of_the_markdown_renderer_is_trusted() -> None:
    trusted = {
        found
        for path in TEMPLATES.rglob("*.html")
        for found in re.findall(r"{{[^}]*\|\s*safe[^}]*}}", path.read_text())
    }
    assert trusted == {"{{ message.html|safe }}"}


def test_no_template_holds_a_script_or_a_style() -> None:
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", source), path
        assert not re.search(r"\s(on\w+|hx-on[^=]*)=[\"']|\bjs:", source), path
