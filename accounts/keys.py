"""What lets somebody in who has no session: invites of newcomers, tokens of programs.

The rule it guards: the secret itself is shown once, and only its hash is stored.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from livechat.lib import limits

if TYPE_CHECKING:
    from accounts.models import User


def secret_hash(secret: str) -> str:
    """The SHA-256 stored in place of a random secret (256 bits need no salt)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class InviteQuerySet(models.QuerySet["Invite"]):
    """Invites by what they are still good for."""

    def usable(self) -> "InviteQuerySet":
        """Not expired, not used up."""
        return self.filter(expires_at__gt=timezone.now(), uses__lt=models.F("max_uses"))

    def listed(self) -> "InviteQuerySet":
        """The newest 100 with who made them, newest first."""
        return self.select_related("created_by").order_by("-pk")[:100]


def _in_a_week() -> Any:
    return timezone.now() + timedelta(days=7)


class Invite(models.Model):
    """A link that lets people sign up; only the hash of its code is stored."""

    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        verbose_name=_("made by"),
        editable=False,
    )
    created_at = models.DateTimeField(
        _("made at"), default=timezone.now, editable=False
    )
    expires_at = models.DateTimeField(_("good until"), default=_in_a_week)
    max_uses = models.PositiveIntegerField(_("for how many people"), default=1)
    uses = models.PositiveIntegerField(_("used"), default=0, editable=False)

    objects = InviteQuerySet.as_manager()

    class Meta:
        verbose_name = _("invite")
        verbose_name_plural = _("invites")

    def __str__(self) -> str:
        sentence = gettext("Invite by {name}, used {uses} of {most}")
        name = self.created_by
        return sentence.format(name=name, uses=self.uses, most=self.max_uses)

    @classmethod
    def issue(
        cls, by: "User", *, max_uses: int = 1, days: int = 7
    ) -> "tuple[Invite, str]":
        """Store an invite; return it and its code, which is not shown again."""
        expires_at = timezone.now() + timedelta(days=days)
        invite = cls(created_by=by, max_uses=max_uses, expires_at=expires_at)
        code = invite.renew_code()
        invite.save()
        return invite, code

    def renew_code(self) -> str:
        """A new code, whose hash the invite holds from now on; not saved."""
        code = secrets.token_urlsafe(32)
        self.code_hash = secret_hash(code)
        return code


class Token(models.Model):
    """A bearer token of a program; only the hash is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tokens",
        verbose_name=_("whose"),
    )
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(
        _("name"), max_length=limits.NAME_MAX_LENGTH, default="token"
    )
    created_at = models.DateTimeField(
        _("made at"), default=timezone.now, editable=False
    )

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return gettext("{name} of {user}").format(name=self.name, user=self.user)

    @classmethod
    def issue(cls, user: "User", *, name: str = "token") -> str:
        """Store a token and return its secret, which is not shown again."""
        secret = f"lc_{secrets.token_urlsafe(32)}"
        cls.objects.create(user=user, secret_hash=secret_hash(secret), name=name)
        return secret
