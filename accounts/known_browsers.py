"""Which kinds of browser an account has been used from: what is new is told by mail."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from livechat.lib import limits


class KnownBrowser(models.Model):
    """A kind of browser, such as "Firefox on Linux", that somebody has logged in by."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=limits.NAME_MAX_LENGTH)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "name"], name="one_known_browser")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
