"""The end of an account: closed by its owner, or erased with all that tells who it was.

The rule it guards: what an erased person wrote stays the others' conversation, under no
name; everything else that is kept of them goes, whichever app keeps it, and the site
never loses its last owner.
"""

from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CASCADE, SET_NULL, ForeignObjectRel
from django.utils import timezone
from django.utils.translation import gettext

from accounts.actions import deactivate
from accounts.models import ERASED, Bot, User
from accounts.sessions import end_all_sessions
from accounts.signals import account_closed, person_erased

# What names an erased person's row and stays: each is about a room as much as about
# them, and their app takes out of it what is theirs (the signal `person_erased`).
STAYS = frozenset(
    {
        "admin.LogEntry",
        "chat.Membership",
        "chat.Mention",
        "chat.Report",
        "chat.Stream",
    }
)


class LastOwner(Exception):  # noqa: N818 - it says what is the case
    """Nobody else owns the site; str() is a sentence that says what to do."""


def close(user: User) -> None:
    """Close the account, as its owner wishes; an admin of the site can open it again.

    Raises:
        LastOwner: the site would be nobody's.
    """
    with transaction.atomic():
        _keep_an_owner(user)
        deactivate(user)


def erase(user: User, *, messages: bool) -> None:
    """Take out all that tells who the person was; with `messages` their texts as well.

    What many rows of rooms say of them goes afterwards, in batches; from this commit on
    nobody can log in as them. A second call changes nothing.

    Raises:
        LastOwner: the site would be nobody's.
    """
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, erased_at__isnull=False).exists():
            return
        _keep_an_owner(user)
        name = user.display_name
        # First, as it may lock rooms, and those are locked before people.
        person_erased.send(sender=User, user=user, name=name, messages=messages)
        end_all_sessions(user)
        for relation in _relations():
            _forget(user, relation)
        _forget_in_the_admin(user)
        _make_nobody(user)
        transaction.on_commit(lambda: account_closed.send(sender=User, user=user))


def _keep_an_owner(user: User) -> None:
    # Locked: two owners who leave at the same moment do so one after the other.
    owners = User.objects.select_for_update().filter(
        role=User.Role.OWNER, is_active=True
    )
    others = list(owners.exclude(pk=user.pk).values_list("pk"))
    if user.is_active and user.role == User.Role.OWNER and not others:
        raise LastOwner(
            gettext("Make somebody else an owner first: the site needs one.")
        )


def _relations() -> Iterator[ForeignObjectRel]:
    """Every column of any table that names a user, also those without a way back."""
    for found in User._meta.get_fields(include_hidden=True):
        if isinstance(found, ForeignObjectRel):
            yield found


def _forget(user: User, relation: ForeignObjectRel) -> None:
    """Delete the rows of one table that are theirs, or take their name off."""
    rows = relation.related_model._base_manager.filter(**{relation.field.name: user})
    if relation.on_delete is SET_NULL:
        rows.update(**{relation.field.name: None})
    elif relation.on_delete is CASCADE and _label(relation) not in STAYS:
        rows.delete()


def _label(relation: ForeignObjectRel) -> str:
    return str(relation.related_model._meta.label)


def _forget_in_the_admin(user: User) -> None:
    types = ContentType.objects.get_for_models(User, Bot, for_concrete_models=False)
    about = LogEntry.objects.filter(
        content_type__in=types.values(), object_id=str(user.pk)
    )
    about.update(object_repr=ERASED, change_message="")


def _make_nobody(user: User) -> None:
    user.set_unusable_password()
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(
        display_name=ERASED,
        name_skeleton=f"{user.public_id} erased",  # unique, and like no name
        email=f"{user.public_id}@erased.invalid",
        password=user.password,
        role=User.Role.MEMBER,
        is_active=False,
        theme="system",
        language="",
        shows_previews=True,
        availability="online",
        available_until_s=0,
        erased_at=now,
        shown_at=now,
    )
    user.refresh_from_db()
