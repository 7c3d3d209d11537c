"""Registers the app and connects what ends with a session."""

from django.apps import AppConfig


class PushConfig(AppConfig):
    """Browsers that may be told, what they are to be told, and how it went."""

    name = "livechat.push"
    label = "push"

    def ready(self) -> None:
        """Connect the signal receivers."""
        import livechat.push.signals  # noqa: F401 - connects on import
