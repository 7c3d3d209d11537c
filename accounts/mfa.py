"""The second proof at the log-in, by allauth: codes of an app, passkeys, spare codes.

The rule it guards: no secret of it is shown twice, to nobody else, and a passkey always
asks for the person, so that it may stand for the password.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base import views as base
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Community, secret_hash
from livechat.lib import limits

# What fido2 and allauth raise for something that no browser sends.
BROKEN = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
UNREADABLE = _("This passkey could not be read. Try again.")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is untyped
    """allauth's hooks; the rest of its behaviour is its own."""

    def _get_site_name(self) -> str:
        return Community.current().name

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - allauth's name
        """What a passkey is called unless its owner says otherwise."""
        name = gettext("Passkey of {name}").format(name=user.display_name)
        return name[: limits.NAME_MAX_LENGTH]


def _once(user: Any, code: str) -> str:
    """The code, if it is the first time in all the time that it is good for.

    allauth forgets a used one after one period; the tolerance makes it good for more.

    Raises:
        ValidationError: it has been used.
    """
    periods = 1 + 2 * mfa_settings.TOTP_TOLERANCE
    key = f"code:{user.pk}:{secret_hash(normalize_user_code(code))}"
    if not cache.add(key, "used", timeout=periods * mfa_settings.TOTP_PERIOD):
        raise get_adapter().validation_error("incorrect_code")
    return code


class CodeForm(AuthenticateForm):  # type: ignore[misc] # allauth is untyped
    """A code after the password; each is good once."""

    def clean_code(self) -> str:
        """The code, or a ValidationError with a sentence."""
        return _once(self.user, super().clean_code())


class ConfirmCodeForm(ReauthenticateForm):  # type: ignore[misc] # allauth is untyped
    """A code before something that matters; each is good once."""

    def clean_code(self) -> str:
        """The code, or a ValidationError with a sentence."""
        return _once(self.user, super().clean_code())


def readable(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The check of a form; a ValidationError with a sentence for what is no passkey."""

    @wraps(check)
    def checked(form: Any) -> Any:
        try:
            return check(form)
        except BROKEN as error:
            raise ValidationError(UNREADABLE) from error

    return checked


class CredentialField(forms.JSONField):
    """What the browser has made of a passkey, as JSON."""

    def to_python(self, value: Any) -> Any:
        """The value; also nesting and numbers that are no JSON of ours are refused."""
        try:
            return super().to_python(value)
        except (RecursionError, ValueError) as error:
            raise ValidationError(UNREADABLE) from error


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc] # allauth is untyped
    """A passkey and its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Empty it gets a name: the device holds the passkey by then.
        self.fields["name"] = forms.CharField(
            label=_("Name"), max_length=limits.NAME_MAX_LENGTH, required=False
        )
        # allauth's script reads whether it is checked, the server what it says.
        self.fields["passwordless"] = forms.BooleanField(
            initial=True, widget=forms.HiddenInput({"checked": True})
        )

    credential = CredentialField(widget=forms.HiddenInput)
    clean = readable(AddWebAuthnForm.clean)


class LoginPasskeyForm(LoginWebAuthnForm):  # type: ignore[misc] # allauth is untyped
    """A passkey in place of address and password."""

    credential = CredentialField(widget=forms.HiddenInput)
    clean_credential = readable(LoginWebAuthnForm.clean_credential)


class SecondProofForm(AuthenticateWebAuthnForm):  # type: ignore[misc] # allauth is untyped
    """A passkey after the password."""

    credential = CredentialField(widget=forms.HiddenInput)
    clean_credential = readable(AuthenticateWebAuthnForm.clean_credential)


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc] # allauth is untyped
    """A passkey before something that matters."""

    credential = CredentialField(widget=forms.HiddenInput)
    clean_credential = readable(ReauthenticateWebAuthnForm.clean_credential)


# allauth's download of codes and renaming of keys are not offered.
urlpatterns = [
    path("", base.index, name="mfa_index"),
    path("authenticate/", base.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", base.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "recovery-codes/",
        recovery_codes.view_recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/generate/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path(
        "passkeys/reauthenticate/",
        webauthn.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        webauthn.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
]
