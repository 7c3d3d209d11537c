"""Rooms and members, as the tests of the socket have them; and what logs may hold."""

import logging
from collections.abc import Iterator

import pytest

from tests.abuse.rules import private_words_in
from tests.chat.conftest import member, room
from tests.live import Live

__all__ = ["member", "room"]


@pytest.fixture(autouse=True)
def logs_keep_secrets(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """G6: neither this process nor the site logs what people wrote, nor what opens."""
    caplog.set_level(logging.INFO)
    site = "live" in request.fixturenames
    running: Live | None = request.getfixturevalue("live") if site else None
    names = ("web", "worker") if running else ()
    before = {name: len(running.log(name)) for name in names} if running else {}
    yield
    logs = {"this process": caplog.text}
    for name, start in before.items():
        assert running
        logs[name] = running.log(name)[start:]
    found = {name: private_words_in(log) for name, log in logs.items()}
    assert found == dict.fromkeys(found, [])
