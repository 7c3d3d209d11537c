"""What changes who belongs to the site: its set-up, sign-up, the end of an account.

The rule it guards: one owner at the first visit and one account an invite's use,
however many ask at the same moment.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from accounts.addresses import settle_address
from accounts.models import Community, Invite, Token, User
from accounts.sessions import end_all_sessions
from accounts.signals import (
    account_closed,
    bot_renewed,
    person_joined,
    site_set_up,
)


class AlreadySetUp(Exception):  # noqa: N818 - it names what is the case
    """The site has an owner."""


class InviteNeeded(Exception):  # noqa: N818 - it names what is missing
    """The site is not open, and the invite is missing, too old or used up."""


def set_up_site(*, name: str, email: str, password: str) -> User:
    """Store and return the owner, with the community's row; tell the other apps.

    Raises:
        AlreadySetUp: somebody has been here before, maybe this very moment.
    """
    owner = User(email=email, display_name=name, role=User.Role.OWNER)
    owner.set_password(password)  # slow on purpose, so before the write lock
    with transaction.atomic():
        # SQLite's transactions are IMMEDIATE; PostgreSQL waits for this one row.
        Community.objects.select_for_update().get_or_create(pk=1)
        if User.objects.exists():
            raise AlreadySetUp(gettext("This site has been set up; sign in instead."))
        owner.save()
        settle_address(owner)
    site_set_up.send(sender=User, user=owner)
    return owner


def sign_up(user: User, *, invite_hash: str | None) -> None:
    """Store the new member, use up the invite once, and tell the other apps.

    Raises:
        InviteNeeded: the site takes nobody without a usable invite.
        IntegrityError: the name or the address was taken in the meantime.
    """
    confirmed = settings.ACCOUNT_EMAIL_VERIFICATION == "none"
    with transaction.atomic():
        invited = invite_hash is not None and _use_invite(invite_hash)
        if not invited and Community.current().sign_up != Community.SignUp.OPEN:
            raise InviteNeeded(
                gettext("This invite has been used; ask for another one.")
            )
        user.save()
        settle_address(user, verified=confirmed)
    person_joined.send(sender=User, user=user)


def _use_invite(code_hash: str) -> bool:
    # One UPDATE with its condition: two who come at once cannot both be the last.
    invites = Invite.objects.usable().filter(code_hash=code_hash)
    return invites.update(uses=F("uses") + 1) == 1


def make_bot(bot: User) -> str:
    """Store the new bot, as which nobody can log in, and return its token, this once.

    It belongs to no room; whoever runs one adds it, or it joins by itself.

    Raises:
        IntegrityError: the name was taken in the meantime.
    """
    bot.is_bot = True
    bot.email = f"{bot.public_id}@bot.invalid"  # unique, and no mail ever gets there
    bot.set_unusable_password()
    with transaction.atomic():
        bot.save()
        return Token.issue(bot)


def renew_token(bot: User, actor: User) -> str:
    """End all tokens of the bot, and return a new one, this once.

    The apps are told, so that its rooms say who can read there now.
    """
    with transaction.atomic():
        bot_renewed.send(sender=User, user=bot, actor=actor)
        bot.tokens.all().delete()
        return Token.issue(bot)


def deactivate(user: User) -> None:
    """Keep the account and what it wrote, and end all of its sessions and tokens.

    The other apps are told after the commit.
    """
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        user.tokens.all().delete()
        end_all_sessions(user)
        transaction.on_commit(lambda: account_closed.send(sender=User, user=user))


def change_address(user: User, email: str) -> None:
    """Give the user this address, without a confirmation (an admin knows better).

    Raises:
        IntegrityError: it belongs to somebody else.
    """
    user.email = email
    with transaction.atomic():
        user.save(update_fields=["email"])
        settle_address(user)
