"""The form of a room's settings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.forms import RoomForm, one_line
from livechat.lib import limits

SLOW_MODES = [
    (0, _("as often as they like")),
    (5, _("once in 5 seconds")),
    (10, _("once in 10 seconds")),
    (30, _("once in 30 seconds")),
    (60, _("once a minute")),
    (300, _("once in 5 minutes")),
    (900, _("once in 15 minutes")),
    (3600, _("once an hour")),
    (limits.SLOW_MODE_MAX_S, _("once in 6 hours")),
]


class SettingsForm(RoomForm):
    """All that a room's admins set; `slow_mode_s` is a number once cleaned."""

    topic = forms.CharField(
        label=_("Topic: what is going on"),
        required=False,
        max_length=limits.TOPIC_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    is_read_only = forms.BooleanField(
        label=_("Read-only: only admins and moderators write"), required=False
    )
    members_pin = forms.BooleanField(
        label=_("Every member may pin messages and unpin them"), required=False
    )
    slow_mode_s = forms.TypedChoiceField(
        label=_("Slow mode: each member may write"),
        required=False,  # left out, it stays as it is
        empty_value=None,
        coerce=int,
        choices=SLOW_MODES,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seconds = self.initial.get("slow_mode_s", 0)
        if seconds not in dict(SLOW_MODES):  # as a program has set it
            told = _("once in {seconds} seconds").format(seconds=seconds)
            choice = (seconds, told)
            self.fields["slow_mode_s"].choices = [*SLOW_MODES, choice]  # type: ignore[attr-defined] # a choice field

    field_order = (
        *("name", "topic", "description", "slow_mode_s"),
        *("is_read_only", "members_pin"),
    )

    def clean_topic(self) -> str:
        """One line, or nothing."""
        text: str = self.cleaned_data["topic"]
        return one_line(text, limits.TOPIC_MAX_LENGTH) if text else ""
