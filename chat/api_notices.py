"""The JSON API of notifications: the list of the page, and that they are read."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from accounts.api import api
from accounts.http import UserRequest
from chat import notice_list, notices
from chat.api_parts import Fields, body_of, line, refusal
from chat.forms_read import NoticesForm
from chat.notice_tables import Notice
from chat.reading import mark_all_read
from livechat.lib.codec import FrameError

READ: Fields = {"id": line(16)}


@require_GET
@api
def listed(request: UserRequest) -> HttpResponse:
    """The newest of one's notifications, below the one of `before`, if it is given."""
    form = NoticesForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    found = None if before is None else notice_list.page(request.user, before)
    if found is None:
        raise Http404("There is no such notification, or it is not yours.")
    bell = notice_list.bells([request.user.pk])[request.user.pk]
    rows = [_fields(one) for one in found.entries]
    further = found.further or None
    return JsonResponse(
        {"unread": bell.count, "notifications": rows, "further": further}
    )


@require_POST
@api
def read(request: UserRequest) -> HttpResponse:
    """Mark one (`id`) read, or, as the page does, everything that is unread (204)."""
    try:
        given = body_of(request, READ)
    except FrameError as error:
        return refusal(error.code, error.message, 400)
    public_id = given.get("id", "")
    theirs = Notice.objects.filter(user=request.user, public_id=public_id)
    if public_id and not theirs.exists():
        raise Http404("There is no such notification, or it is not yours.")
    if not public_id:
        mark_all_read(request.user)
    notices.mark_read(request.user, public_id)
    return HttpResponse(status=204)


def _fields(one: notice_list.Entry) -> dict[str, Any]:
    return {**one.fields, "read": not one.unread}
