"""Registers the app and connects what it hears of people."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Rooms, memberships, messages, presence and typing; the room worker."""

    name = "chat"

    def ready(self) -> None:
        """Connect the signal receivers."""
        import chat.signals  # noqa: F401 - connects on import
