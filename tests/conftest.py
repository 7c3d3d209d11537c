"""The cast: alice owns, bob belongs, charlie must be kept out; and a running site."""

import gc
import itertools
from collections.abc import Callable, Iterator

import pytest
from django.core.management.color import no_style
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Community, Token, User
from chat.worker_tables import Shard
from tests.environment import VAR
from tests.live import Live

# How fast a busy machine makes up examples says nothing about the code.
hypothesis.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.load_profile("any_machine")

NAME_MAX_LENGTH = 100  # of one value in the name of a test

PASSWORD = "correct horse battery staple"

# Migrations have made their rows, and no test changes them.
LASTING = {"django_content_type", "auth_permission"}
# Of the running site's worker, for tests that are not about its limits.
UNLIMITED = {"RATE_MESSAGES_BURST": "1000000", "RATE_MESSAGES_PER_S": "1000000"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files come in an order that keeps both processes busy, in their own one within.

    Those that need a worker without limits come one after the other, as a change costs
    its start; then the others of the running site; of each kind the large ones first,
    so that at the end none waits for the other.
    """
    files: dict[object, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    ordered = sorted(files.values(), key=_turn)
    items[:] = itertools.chain.from_iterable(ordered)


def _turn(tests: list[pytest.Item]) -> tuple[bool, bool, int]:
    names = {name for one in tests for name in getattr(one, "fixturenames", ())}
    return "unlimited" not in names, "live" not in names, -len(tests)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long values are named by how they begin: programs inherit the test's name."""
    if isinstance(val, str | bytes) and len(val) > NAME_MAX_LENGTH:
        return f"{val[:20]!r} and so on, {len(val)} in all"
    return None


def pytest_collection_finish() -> None:
    """What is there by now stays, so the collector need not look at it each time."""
    gc.collect()
    gc.freeze()


def _empty_tables(_: TransactionTestCase) -> None:
    """Django's own way makes content types and permissions anew after each test."""
    names = set(connection.introspection.django_table_names(only_existing=True))
    sql = connection.ops.sql_flush(no_style(), sorted(names - LASTING))
    connection.ops.execute_sql_flush(sql)


TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def quick_site(settings: Settings) -> None:
    """Passwords hash fast, and static files need no manifest."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def no_connection_is_left() -> Iterator[None]:
    """What this test's threads and tasks have opened to PostgreSQL is closed.

    Django closes a connection with its request; these have none. Each would be one of
    the server's hundred, and keep the test database from being dropped.
    """
    opened: list[BaseDatabaseWrapper] = []

    def remember(connection: BaseDatabaseWrapper, **_: object) -> None:
        if connection.vendor == "postgresql":
            opened.append(connection)

    connection_created.connect(remember)
    yield
    connection_created.disconnect(remember)
    for one in opened:
        if one is not connections["default"] and one.connection is not None:
            one.inc_thread_sharing()  # its thread may be there for the next test
            one.close()
            one.dec_thread_sharing()


@pytest.fixture
def alice(db: None) -> User:
    """The owner of the site."""
    Community.objects.get_or_create(pk=1)
    return User.objects.create_user(
        "alice@example.org", PASSWORD, display_name="Alice", role=User.Role.OWNER
    )


@pytest.fixture
def bob(db: None) -> User:
    """A member."""
    return User.objects.create_user("bob@example.org", PASSWORD, display_name="Bob")


@pytest.fixture
def charlie(db: None) -> User:
    """Somebody with an account, who belongs to no room."""
    return User.objects.create_user(
        "charlie@example.org", PASSWORD, display_name="Charlie"
    )


@pytest.fixture(scope="session")
def running(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Live]:
    """Redis, room worker and gateway, started once a test process."""
    with django_db_blocker.unblock():
        database = str(connection.settings_dict["NAME"])
    live = Live(VAR, database)
    live.manage("collectstatic", "--noinput", "--verbosity=0")
    try:
        live.start()
        yield live
    finally:
        live.stop()


@pytest.fixture(scope="module")
def rates(request: pytest.FixtureRequest, running: Live) -> None:
    """The worker has limits, but where a test of this file asks for `unlimited`."""
    here = (one for one in request.session.items if one.path == request.path)
    names = {name for one in here for name in getattr(one, "fixturenames", ())}
    wanted = UNLIMITED if "unlimited" in names else {}
    if running.rates != wanted:
        running.rates = wanted
        running.end("worker")
        running.start_worker()


@pytest.fixture
def live(running: Live, rates: None, transactional_db: None) -> Iterator[Live]:
    """The running site, healthy; the database is emptied after the test.

    The worker's leases are carried over, as it would take two seconds to find them gone
    and take them again.
    """
    Shard.objects.bulk_create(_leases, ignore_conflicts=True)
    running.wait_healthy()
    yield running
    _leases[:] = Shard.objects.all()


_leases: list[Shard] = []


@pytest.fixture(scope="module")
def unlimited(running: Live, rates: None) -> Live:
    """The running site without a limit on messages, for a whole file."""
    return running


@pytest.fixture
def faulty(unlimited: Live, live: Live) -> Iterator[Live]:
    """The running site, to be harmed; healed after the test."""
    yield live
    live.heal()


@pytest.fixture
def person(live: Live) -> Callable[[str], tuple[User, str]]:
    """Makes a user by name; returns them with a bearer token."""
    numbers = itertools.count(1)

    def make(name: str) -> tuple[User, str]:
        email = f"{name.lower()}{next(numbers)}@example.org"
        user = User.objects.create_user(email, PASSWORD, display_name=name)
        return user, Token.issue(user)

    return make
