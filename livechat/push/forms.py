"""What a browser sends of itself, and when and how much somebody wants to be told."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from livechat.lib.zones import zone_called
from livechat.push.actions import PAUSES_H, RESUME, TOMORROW, Browser
from livechat.push.models import Preferences

NO_ZONE = _("Choose one of the list, such as Europe/Berlin or UTC.")
NO_SUBSCRIPTION = _("This browser sent no subscription. Reload the page and try again.")
PAUSE_CHOICES = [(one, one) for one in (*PAUSES_H, TOMORROW, RESUME)]
SHOWN = ((True, _("Who wrote and what")), (False, _("Only that there is something")))


class SubscribeForm(forms.Form):
    """`PushSubscription.toJSON()` of the browser, as one field."""

    subscription = forms.CharField(max_length=4_000)

    def clean_subscription(self) -> dict[str, str]:
        """The endpoint and the two keys; other members are ignored."""
        try:
            given = json.loads(self.cleaned_data["subscription"])
            keys = given["keys"]
            parts = (given["endpoint"], keys["p256dh"], keys["auth"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValidationError(NO_SUBSCRIPTION) from error
        if not all(isinstance(one, str) for one in parts):
            raise ValidationError(NO_SUBSCRIPTION)
        return dict(zip(("endpoint", "p256dh", "auth"), parts, strict=True))

    def browser(self, name: str) -> Browser:
        """What was sent, of the browser with this name."""
        return Browser(name=name, **self.cleaned_data["subscription"])


class PauseForm(forms.Form):
    """How long nothing is to be sent."""

    pause = forms.ChoiceField(choices=PAUSE_CHOICES)


def _clock() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """How much a notification shows, and the hours without any."""

    shows_text = forms.TypedChoiceField(
        label=_("A notification shows"),
        choices=SHOWN,
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
    )
    plays_sound = forms.BooleanField(
        label=_("A page that is open plays a sound"), required=False
    )
    digest = forms.ChoiceField(
        label=_("A mail of what you have not read"),
        choices=Preferences.Digest.choices,
        required=False,
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=_clock())
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=_clock())
    # Not a list to choose from: Django renders each of 500 choices by a template.
    zone = forms.CharField(
        label=_("Your time zone"), widget=forms.TextInput(attrs={"list": "zones"})
    )

    class Meta:
        model = Preferences
        fields = (
            "shows_text",
            "plays_sound",
            "digest",
            "quiet_from",
            "quiet_to",
            "zone",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Without what a site that sends no mail cannot do."""
        super().__init__(*args, **kwargs)
        if not settings.EMAIL_URL:
            del self.fields["digest"]

    def clean_digest(self) -> str:
        """As it was, where nothing was said."""
        return self.cleaned_data["digest"] or str(self.instance.digest)

    def clean_zone(self) -> str:
        """One that this machine knows, in any case."""
        if (found := zone_called(self.cleaned_data["zone"])) is None:
            raise ValidationError(NO_ZONE)
        return found

    def clean(self) -> dict[str, Any]:
        """Both ends of the quiet hours, or none."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        if (data.get("quiet_from") is None) != (data.get("quiet_to") is None):
            missing = "quiet_to" if data.get("quiet_to") is None else "quiet_from"
            self.add_error(missing, _("Give both times, or leave both empty."))
        return data
