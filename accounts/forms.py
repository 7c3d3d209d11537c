"""The forms of accounts: names that cannot be mistaken, passwords that are long."""

from typing import Any

from allauth.account.fields import EmailField, PasswordField
from allauth.account.forms import AddEmailForm, SignupForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.addresses import settle_address
from accounts.links import SESSION_FIELD
from accounts.models import ERASED, User
from livechat.lib import limits
from livechat.lib.text import TextError, normalise_name, skeleton

NAME = _("Name")
NAME_TAKEN = _("That name is taken or looks like one that is.")
PASSWORD_HELP = format_lazy(
    _("{least} to {most} characters."),
    least=limits.PASSWORD_MIN_LENGTH,
    most=limits.PASSWORD_MAX_LENGTH,
)


class NameField(forms.CharField):
    """A display name, made canonical: one line, nothing hidden in it."""

    def __init__(self, label: Any = NAME, **kwargs: Any) -> None:
        attrs = {"autocomplete": "name", "maxlength": limits.NAME_MAX_LENGTH}
        super().__init__(label=label, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        """The name, or a ValidationError with a sentence."""
        text = super().clean(value)
        try:
            return normalise_name(text)
        except TextError as error:
            raise ValidationError(str(error)) from error


def free_name(name: str, *, but: User | None = None) -> str:
    """The name, if nobody else has one that looks like it.

    Raises:
        ValidationError: somebody has.
    """
    others = User.objects.filter(name_skeleton=skeleton(name))
    if but:
        others = others.exclude(pk=but.pk)
    if others.exists() or skeleton(name) == skeleton(ERASED):
        raise ValidationError(NAME_TAKEN)
    return name


def new_password_field() -> PasswordField:
    """One field, for a password manager to fill."""
    return PasswordField(
        label=_("Password"), autocomplete="new-password", help_text=PASSWORD_HELP
    )


class SignUpForm(SignupForm):  # type: ignore[misc] # allauth is untyped
    """Name, email, password: a new member."""

    display_name = NameField(_("Your name"))
    field_order = ("display_name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email")
        self.fields["password1"] = new_password_field()

    def clean_display_name(self) -> str:
        """The name, if it is free."""
        return free_name(self.cleaned_data["display_name"])

    def clean(self) -> dict[str, Any]:
        """Check the password against the name and address that stand beside it."""
        # Not allauth's clean: it knows no display name, so it would let "Alice
        # Example" choose "aliceexample".
        data: dict[str, Any] = self.cleaned_data
        _check_password(self, "password1", data.get("display_name", ""))
        return data

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new user; or the page again, when someone else was faster."""
        try:
            return super().try_save(request)  # type: ignore[no-any-return]
        except actions.InviteNeeded:
            return None, render(request, "account/signup_closed.html", status=403)
        except IntegrityError:
            # The winner's row is there now, so the checks say which field it is.
            self.full_clean()
            if self.account_already_exists:  # told by mail only, with verification on
                return super().try_save(request)  # type: ignore[no-any-return]
            page = render(request, "account/signup.html", {"form": self}, status=422)
            return None, page

    def save(self, request: HttpRequest) -> User:
        """Store the new member, whose password is hashed before the write lock."""
        user = User(
            email=self.cleaned_data["email"],
            display_name=self.cleaned_data["display_name"],
        )
        user.set_password(self.cleaned_data["password1"])
        actions.sign_up(user, invite_hash=request.session.get(SESSION_FIELD))
        request.session.pop(SESSION_FIELD, None)
        return user


class ChangeEmailForm(AddEmailForm):  # type: ignore[misc] # allauth is untyped
    """A new address, in use once it is confirmed; the old one stays until then."""

    def save(self, request: HttpRequest) -> Any:
        """Store the address that waits for its confirmation, and write to it."""
        settle_address(self.user)
        return super().save(request)


class SetUpForm(forms.Form):
    """The first visit: who owns this site."""

    name = NameField(_("Your name"))
    email = EmailField(label=_("Email"))
    password = new_password_field()

    def clean(self) -> dict[str, Any]:
        """Check the password against the name and address that stand beside it."""
        _check_password(self, "password", self.cleaned_data.get("name", ""))
        return self.cleaned_data


def _check_password(form: forms.Form, field: str, name: str) -> None:
    email = form.cleaned_data.get("email", "")
    if not (password := form.cleaned_data.get(field)):
        return
    try:
        validate_password(password, User(email=email, display_name=name))
    except ValidationError as error:
        form.add_error(field, error)


class InviteForm(forms.Form):
    """How long an invite link lasts, and for how many people."""

    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=limits.INVITE_MAX_DAYS, initial=7
    )
    uses = forms.IntegerField(
        label=_("People"), min_value=1, max_value=limits.INVITE_MAX_USES, initial=1
    )
