"""Lets the room worker merge the index's parts, in place of each so many-th commit."""

from django.db import connection, migrations

from search import index


def configure(apps, schema_editor):
    if connection.vendor == "sqlite":
        for table in index.TABLES:
            index.configure(table)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_index")]
    operations = [migrations.RunPython(configure, migrations.RunPython.noop)]
