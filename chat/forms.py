"""The forms of rooms and messages: names are made canonical, texts only read."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from livechat.lib import limits
from livechat.lib.text import TextError, normalise_name

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


def _one_line(text: Any, max_length: int) -> str:
    try:
        return normalise_name(text, max_length=max_length)
    except TextError as error:
        raise ValidationError(str(error)) from error
