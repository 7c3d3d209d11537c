"""The forms by which somebody ends their account, or takes their data along."""

from typing import Any

from allauth.account.fields import PasswordField
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class PasswordForm(forms.Form):
    """The person's own password, so that an open page alone can end nothing."""

    password = PasswordField(label=_("Your password"), autocomplete="current-password")

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        """The password, if it is theirs."""
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password


class EraseForm(PasswordForm):
    """The password, and what becomes of the person's messages."""

    messages = forms.ChoiceField(
        label=_("What you wrote"),
        choices=(
            ("keep", _("Stays, as by “Deleted person”")),
            ("delete", _("Is deleted too")),
        ),
        initial="keep",
        widget=forms.RadioSelect,
    )
    field_order = ("messages", "password")
