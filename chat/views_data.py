"""What the site keeps of oneself, to be taken along; it asks for the password."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms_end import PasswordForm
from accounts.http import UserRequest
from accounts.rates import PASSWORD_TRY, TooOften, pay
from chat.exports import TooSoon, note_export, streamed


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters("password")
def own_data(request: UserRequest) -> HttpResponseBase:
    """The page with the ways to take one's data along and to leave; the ZIP (POST)."""
    user = request.user
    form = PasswordForm(request.POST or None, user=user)
    if request.method != "POST":
        return _page(request, form)
    try:
        pay(user, PASSWORD_TRY)
        if not form.is_valid():
            return _page(request, form, status=422)
        note_export(user)
    except (TooOften, TooSoon) as reason:
        page = _page(request, PasswordForm(user=user), str(reason), status=429)
        page["Retry-After"] = str(reason.retry_after_s)
        return page
    name = f"livechat-{timezone.now():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        streamed(user),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _page(
    request: UserRequest, form: Any, refused: str = "", *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "refused": refused}
    return render(request, "chat/own_data.html", context, status=status)
