"""Registers the app and connects what it hears of people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    """Rooms, memberships, messages, presence and typing; the room worker."""

    name = "chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        """Connect the signal receivers."""
        import chat.signals  # noqa: F401 - connects on import
