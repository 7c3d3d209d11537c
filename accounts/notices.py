"""Mail about one's own account: a log-in from a browser that is new to it.

allauth writes of a new password, address, passkey or app by itself. All of them need
EMAIL_URL, and a mail server that is away keeps nobody out.
"""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy

from accounts.agents import device_name, in_words
from accounts.known_browsers import KnownBrowser
from accounts.models import User


def tell_of_new_browser(request: HttpRequest, user: User) -> None:
    """Write to the user, unless they have used such a browser or never any."""
    name = device_name(request.headers.get("User-Agent", ""))
    known: QuerySet[KnownBrowser] = KnownBrowser.objects.filter(user=user)
    names = set(known.values_list("name", flat=True))
    if name in names:
        return
    KnownBrowser.objects.bulk_create(
        [KnownBrowser(user=user, name=name)], ignore_conflicts=True
    )
    if names:
        address = f"{settings.SITE_URL}{reverse('devices')}"
        # Put into words when the mail is, which is in its reader's language.
        context = {"device": lazy(in_words, str)(name), "devices_url": address}
        adapter = get_adapter(request)
        adapter.send_notification_mail("account/email/new_device", user, context)
