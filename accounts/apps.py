"""Registers the app and connects the end of a session to its sockets."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People: users, sessions, invites, tokens."""

    name = "accounts"

    def ready(self) -> None:
        """Connect the signal receivers."""
        import accounts.signals  # noqa: F401 - connects on import
