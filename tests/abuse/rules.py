"""The rules that every answer is held against, whatever was sent."""

import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from django.http import HttpResponse

from tests.abuse.naughty import PATH_PARTS, TEXTS
from tests.conftest import PASSWORD

SECRET = "secret 1 of Vault"  # of a private room, as tests/access/world.py writes it
ANSWER_LIMIT_S = 2.0
TRACES = ("Traceback", "OperationalError", 'File "/', "DoesNotExist", "site-packages")


# G6: short ones may stand in a log by chance, and some are sent as a path, which may.
BODIES = {
    name: text[:500]
    for name, text in TEXTS.items()
    if len(text) > 18 and text not in PATH_PARTS
}
OPENERS = re.compile(r"lc_[\w-]{20}|sessionid=|Bearer \S{20}")


def private_words_in(log: str) -> list[str]:
    """The names of hostile texts, passwords and tokens that a log holds."""
    found = [name for name, text in BODIES.items() if text in log]
    found += ["a secret"] * (SECRET in log) + ["a password"] * (PASSWORD in log)
    return found + OPENERS.findall(log)


def resident_bytes(pid: int) -> int:
    """The memory that a process has now."""
    status = Path(f"/proc/{pid}/status").read_text()
    (kib,) = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kib) * 1024


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
