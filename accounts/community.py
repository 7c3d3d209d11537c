"""The site itself: its name, who may sign up, and who may erase themselves."""

from django.db import models

from livechat.lib import limits


class Community(models.Model):
    """One row."""

    class SignUp(models.TextChoices):
        """Who may make an account."""

        OPEN = "open", "Anyone who finds the site"
        INVITE = "invite", "Only with an invite link"

    name = models.CharField(max_length=limits.NAME_MAX_LENGTH, default="livechat")
    sign_up = models.CharField(
        max_length=10, choices=SignUp.choices, default=SignUp.INVITE
    )

    may_erase = models.BooleanField("people may erase themselves", default=True)

    class Meta:
        verbose_name_plural = "community"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Community":
        """The one row, or its defaults while the site is empty."""
        return cls.objects.first() or cls()
