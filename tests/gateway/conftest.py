"""One gateway and one stock Daphne for the tests that do not measure memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.gateway.servers import Server, running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="session")
def ours(folder: Path) -> Iterator[Server]:
    with running("ours", folder) as server:
        yield server


@pytest.fixture(scope="session")
def stock(folder: Path) -> Iterator[Server]:
    with running("stock", folder) as server:
        yield server


@pytest.fixture(params=["ours", "stock"])
def either(request: pytest.FixtureRequest) -> Server:
    """Each of the two, one after the other."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., AbstractContextManager[Server]]:
    """Starts a server of a kind with an environment of its own."""
    return partial(running, folder=tmp_path)
