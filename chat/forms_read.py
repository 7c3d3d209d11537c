"""What somebody says of what they have read, want to be told of, or keep at hand."""

from django import forms
from django.core.exceptions import ValidationError

from chat.forms import MAX_SEQ, MessageForm
from chat.own_tables import Box


class OwnForm(forms.Form):
    """What a member sets for themselves in a room: one of the two, or both."""

    level = forms.ChoiceField(
        choices=[("all", "all"), ("mentions", "mentions"), ("nothing", "nothing")],
        required=False,
    )
    favourite = forms.ChoiceField(
        choices=[("yes", "yes"), ("no", "no")], required=False
    )

    def clean(self) -> None:
        """At least one of the two."""
        if not any(self.cleaned_data.get(name) for name in self.fields):
            raise ValidationError("Expected level or favourite.")


class ReadForm(forms.Form):
    """How far somebody has read: up to one message, or to right before another."""

    upto = forms.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)
    unread_from = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)

    def clean(self) -> None:
        """Exactly one of the two."""
        given = [self.cleaned_data.get(name) for name in ("upto", "unread_from")]
        if given.count(None) != 1:
            raise ValidationError("Expected upto or unread_from.")

    @property
    def upto_seq(self) -> int:
        """The last message that is read."""
        upto, unread_from = self.cleaned_data["upto"], self.cleaned_data["unread_from"]
        return int(unread_from - 1 if upto is None else upto)


class NoticesForm(forms.Form):
    """Below which of one's notifications a page of them begins."""

    before = forms.CharField(max_length=16, required=False)


class SwitchForm(forms.Form):
    """Whether something is so from now on."""

    on = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])

    @property
    def is_on(self) -> bool:
        """What a valid form says."""
        return bool(self.cleaned_data["on"] == "yes")


class ThreadForm(forms.Form):
    """Which thread stands beside the room, and which page of it."""

    thread = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    at = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    replies_before = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)


class ThreadPageForm(forms.Form):
    """A page of a thread that ends before a message, or what has changed since."""

    before = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    since = forms.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)


class DraftForm(MessageForm):
    """What a box of a room holds, and which box it is."""

    thread = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    reply_to = forms.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)

    @property
    def box(self) -> Box:
        """The box; without a number the room's own."""
        given = self.cleaned_data
        return Box(given["thread"] or 0, given["reply_to"] or 0)
