"""Registers the app; docs/architecture.md says what it will own."""

from django.apps import AppConfig


class StudioConfig(AppConfig):
    """Documents become concepts, concepts become diagrams."""

    name = "studio"
