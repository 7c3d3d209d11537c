"""Registers the app; docs/architecture.md says what it will own."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Full-text search: the index tables, their triggers and the query parser."""

    name = "search"
