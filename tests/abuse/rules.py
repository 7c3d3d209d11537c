"""The rules that every answer is held against, whatever was sent."""

import time
from collections.abc import Callable
from html.parser import HTMLParser

from django.http import HttpResponse

SECRET = "secret 1 of Vault"  # of a private room, as tests/access/world.py writes it
ANSWER_LIMIT_S = 2.0
TRACES = ("Traceback", "OperationalError", 'File "/', "DoesNotExist", "site-packages")


class Scripted(HTMLParser):
    """Finds in a page what a hostile text would have put there."""

    def __init__(self) -> None:
        """Nothing found yet."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        if tag.startswith("xss"):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().startswith("javascript:"):
                self.found.append(f"{name}={value}")


def scripts_in(page: str) -> list[str]:
    """Elements, handlers and links in a page that only a hostile text can be from."""
    parser = Scripted()
    parser.feed(page)
    return parser.found


def held(ask: Callable[[], HttpResponse], what: str, *, secret: str = "") -> int:
    """Ask; hold the answer against the rules; return its status."""
    start = time.monotonic()
    answer = ask()
    took_s = time.monotonic() - start
    body = answer.content.decode(errors="replace")
    assert answer.status_code < 500, f"{what}: {answer.status_code}"
    assert took_s < ANSWER_LIMIT_S, f"{what}: {took_s:.1f} s"
    assert not any(trace in body for trace in TRACES), f"{what}: a trace in {body}"
    assert not secret or secret not in body, f"{what}: tells a secret"
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        assert not scripts_in(body), f"{what}: {scripts_in(body)}"
    location = answer.headers.get("Location", "")
    assert "evil.example" not in location, f"{what}: leads to {location}"
    assert "xss" not in answer.cookies, f"{what}: sets a cookie"
    return answer.status_code
