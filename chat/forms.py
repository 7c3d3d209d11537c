"""The forms of rooms and messages: names are made canonical, texts only read."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat.moderation_tables import Report
from livechat.lib import limits
from livechat.lib.emoji import emoji
from livechat.lib.text import TextError, normalise_name, skeleton
from livechat.lib.words import marked

MAX_SEQ = 2**53


class RoomForm(forms.Form):
    """A room's name, what it is for, and who may see it."""

    name = forms.CharField(
        max_length=limits.NAME_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("What is it for?"),
        required=False,
        max_length=limits.DESCRIPTION_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    is_private = forms.BooleanField(
        label=_("Private: only its members see it"), required=False
    )

    def clean_name(self) -> str:
        """One line, nothing hidden in it."""
        return one_line(self.cleaned_data["name"], limits.NAME_MAX_LENGTH)

    def clean_description(self) -> str:
        """One line, or nothing."""
        text: str = self.cleaned_data["description"]
        return one_line(text, limits.DESCRIPTION_MAX_LENGTH) if text else ""


class LobbyForm(forms.Form):
    """Which rooms a lobby shows, in which order, and which page of them."""

    SORTS: ClassVar[list[tuple[str, str]]] = [
        ("name", marked("By name")),
        ("active", marked("Latest words first")),
        ("people", marked("Most people first")),
        ("new", marked("Newest first")),
    ]
    DEFAULTS: ClassVar[dict[str, Any]] = {
        "q": "",
        "sort": "name",
        "number": 1,
        "archived": False,
    }

    q = forms.CharField(required=False, max_length=limits.NAME_MAX_LENGTH)
    sort = forms.ChoiceField(required=False, choices=SORTS)
    number = forms.IntegerField(required=False, min_value=1, max_value=10_000)
    archived = forms.BooleanField(required=False)

    def clean_q(self) -> str:
        """The part as names have it; nothing where no name can have it."""
        return _part(self.cleaned_data["q"])

    def wanted(self) -> dict[str, Any]:
        """What was asked for and makes sense."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class ArchiveForm(forms.Form):
    """Whether a room is in the archive from now on."""

    archived = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class TopicForm(forms.Form):
    """What is going on in a room."""

    topic = forms.CharField(max_length=limits.TOPIC_MAX_LENGTH)

    def clean_topic(self) -> str:
        """One line."""
        return one_line(self.cleaned_data["topic"], limits.TOPIC_MAX_LENGTH)


class SuggestForm(forms.Form):
    """What stands before the caret: the character that opens a list, what follows."""

    kind = forms.CharField(max_length=1)
    q = forms.CharField(required=False, max_length=limits.NAME_MAX_LENGTH)
    at = forms.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)


class UnreadForm(forms.Form):
    """The room that one is in, and which way one goes from there."""

    room = forms.CharField(required=False, max_length=limits.NAME_MAX_LENGTH)
    way = forms.ChoiceField(choices=[("down", "down"), ("up", "up")])


class MessageForm(forms.Form):
    """A message without JavaScript; the text itself is judged by the room worker."""

    client_id = forms.UUIDField()
    body = forms.CharField(strip=False, required=False)


class EditForm(forms.Form):
    """Another text for a message, under an id of its own; the room worker judges it."""

    client_id = forms.UUIDField()


class ReactionForm(forms.Form):
    """One emoji, and whether it is put to a message or taken back."""

    emoji = forms.CharField(max_length=limits.NAME_MAX_LENGTH)
    on = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)

    def clean_emoji(self) -> str:
        """As the list of emoji spells it."""
        found = emoji(self.cleaned_data["emoji"])
        if found is None:
            raise ValidationError(_("This is no emoji."))
        return found.text

    def clean_on(self) -> str:
        """Put to it, if nothing else is said."""
        return str(self.cleaned_data["on"] or "yes")


class BeforeForm(forms.Form):
    """Where a page of older messages ends."""

    before = forms.IntegerField(min_value=1, max_value=MAX_SEQ)


class AddMemberForm(forms.Form):
    """Who is to belong to the room; cleaned, the name is the person."""

    name = forms.CharField(
        label=_("Add somebody by name"),
        max_length=limits.NAME_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off", "list": "addable"}),
    )

    def clean_name(self) -> User:
        """The person with the name, written as one may; names are unique."""
        wanted = skeleton(one_line(self.cleaned_data["name"], limits.NAME_MAX_LENGTH))
        found = User.objects.filter(name_skeleton=wanted, is_active=True).first()
        if found is None:
            raise ValidationError(_("Nobody here has this name."))
        return found


class PeopleForm(forms.Form):
    """Whom a direct or group message is to be with; and a part of more names."""

    q = forms.CharField(required=False, max_length=limits.NAME_MAX_LENGTH)
    user = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True), to_field_name="public_id", required=False
    )

    def clean_q(self) -> str:
        """The part as names have it; nothing where no name can have it."""
        return _part(self.cleaned_data["q"])


class RoleForm(forms.Form):
    """The role that somebody gets."""

    role = forms.ChoiceField(
        choices=[(role, role) for role in ("admin", "moderator", "member")]
    )


class MuteForm(forms.Form):
    """Whether somebody is muted from now on."""

    muted = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class LinkForm(forms.Form):
    """How long a link into a room lasts, and for how many people."""

    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=limits.INVITE_MAX_DAYS, initial=7
    )
    uses = forms.IntegerField(
        label=_("People"), min_value=1, max_value=limits.INVITE_MAX_USES, initial=10
    )
    signs_up = forms.BooleanField(
        label=_("Also for people who have no account yet"), required=False
    )

    def __init__(self, data: Any = None, *, for_staff: bool) -> None:
        super().__init__(data)
        if not for_staff:
            del self.fields["signs_up"]


class ReportForm(forms.Form):
    """What is wrong with a message."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Anything to add?"),
        required=False,
        max_length=limits.REPORT_NOTE_MAX_LENGTH,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def clean_note(self) -> str:
        """One line, or nothing."""
        text: str = self.cleaned_data["note"]
        return one_line(text, limits.REPORT_NOTE_MAX_LENGTH) if text else ""


class OutcomeForm(forms.Form):
    """What is done about a report."""

    outcome = forms.ChoiceField(choices=Report.Outcome.choices)


class OffsetForm(forms.Form):
    """How many of a list are passed over."""

    offset = forms.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)


def _part(text: str) -> str:
    """A part of a name to look for, or nothing where no name can have it."""
    try:
        return normalise_name(text, max_length=limits.NAME_MAX_LENGTH)
    except TextError:
        return ""


def one_line(text: Any, max_length: int) -> str:
    try:
        return normalise_name(text, max_length=max_length)
    except TextError as error:
        raise ValidationError(str(error)) from error
