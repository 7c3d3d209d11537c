"""The end of mails of what is unread, by the link in each; no log-in is asked."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from chat import digests


# Mail programs post here by themselves (RFC 8058), without a page; the code is all
# that is needed, and nothing else can be done with it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def digest_end(request: HttpRequest, code: str) -> HttpResponse:
    """Ask, then send no more mails; 404 for a code that is none. Repeats do no harm."""
    user = digests.user_of(code)
    if user is None:
        raise Http404("This link is not complete. Copy the whole of it from the mail.")
    if request.method == "POST":
        digests.end(user)
    context = {"is_done": request.method == "POST"}
    return render(request, "chat/digest_end.html", context)
