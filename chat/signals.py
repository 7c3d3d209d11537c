"""What happens to rooms when people come to the site and when they go."""

from contextlib import suppress
from typing import Any

from django.dispatch import receiver
from django.http import Http404
from django.utils.translation import gettext

from accounts.models import User
from accounts.signals import (
    account_closed,
    bot_renewed,
    person_erased,
    person_joined,
    site_set_up,
)
from chat import actions, directs, erasing, heirs, members
from chat.models import Room


@receiver(site_set_up)
def make_first_room(user: User, **kwargs: Any) -> None:
    """Make the room that everybody lands in, called in the language of the set-up."""
    about = gettext("For everybody and everything that has no room of its own yet.")
    actions.create_room(user, name=gettext("General"), description=about)


@receiver(person_joined)
def join_first_room(user: User, **kwargs: Any) -> None:
    """Let a newcomer into the oldest public room."""
    room = Room.objects.filter(is_private=False).order_by("pk").first()
    if room is not None:
        with suppress(Http404):  # deleted at this moment; the lobby has others
            actions.join_room(user, room)


@receiver(person_erased)
def forget_person(user: User, name: str, messages: bool, **kwargs: Any) -> None:
    """Take them out of the rooms; what the rooms say of them goes afterwards."""
    erasing.begin(user, name, messages=messages)


@receiver(bot_renewed)
def tell_who_can_read(user: User, actor: User, **kwargs: Any) -> None:
    """Say in its private rooms who got a token with which one reads there."""
    members.note_new_token(actor, user)


@receiver(account_closed)
def appoint_admins(user: User, **kwargs: Any) -> None:
    """Let somebody else run the rooms that only they ran."""
    heirs.appoint_admins()


@receiver(account_closed)
def end_their_directs(user: User, **kwargs: Any) -> None:
    """Nobody writes to them any more."""
    directs.tell_deserted(user)
