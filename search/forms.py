"""What is looked for."""

from django import forms

from livechat.lib import limits


class PaletteForm(forms.Form):
    """The text of the command palette."""

    q = forms.CharField(required=False, max_length=limits.QUERY_MAX_LENGTH)
