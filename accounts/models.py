"""Who people are: users, the community they are in, invites, tokens, revocations."""

import hashlib
from functools import lru_cache
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import known_browsers, profiles, remembered  # noqa: F401 - Django finds them
from accounts.agents import in_words
from accounts.community import Community as Community  # where all look for it
from accounts.keys import Invite as Invite
from accounts.keys import Token as Token
from accounts.keys import _in_a_week as _in_a_week  # a migration names it so
from accounts.keys import secret_hash as secret_hash
from livechat.lib import limits
from livechat.lib.ids import public_id
from livechat.lib.words import marked

ERASED = "Deleted person"  # what stands in place of an erased person's name
GONE = marked("Deleted person")  # and how pages say it


class UserManager(BaseUserManager["User"]):
    """Makes users; the email address is kept in lower case."""

    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Store and return a user; without a password nobody can log in as them."""
        from accounts.addresses import settle_address

        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            settle_address(user)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """Store and return an owner (Django's `createsuperuser` calls this)."""
        fields.setdefault("display_name", email.partition("@")[0])
        return self.create_user(email, password, role=User.Role.OWNER, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of an email address in any case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person or a bot. `epoch` rises when every session of theirs must end."""

    class Role(models.TextChoices):
        """What someone may do on the site as a whole."""

        OWNER = "owner", _("Owner")
        ADMIN = "admin", _("Admin")
        MEMBER = "member", _("Member")
        GUEST = "guest", _("Guest")

    public_id = models.CharField(
        _("public id"), max_length=16, unique=True, default=public_id, editable=False
    )
    email = models.EmailField(_("email"), unique=True)
    display_name = models.CharField(_("name"), max_length=limits.NAME_MAX_LENGTH)
    name_skeleton = models.CharField(max_length=200, unique=True, editable=False)
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Role.choices,
        default=Role.MEMBER,
        help_text=_("Owners and admins get in here. Guests see only rooms of theirs."),
    )
    is_bot = models.BooleanField(default=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Who is not active cannot log in.")
    )
    epoch = models.PositiveIntegerField(default=0, editable=False)
    block_changes = models.PositiveIntegerField(default=0, editable=False)
    theme = models.CharField(max_length=10, default="system")
    created_at = models.DateTimeField(
        _("made at"), default=timezone.now, editable=False
    )
    # How they want to be seen, on all devices (accounts/availability.py).
    availability = models.CharField(max_length=10, default="online", editable=False)
    available_until_s = models.BigIntegerField(default=0, editable=False)
    choices = models.PositiveIntegerField(default=0, editable=False)  # so far
    # What they are spoken to in, "" for what the browser asks for.
    language = models.CharField(max_length=10, default="", blank=True)
    # Whether messages show them what stands behind links; on pages alone.
    shows_previews = models.BooleanField(default=True, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)  # accounts/erasure.py
    # When something of them changed that others see.
    shown_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store, with the skeleton that keeps look-alike names apart."""
        from livechat.lib.text import skeleton

        self.email = self.email.strip().lower()
        self.name_skeleton = skeleton(self.display_name)
        if (fields := kwargs.get("update_fields")) and "display_name" in fields:
            self.shown_at = timezone.now()
            kwargs["update_fields"] = {*fields, "name_skeleton", "shown_at"}
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What each session of theirs holds; a new password or epoch ends them all."""
        return salted_hmac(
            "accounts.models.User.session",
            f"{self.epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def is_staff(self) -> bool:
        """Whether the Django admin is open to them."""
        return self.is_active and self.role in {self.Role.OWNER, self.Role.ADMIN}

    @property
    def is_superuser(self) -> bool:
        """The admin knows two roles only, so owners and admins may all of it."""
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether the Django admin lets them do something: owners and admins."""
        return self.is_staff

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        """The same for several permissions."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the Django admin shows them an app."""
        return self.is_staff

    @property
    def shown_as(self) -> str:
        """How they want to be seen at this moment."""
        from accounts.availability import of

        return of(self)

    @property
    def hue(self) -> int:
        """0 to 11: the colour class of their avatar, from the id, so it stays."""
        return _hue(self.public_id)

    @property
    def shown_name(self) -> str:
        """The name on pages: of an erased person in each reader's language."""
        is_erased = self.display_name == ERASED  # nobody else may look so
        return GONE if is_erased else self.display_name

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        return initials(self.display_name)


class Bot(User):
    """A user who is a program, for the admin, which has one page for each model."""

    class Meta:
        proxy = True
        verbose_name = _("bot")
        verbose_name_plural = _("bots")


@lru_cache(maxsize=4096)  # those who write in busy rooms
def _hue(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 12


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """One or two letters or digits: of the first and the last word that has any."""
    firsts = [next(filter(str.isalnum, word), "") for word in name.split()]
    letters = [letter for letter in firsts if letter]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


def display_name_of(user: User) -> str:
    """The name that allauth's texts use."""
    return user.display_name


class Revocation(models.Model):
    """Sockets that must end: of one session or token, or all of a user below `epoch`.

    Written with the change that ends them; every web process reads the rows above the
    last it saw, so that a missed Redis message costs two seconds and not the rule.
    """

    # The row outlives its user: a deleted account's sockets must hear of it as well.
    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False)
    session_hash = models.CharField(max_length=64, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"Revocation {self.pk} of {self.user_id}"


class Device(models.Model):
    """A browser in which somebody is signed in: one row for each session of theirs."""

    public_id = models.CharField(
        max_length=16, unique=True, default=public_id, editable=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    session = models.OneToOneField(Session, on_delete=models.CASCADE)
    name = models.CharField(max_length=limits.NAME_MAX_LENGTH)
    address = models.CharField(max_length=45, blank=True)
    language = models.CharField(max_length=10, default="", blank=True)  # it asked for
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def called(self) -> str:
        """Its name in the reader's language."""
        return in_words(self.name)


class Block(models.Model):
    """Somebody (`user`) wants to hear nothing of somebody else."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "blocked"], name="one_block")
        ]

    def __str__(self) -> str:
        return f"{self.user} blocks {self.blocked}"
