"""Registers the app and connects the end of a session to its sockets."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People: users, sessions, invites, tokens."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Connect the signal receivers."""
        import accounts.signals  # noqa: F401 - connects on import
