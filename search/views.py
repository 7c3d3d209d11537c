"""The command palette: a list for the dialog, and a page where there is no script."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from livechat.lib import limits
from livechat.lib.http import error_page
from search.forms import PaletteForm
from search.palette import hits


@require_safe
@login_required
def palette(request: UserRequest) -> HttpResponse:
    """What fits `q`: the list alone for htmx, else a whole page."""
    form = PaletteForm(request.GET)
    if not form.is_valid():
        sentence = gettext("q: expected at most {most} characters.").format(
            most=limits.QUERY_MAX_LENGTH
        )
        return error_page(request, 422, gettext("That was not understood"), sentence)
    text = form.cleaned_data["q"]
    context = {"q": text, "hits": hits(request.user, text)}
    part = "search/_hits.html" if request.headers.get("HX-Request") else None
    return render(request, part or "search/palette.html", context)
