"""The site itself: its name, who may sign up, and who may erase themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from livechat.lib import limits


class Community(models.Model):
    """One row."""

    class SignUp(models.TextChoices):
        """Who may make an account."""

        OPEN = "open", _("Anyone who finds the site")
        INVITE = "invite", _("Only with an invite link")

    name = models.CharField(
        _("name"), max_length=limits.NAME_MAX_LENGTH, default="livechat"
    )
    sign_up = models.CharField(
        _("who may sign up"),
        max_length=10,
        choices=SignUp.choices,
        default=SignUp.INVITE,
    )

    may_erase = models.BooleanField(_("people may erase themselves"), default=True)

    class Meta:
        verbose_name = _("community")
        verbose_name_plural = _("community")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Community":
        """The one row, or its defaults while the site is empty."""
        return cls.objects.first() or cls()
