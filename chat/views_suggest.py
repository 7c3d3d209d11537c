"""The list under the caret: what a page proposes while somebody writes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from chat.access import room_or_404
from chat.forms import SuggestForm
from chat.suggestions import PROVIDERS, Suggestion
from livechat.lib import limits
from livechat.lib.http import error_page


@require_safe
@login_required
def room_suggest(request: UserRequest, public_id: str) -> HttpResponse:
    """The fragment of what fits `q` after the character `kind`; empty when nothing."""
    found = room_or_404(request.user, public_id)
    form = SuggestForm(request.GET)
    if not form.is_valid() or form.cleaned_data["kind"] not in PROVIDERS:
        sentence = f"kind: expected one of {' '.join(PROVIDERS)}, and at most 50 of q."
        return error_page(request, 422, gettext("That was not understood"), sentence)
    asked = form.cleaned_data
    shown: list[Suggestion] = []
    if asked["kind"] != "/" or asked["at"] == 1:  # a command is a text's first word
        shown = PROVIDERS[asked["kind"]](request.user, found, asked["q"])
    context = {"suggestions": shown[: limits.SUGGESTIONS_MAX]}
    return render(request, "chat/_suggestions.html", context)
