"""The cast: alice owns, bob belongs, charlie must be kept out."""

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Community, User

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def quick_site(settings: Settings) -> None:
    """Passwords hash fast, and static files need no manifest."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


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
