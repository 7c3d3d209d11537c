"""Brings the database and the static files up to date, then ends.

A process of its own (`python -m livechat.supervise.prepare`): Django is imported
once for all of it, while Redis starts, and its memory is given back afterwards.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from livechat.env import PROJECT_DIR, BadSetting
from livechat.supervise.console import complain, say

EXIT_BAD_SETTING = 2


def main() -> int:
    """The exit code: 0, or 2 after one sentence about a setting that cannot be used."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    try:
        django.setup()
        migrate()
        collect_static()
    except BadSetting as error:
        complain(str(error))
        return EXIT_BAD_SETTING
    except ImproperlyConfigured as error:
        complain(f"The settings do not fit together: {_one_line(error)}")
        return EXIT_BAD_SETTING
    except DatabaseError as error:
        complain(_database_away(error))
        return EXIT_BAD_SETTING
    return 0


def migrate() -> None:
    """Apply the migrations that are missing; asks the database and no stamp file."""
    executor = MigrationExecutor(connection)
    new = not executor.loader.applied_migrations
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Creating the database …" if new else "Bringing the database up to date …")
        call_command("migrate", verbosity=0, interactive=False)


def collect_static() -> None:
    """Copy and compress the static files, unless none has changed since last time."""
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    sources = _static_sources()
    if stamp.is_file() and stamp.read_text() == sources:
        return
    say("Collecting the static files …")
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(sources)


def _database_away(error: DatabaseError) -> str:
    """Which database did not answer, and why, without what libpq repeats."""
    place = ""
    if connection.vendor == "postgresql":
        given = connection.settings_dict
        port = f", port {given['PORT']}" if given["PORT"] else ""
        place = f" at {given['HOST'] or 'the local socket'}{port}"
    why = re.sub(
        r"^connection (?:failed|is bad): (?:connection to server .*? failed: )?",
        "",
        str(error).partition("\n")[0],
    )
    return (
        f"DATABASE_URL: expected a database that answers{place}, "
        f"got: {why.rstrip('.')}."
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _static_sources() -> str:
    """A hash over our static files' sizes and times, the packages and the settings."""
    parts = [
        *(PROJECT_DIR / name for name in ("requirements.txt", "livechat/settings.py")),
        *(path for folder in settings.STATICFILES_DIRS for path in _files(folder)),
    ]
    digest = hashlib.sha256(sys.prefix.encode())
    for path in parts:
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(Path(folder).rglob("*")) if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
