"""`manage.py roomworker`: the process that writes the rooms' messages."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvloop
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from chat.worker import Worker
from livechat.lib.storage import Checkpoints
from livechat.lib.templates import load_templates

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Order, limit, store and publish messages until SIGTERM."""

    help = "Run a room worker: it orders, limits, stores and publishes messages."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the process is told to stop; what was begun is finished."""
        # supervisord's name for the process stays over a restart, so that a worker
        # takes its own former self's shards over at once.
        slot = os.environ.get("SUPERVISOR_PROCESS_NAME", "roomworker")
        owner = f"{socket.gethostname()}:{slot}"
        logger.info("room worker %s, process %s", owner, os.getpid())
        # Django keeps its database off a loop's own thread, since others would wait.
        # Here nobody does: the worker's loop has one thing to do at a time.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        load_templates()
        with _checkpoints():
            uvloop.run(_run(Worker.named(owner)))


@contextmanager
def _checkpoints() -> Iterator[None]:
    """On SQLite: copy its log in a thread, and no more with every so many-th commit."""
    if connection.vendor != "sqlite":
        yield
        return
    connection_created.connect(_leave_the_log)
    connection.close()
    checkpoints = Checkpoints(str(connection.settings_dict["NAME"]))
    checkpoints.start()
    try:
        yield
    finally:
        checkpoints.stop()


def _leave_the_log(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint = 0")


async def _run(worker: Worker) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        worker.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await worker.run()
