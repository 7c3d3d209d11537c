"""How allauth behaves here: who may sign up, and mail that may fail."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext

from accounts.http import JUST_ARRIVED
from accounts.links import invite_of
from accounts.models import Community, User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    """allauth's hooks; the rest of its behaviour is its own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether the site is open, or the visitor came by a usable invite."""
        is_open = Community.current().sign_up == Community.SignUp.OPEN
        return is_open or invite_of(request) is not None

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The front page, which leads a newcomer on to the first room."""
        request.session[JUST_ARRIVED] = True
        return str(super().get_signup_redirect_url(request))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that rates count by; the gateway has judged proxies before."""
        return str(request.META.get("REMOTE_ADDR") or "local")

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address, unless somebody else signed up with it meanwhile."""
        others = User.objects.filter(email=email_address.email)
        try:
            with transaction.atomic():
                if others.exclude(pk=email_address.user_id).exists():
                    raise IntegrityError
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            messages.error(request, gettext("This address belongs to another account."))
            return False

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Send in the language of who gets it; log that the mail server is away.

        The page answers all the same.

        The answer must not tell whether there is an account to write to.
        """
        try:
            with translation.override(_language_of(email)):
                super().send_mail(template_prefix, email, context)
        except OSError as error:  # smtplib's own errors are OSErrors too
            logger.warning("mail %s was not sent: %s", template_prefix, error)


def _language_of(email: str) -> str:
    """What they chose who have the address, else that of whoever asks for the mail."""
    own = User.objects.filter(email=email.lower()).values_list("language", flat=True)
    return own.first() or translation.get_language() or settings.LANGUAGE_CODE
