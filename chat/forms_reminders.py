"""What somebody wants to be reminded of, as they say it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from livechat.lib import limits


class ReminderForm(forms.Form):
    """When and of what, in one line."""

    words = forms.CharField(
        label=_("When, and of what"),
        max_length=2 * limits.REMINDER_MAX_LENGTH,
        widget=forms.TextInput(
            attrs={"placeholder": _("tomorrow 9:00 call Bob"), "autocomplete": "off"}
        ),
    )
