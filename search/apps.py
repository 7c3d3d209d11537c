"""Registers the app, and keeps its index through migrations and between batches."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate


class SearchConfig(AppConfig):
    """Full-text search: the index of the messages' texts."""

    name = "search"

    def ready(self) -> None:
        """Listen to migrations, and to the room worker."""
        from chat.events import batches_rest

        batches_rest.connect(tidy_up)
        # Django tells nothing of migrations to an app without models of its own.
        chat = apps.get_app_config("chat")
        pre_migrate.connect(before_migrations, sender=chat)
        post_migrate.connect(after_migrations, sender=chat)


def tidy_up(**given: Any) -> None:
    """Do what commits of messages left to do in the index."""
    from search import index

    if connection.vendor == "sqlite":
        index.tidy()


def before_migrations(**given: Any) -> None:
    """Take the triggers away, which a table that is remade would lose unseen."""
    from search import index

    if given.get("plan") and connection.vendor == "sqlite":
        index.unwatch()


def after_migrations(**given: Any) -> None:
    """Put them back, and put in what was written meanwhile."""
    from search import index

    if given.get("plan") and connection.vendor == "sqlite" and index.exists():
        index.watch()
        index.fill()
