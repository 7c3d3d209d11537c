"""The JSON API of a thread."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from accounts.api import api
from accounts.http import UserRequest
from accounts.models import User
from chat import notices
from chat.access import message_or_404
from chat.api_parts import number_in, refusal, visible
from chat.fields import MAX_SEQ
from chat.message_fields import message_fields
from chat.models import Message, Room
from chat.threads import threads_of
from livechat.lib import limits


@require_GET
@api
def threads(request: UserRequest) -> HttpResponse:
    """The first messages of threads that one follows, the latest reply first."""
    found = [
        {
            "room": one.room.public_id,
            "message": message_fields(one),
            "unread": one.new_replies,
        }
        for one in threads_of(request.user)
    ]
    return JsonResponse({"threads": found})


@require_GET
@api
def thread(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """The thread that the message belongs to, or begins: a page, oldest first."""
    found = visible(request.user, public_id)
    message = message_or_404(request.user, found, seq)
    try:
        before = number_in(request, "before", 0, MAX_SEQ)
        limit = number_in(request, "limit", 1, limits.HISTORY_PAGE_MAX)
    except ValueError as error:
        return refusal("bad_seq", str(error), 400)
    root = _root(request.user, found, message)
    end = found.last_seq + 1 if before is None else before
    rows = Message.objects.readable_by(request.user, found).filter(thread=root.seq)
    page = rows.page_before(end, limit or limits.PAGE_SIZE)
    return JsonResponse(
        {
            "room": found.public_id,
            "root": message_fields(root),
            "messages": [message_fields(one) for one in page],
        }
    )


@require_POST
@api
def thread_read(request: UserRequest, public_id: str, seq: int) -> HttpResponse:
    """Mark the thread that the message belongs to, or begins, read to its end (204)."""
    found = visible(request.user, public_id)
    message = message_or_404(request.user, found, seq)
    root = _root(request.user, found, message)
    notices.read_thread(request.user, found, root.seq)
    return HttpResponse(status=204)


def _root(user: User, room: Room, message: Message) -> Message:
    """The first message of the thread that the message belongs to, or begins."""
    if message.thread is None:
        return message
    return message_or_404(user, room, message.thread)
