"""Registers the app; docs/architecture.md says what it will own."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Bytes: uploads, their checks, thumbnails, storage and serving."""

    name = "media"
