"""The forms of what people tell of themselves, and of how they want to be seen."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts import availability
from accounts.forms import NAME_TAKEN, NameField, free_name
from accounts.models import User
from accounts.profiles import LASTING, Profile, end_of, profile_of
from livechat.lib import limits
from livechat.lib.emoji import emoji
from livechat.lib.text import EmptyText, TextError, normalise_name, normalise_text
from livechat.lib.zones import zone_called

THEMES = (("system", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
LANGUAGES = (("", _("As the browser")), *settings.LANGUAGES)
OF_THE_USER = ("display_name", "theme", "language", "shows_previews")
NO_ZONE = _("Choose one of the list, such as Europe/Berlin or UTC.")
# What many are at, to be set by one press.
AT_ONCE = (
    ("\U0001f5e3\ufe0f", gettext_noop("In a meeting"), "1h"),
    ("\U0001f3af", gettext_noop("Focusing"), "1h"),
    ("\U0001f37d\ufe0f", gettext_noop("Having a break"), "30m"),
    ("\U0001f912", gettext_noop("Out sick"), "today"),
    ("\U0001f334", gettext_noop("On holiday"), "week"),
)


class LineField(forms.CharField):
    """One line that may be empty, made canonical."""

    def clean(self, value: Any) -> str:
        """The line, or a ValidationError with a sentence."""
        if not (text := super().clean(value)):
            return ""
        try:
            return normalise_name(text, max_length=self.max_length or 0)
        except TextError as error:
            raise ValidationError(str(error)) from error


class ProfileForm(forms.Form):
    """What people may change about themselves."""

    display_name = NameField(_("Your name"))
    pronouns = LineField(
        label=_("Pronouns"), max_length=limits.PRONOUNS_MAX_LENGTH, required=False
    )
    about = forms.CharField(
        label=_("About you"),
        max_length=limits.ABOUT_MAX_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    # Not a list to choose from: Django renders each of 500 choices by a template.
    zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        required=False,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
        help_text=_("Others see what time it is for you. Empty: nobody does."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    theme = forms.ChoiceField(
        label=_("Theme"), choices=THEMES, widget=forms.RadioSelect
    )
    shows_previews = forms.BooleanField(
        label=_("Show previews of links under messages"), required=False
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        self.user, self.profile = user, profile_of(user)
        super().__init__(
            data,
            initial={
                "display_name": user.display_name,
                "theme": user.theme,
                "language": user.language,
                "shows_previews": user.shows_previews,
                "pronouns": self.profile.pronouns,
                "about": self.profile.about,
                "zone": self.profile.zone,
            },
        )
        if not settings.LINK_PREVIEWS:  # there is none to show
            del self.fields["shows_previews"]

    def clean_display_name(self) -> str:
        """The name, if it is theirs or free."""
        return free_name(self.cleaned_data["display_name"], but=self.user)

    def clean_about(self) -> str:
        """The text, or nothing."""
        try:
            text: str = self.cleaned_data["about"]
            return normalise_text(text, max_length=limits.ABOUT_MAX_LENGTH)
        except EmptyText:
            return ""
        except TextError as error:
            raise ValidationError(str(error)) from error

    def clean_zone(self) -> str:
        """One that this machine knows, in any case, or none."""
        if not (wanted := self.cleaned_data["zone"]):
            return ""
        if (found := zone_called(wanted)) is None:
            raise ValidationError(NO_ZONE)
        return found

    def save(self) -> bool:
        """Store; False, with an error on the form, when the name has just gone."""
        own = [name for name in OF_THE_USER if name in self.cleaned_data]
        for name in own:
            setattr(self.user, name, self.cleaned_data[name])
        for name in ("pronouns", "about", "zone"):
            setattr(self.profile, name, self.cleaned_data[name])
        try:
            self.user.save(update_fields=own)
        except IntegrityError:
            self.add_error("display_name", NAME_TAKEN)
            return False
        self.profile.save()
        availability.tell(self.user)
        return True


class ThemeForm(forms.Form):
    """Light, dark, or as the system."""

    theme = forms.ChoiceField(choices=THEMES)


class StatusForm(forms.Form):
    """What somebody is at, and for how long."""

    emoji = forms.CharField(
        label=_("Emoji"),
        max_length=limits.NAME_MAX_LENGTH,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "\U0001f4ac"}),
    )
    text = LineField(
        label=_("What you are at"),
        max_length=limits.STATUS_MAX_LENGTH,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "list": "at-once"}),
    )
    lasting = forms.ChoiceField(
        label=_("Clear it after"), choices=LASTING, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, profile: Profile) -> None:
        self.profile = profile
        status = profile.status
        initial: dict[str, Any] = {"lasting": "today"}
        if status is not None:
            initial |= {"emoji": status.emoji, "text": status.text}
        super().__init__(data, initial=initial)

    def clean_emoji(self) -> str:
        """As the list of emoji spells it, or none."""
        if not (given := self.cleaned_data["emoji"]):
            return ""
        if (found := emoji(given)) is None:
            raise ValidationError(_("Expected one emoji, or nothing."))
        return found.text

    def save(self) -> None:
        """Store it, and let open pages show it."""
        profile, data = self.profile, self.cleaned_data
        profile.status_emoji, profile.status_text = data["emoji"], data["text"]
        profile.status_until = end_of(data["lasting"], profile, timezone.now())
        profile.save()
        availability.tell(profile.user)


class AvailabilityForm(forms.Form):
    """How somebody wants to be seen, and for how long."""

    state = forms.ChoiceField(choices=[(one, one) for one in availability.STATES])
    lasting = forms.ChoiceField(choices=LASTING, required=False)

    def until(self, profile: Profile) -> datetime | None:
        """When it ends; None: when they say so, as being online does."""
        if self.cleaned_data["state"] == "online":
            return None
        lasting = self.cleaned_data["lasting"] or "none"
        return end_of(lasting, profile, timezone.now())
