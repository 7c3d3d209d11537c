"""A loop outlasts whatever breaks one of its turns."""

import pytest
from django.db import OperationalError

from livechat.lib import loops


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [OperationalError("locked"), ValueError("odd")])
async def test_what_breaks_a_turn_is_logged_and_the_next_one_comes(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "AWAY_S", 0.0)
    turns = []
    for broken in (True, False):
        async with loops.turn_of("links"):
            if broken:
                raise error
            turns.append("done")
    assert turns == ["done"]
    assert [one.levelname for one in caplog.records] == [
        "WARNING" if isinstance(error, OperationalError) else "ERROR"
    ]
    assert "links" in caplog.text
