"""The world of all roles on the running site."""

import pytest

from accounts.models import Token
from tests.access.world import World, world
from tests.live import Live


@pytest.fixture
def here(live: Live) -> World:
    """People of each role, whom the running site knows."""
    return world()


@pytest.fixture
def tokens(here: World) -> dict[str, str]:
    """A bearer token of each role; anonymous people have none."""
    found = {role: Token.issue(user) for role, user in here.users.items()}
    return {"AN": "", **found, "keeper": Token.issue(here.keeper)}
