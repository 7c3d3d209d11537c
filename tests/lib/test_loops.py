"""A loop outlasts whatever breaks one of its turns."""

import pytest
from django.db import OperationalError, connection

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


@pytest.mark.django_db(transaction=True)
async def test_a_turn_for_which_the_database_is_away_leaves_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loops, "AWAY_S", 0.0)
    connection.ensure_connection()
    async with loops.turn_of("links"):
        _broken()
    assert connection.connection is None


def _broken() -> None:
    raise OperationalError("the server was restarted")
