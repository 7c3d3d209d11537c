"""Makes the index and fills it with the messages that there are."""

from django.db import DatabaseError, connection, migrations, transaction

from livechat.env import BadSetting
from search import index

VISIBLE = "kind = 'text' AND deleted_at IS NULL"


def make(apps, schema_editor):
    if connection.vendor == "postgresql":
        _make_on_postgresql()
        return
    try:
        index.create()
    except DatabaseError as error:
        raise BadSetting(
            "DATABASE_URL: expected a SQLite of 3.34 or newer with FTS5 for the "
            f"search, got: {error}."
        ) from error
    index.watch()
    index.fill()


def _make_on_postgresql():
    """Indexes of the messages themselves, which PostgreSQL keeps without triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        _make_extension(cursor)
        for name, what in (
            ("search_words", "to_tsvector('simple', body)"),
            ("search_parts", "body gin_trgm_ops"),
        ):
            cursor.execute(
                f"CREATE INDEX {name} ON chat_message USING gin ({what}) "
                f"WHERE {VISIBLE}"
            )


def _make_extension(cursor):
    try:
        with transaction.atomic():
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        raise BadSetting(
            "DATABASE_URL: expected a database with the extension pg_trgm, or whose "
            f"owner may create it, got: {str(error).splitlines()[0]}."
        ) from error


def remove(apps, schema_editor):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX search_words, search_parts")
        return
    index.drop()


class Migration(migrations.Migration):
    # Filled in batches, each with its own commit.
    atomic = False

    dependencies = [("chat", "0005_changed_messages")]

    operations = [migrations.RunPython(make, remove)]
