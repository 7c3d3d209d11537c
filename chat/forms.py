"""The forms of rooms and messages: names are made canonical, texts only read."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from livechat.lib import limits
from livechat.lib.text import TextError, normalise_name, skeleton

MAX_SEQ = 2**53


class RoomForm(forms.Form):
    """A room's name, what it is for, and who may see it."""

    name = forms.CharField(
        max_length=limits.NAME_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    description = forms.CharField(
        label="What is it for?",
        required=False,
        max_length=limits.DESCRIPTION_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    is_private = forms.BooleanField(
        label="Private: only its members see it", required=False
    )

    def clean_name(self) -> str:
        """One line, nothing hidden in it."""
        return _one_line(self.cleaned_data["name"], limits.NAME_MAX_LENGTH)

    def clean_description(self) -> str:
        """One line, or nothing."""
        text: str = self.cleaned_data["description"]
        return _one_line(text, limits.DESCRIPTION_MAX_LENGTH) if text else ""


class MessageForm(forms.Form):
    """A message without JavaScript; the text itself is judged by the room worker."""

    client_id = forms.UUIDField()
    body = forms.CharField(strip=False, required=False)


class BeforeForm(forms.Form):
    """Where a page of older messages ends."""

    before = forms.IntegerField(min_value=1, max_value=MAX_SEQ)


class AddMemberForm(forms.Form):
    """Who is to belong to the room; cleaned, the name is the person."""

    name = forms.CharField(
        label="Add somebody by name",
        max_length=limits.NAME_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off", "list": "addable"}),
    )

    def clean_name(self) -> User:
        """The person with the name, written as one may; names are unique."""
        wanted = skeleton(_one_line(self.cleaned_data["name"], limits.NAME_MAX_LENGTH))
        found = User.objects.filter(name_skeleton=wanted, is_active=True).first()
        if found is None:
            raise ValidationError("Nobody here has this name.")
        return found


class PeopleForm(forms.Form):
    """Whom a direct or group message is to be with; and a part of more names."""

    q = forms.CharField(required=False, max_length=limits.NAME_MAX_LENGTH)
    user = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True), to_field_name="public_id", required=False
    )

    def clean_q(self) -> str:
        """The part as names have it; nothing where no name can have it."""
        text: str = self.cleaned_data["q"]
        try:
            return normalise_name(text, max_length=limits.NAME_MAX_LENGTH)
        except TextError:
            return ""


class RoleForm(forms.Form):
    """The role that somebody gets."""

    role = forms.ChoiceField(choices=[("admin", "admin"), ("member", "member")])


class MuteForm(forms.Form):
    """Whether somebody is muted from now on."""

    muted = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class OffsetForm(forms.Form):
    """How many of a list are passed over."""

    offset = forms.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)


def _one_line(text: Any, max_length: int) -> str:
    try:
        return normalise_name(text, max_length=max_length)
    except TextError as error:
        raise ValidationError(str(error)) from error
