"""Clients of the cast; Redis is away, which no page here may notice."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    """With one address more."""
    settings.ROOT_URLCONF = "tests.accounts.urls"
    settings.ALLOWED_HOSTS = ["testserver", *settings.ALLOWED_HOSTS]


def client_of(user: User, *, enforce_csrf_checks: bool = False) -> Client:
    """A browser in which the user is signed in."""
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user)
    return client
