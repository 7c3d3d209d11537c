"""Clients of the cast, and a site whose Redis is away."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    """allauth counts per address in the cache, so each test starts without counts."""
    cache.clear()
    settings.ROOT_URLCONF = "tests.accounts.urls"
    settings.REDIS_URL = settings.REDIS_URL or f"unix://{TEMPLATES}/no-redis-here"
    settings.ALLOWED_HOSTS = ["testserver", *settings.ALLOWED_HOSTS]
    # Pages are the frontend's; these stand in for those that are not there yet.
    settings.TEMPLATES = [
        {**engine, "DIRS": [*engine["DIRS"], TEMPLATES]}
        for engine in settings.TEMPLATES
    ]


def client_of(user: User, *, enforce_csrf_checks: bool = False) -> Client:
    """A browser in which the user is signed in."""
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user)
    return client
