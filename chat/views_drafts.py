"""What the boxes of a room's page hold, kept while one writes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.http import UserRequest
from chat.access import allowed_or_404
from chat.changes import TooManyChanges
from chat.drafts import keep_draft
from chat.forms_read import DraftForm
from livechat.lib.http import error_page
from livechat.lib.text import TextError


@require_POST
@login_required
def room_draft(request: UserRequest, public_id: str) -> HttpResponse:
    """Keep what was begun, or nothing (an empty text); the page shows none of it."""
    found = allowed_or_404(request.user, "keep_draft", public_id)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return error_page(
            request,
            422,
            gettext("That was not understood"),
            gettext("Reload the page."),
        )
    given = form.cleaned_data
    try:
        keep_draft(request.user, found, given["body"], given["client_id"], form.box)
    except TextError as error:
        return error_page(request, 422, gettext("That is no draft"), str(error))
    except TooManyChanges as reason:
        wait = {"Retry-After": str(reason.retry_after_s)}
        return HttpResponse(status=429, headers=wait)
    return HttpResponse(status=204)
