"""The one email address of a person, as allauth keeps it beside the user's row.

The rule it guards: the address in use is never taken away before the next one is
confirmed, and no address belongs to two people.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

if TYPE_CHECKING:
    from accounts.models import User


def settle_address(user: "User", *, verified: bool = True) -> None:
    """Make the user's email their only address, primary and (by default) confirmed.

    Without this row allauth takes the address in use for one that waits for its
    confirmation, and removes it when the person asks for another. A second call
    changes nothing; an address change under way is dropped.
    """
    from allauth.account.models import EmailAddress

    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    # Somebody else may have asked to change to this address and not confirmed it.
    EmailAddress.objects.filter(email=user.email).exclude(user=user).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"primary": True, "verified": verified}
    )


def with_own_address(people: "QuerySet[User]") -> "QuerySet[User]":
    """Those whose address is known to be theirs, where the site has it confirmed."""
    from allauth.account.models import EmailAddress

    if settings.ACCOUNT_EMAIL_VERIFICATION == "none":
        return people
    own = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"))
    return people.filter(Exists(own.filter(verified=True)))
