"""What log-ins remember for all web processes: Django's cache, as a table of ours.

allauth counts tries in it, and keeps the codes of authenticator apps that were used.
The rule it guards: nobody gets further because it could not be written.
"""

from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import OperationalError, models
from django.utils import timezone


class Remembered(models.Model):
    """One row of django.core.cache.backends.db, which reads and writes it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "accounts_remembered"

    def __str__(self) -> str:
        return self.cache_key


class SharedCache(DatabaseCache):
    """Django's, but what the database does not take is an error, and not forgotten."""

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = 0) -> bool:
        stored: bool = super()._base_set(mode, key, value, timeout)  # type: ignore[misc]
        if not stored and not (mode == "add" and self._is_there(key)):
            raise OperationalError("what a log-in must remember was not stored")
        # Addresses of visitors are in the keys: they go when their time is over.
        Remembered.objects.filter(expires__lt=timezone.now()).delete()
        return stored

    def _is_there(self, key: str) -> bool:
        return Remembered.objects.filter(cache_key=key).exists()
