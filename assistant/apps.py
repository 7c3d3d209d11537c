"""Registers the app; docs/architecture.md says what it will own."""

from django.apps import AppConfig


class AssistantConfig(AppConfig):
    """AI: providers, streams, chats and answers into rooms."""

    name = "assistant"
