"""What people tell of themselves, and how they want to be seen; without a script."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import availability
from accounts.forms_profile import (
    AT_ONCE,
    AvailabilityForm,
    ProfileForm,
    StatusForm,
    ThemeForm,
)
from accounts.http import UserRequest
from accounts.profiles import LASTING, Profile, profile_of
from accounts.rates import TooOften, pay
from livechat.lib.http import error_page
from livechat.lib.languages import language_for
from livechat.lib.zones import zones

View = Callable[[HttpRequest], HttpResponse]


def paid(*, cost: float = 1.0) -> Callable[[View], View]:
    """A view whose POST costs so many changes; 429 when the bucket has fewer."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest) -> HttpResponse:
            if request.method == "POST":
                try:
                    pay(cast(UserRequest, request).user, cost)
                except TooOften as reason:
                    return _too_often(request, reason)
            return view(request)

        return wrapped

    return decorate


def _too_often(request: HttpRequest, reason: TooOften) -> HttpResponse:
    page = error_page(request, 429, gettext("That was too often"), str(reason))
    page["Retry-After"] = str(reason.retry_after_s)
    return page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@paid()
def profile(request: HttpRequest) -> HttpResponse:
    """Name, a few words, time zone and theme; links to all else of one's own."""
    user = cast(UserRequest, request).user
    form = ProfileForm(request.POST or None, user=user)
    if form.is_valid() and form.save():
        accepted = request.headers.get("Accept-Language", "")
        with translation.override(language_for(user.language, accepted)):
            messages.success(request, gettext("Saved."))
        return redirect("profile")
    context = {"form": form, "zones": zones(), "status": form.profile.status}
    status = 422 if form.errors else 200
    return render(request, "accounts/profile.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@paid()
def status(request: HttpRequest) -> HttpResponse:
    """What one is at, and how one is seen; `at_once` names one that is ready."""
    found = profile_of(cast(UserRequest, request).user)
    if request.method != "POST":
        return _status_page(request, found, StatusForm(profile=found))
    form = StatusForm(_sent(request), profile=found)
    if not form.is_valid():
        return _status_page(request, found, form)
    form.save()
    cleared = gettext("Your status is clear.")
    messages.success(request, gettext("Saved.") if found.status else cleared)
    return redirect("status")


def _sent(request: HttpRequest) -> dict[str, str]:
    """The form as it was sent, or as one press of a button means it."""
    if request.POST.get("clear"):
        return {"emoji": "", "text": "", "lasting": "none"}
    at_once = request.POST.get("at_once", "")
    for emoji, text, lasting in AT_ONCE:
        if at_once == text:
            return {"emoji": emoji, "text": gettext(text), "lasting": lasting}
    return request.POST.dict()


def _status_page(
    request: HttpRequest, found: Profile, form: StatusForm
) -> HttpResponse:
    user = cast(UserRequest, request).user
    context = {
        "form": form,
        "status": found.status,
        "zone": found.zone or "UTC",
        "at_once": AT_ONCE,
        "lasting": LASTING,
        "availability": availability.of(user),
        "available_until": availability.end_of(user),
    }
    code = 422 if form.errors else 200
    return render(request, "accounts/status.html", context, status=code)


@require_POST
@login_required
@paid()
def choose_availability(request: HttpRequest) -> HttpResponse:
    """Be seen as online, away, not to be disturbed, or not at all, on all devices."""
    user = cast(UserRequest, request).user
    form = AvailabilityForm(request.POST)
    if not form.is_valid():
        sentence = gettext("Choose online, away, do not disturb or invisible.")
        return error_page(request, 422, gettext("That was not understood"), sentence)
    until = form.until(profile_of(user))
    availability.choose(user, form.cleaned_data["state"], until)
    return back(request, "status")


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    """Set the theme, and go back to the local page in `next`; 422 for no theme."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(gettext("Choose system, light or dark."), status=422)
    user = cast(UserRequest, request).user
    user.theme = form.cleaned_data["theme"]
    user.save(update_fields=["theme"])
    return back(request, "profile")


def back(request: HttpRequest, page: str) -> HttpResponse:
    """Nothing for a script; else the local page in `next`, or the one named."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return redirect(target if is_ours else page)
