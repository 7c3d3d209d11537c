"""Bearer tokens of the baseline: Channels has none, so these are the usual table."""

from django.conf import settings
from django.db import models


class Token(models.Model):
    """Whoever knows the key is the user."""

    key = models.CharField(max_length=40, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    def __str__(self) -> str:
        return f"token of user {self.user_id}"
