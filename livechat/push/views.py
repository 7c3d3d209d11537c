"""The page of notifications: this browser and others, a test, when and how much."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.agents import device_name
from accounts.http import UserRequest
from accounts.models import User
from livechat.lib import limits, webpush
from livechat.lib.zones import zones
from livechat.push import actions
from livechat.push.forms import PauseForm, PreferencesForm, SubscribeForm
from livechat.push.models import Delivery, Preferences, Subscription
from livechat.push.signals import remember


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def push_settings(request: HttpRequest) -> HttpResponse:
    """The page; a POST keeps when and how much somebody wants to be told."""
    user = cast(UserRequest, request).user
    form = PreferencesForm(request.POST or None, instance=preferences_of(user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, gettext("Saved."))
        return redirect("push_settings")
    return _page(request, form)


@require_POST
@login_required
def push_subscribe(request: HttpRequest) -> HttpResponse:
    """Keep this browser; 422 with the page when it is no subscription."""
    user = cast(UserRequest, request).user
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        return _page(request, problem=str(form.errors["subscription"][0]))
    browser = form.browser(device_name(request.headers.get("User-Agent", "")))
    try:
        key = cast(str, request.session.session_key)
        remember(request, actions.subscribe(user, key, browser))
    except actions.NotSubscribed as reason:
        return _page(request, problem=str(reason))
    messages.success(
        request, gettext("This browser will tell you. Send yourself a test.")
    )
    return redirect("push_settings")


@require_POST
@login_required
def push_remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget one browser of one's own; 404 for others'."""
    user = cast(UserRequest, request).user
    found = get_object_or_404(user.push_subscriptions, public_id=public_id)
    found.delete()
    sentence = gettext("{name} is not told any more.").format(name=found.called)
    messages.success(request, sentence)
    return redirect("push_settings")


@require_POST
@login_required
def push_test(request: HttpRequest) -> HttpResponse:
    """Tell all browsers of one's own, to see whether they show it."""
    try:
        count = actions.send_test(cast(UserRequest, request).user)
    except actions.TooSoon as reason:
        return _page(request, problem=str(reason), status=429)
    sentence = gettext(
        "Sent. It should appear within seconds; below stands how it went."
    )
    messages.success(
        request, sentence if count else gettext("No browser is turned on yet.")
    )
    return redirect("push_settings")


@require_POST
@login_required
def push_pause(request: HttpRequest) -> HttpResponse:
    """Hold everything back for a while, or go on."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, problem=gettext("Choose how long to pause."))
    actions.pause(cast(UserRequest, request).user, form.cleaned_data["pause"])
    return redirect("push_settings")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows notifications while no page is open, at the site's root."""
    return render(request, "push/sw.js", content_type="text/javascript; charset=utf-8")


def preferences_of(user: User) -> Preferences:
    """The user's, or the defaults, not stored."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def devices_of(user: User) -> QuerySet[Subscription]:
    """The user's browsers, the newest first."""
    return user.push_subscriptions.alive().order_by("-pk")


def log_of(user: User) -> QuerySet[Delivery]:
    """The user's newest deliveries, the newest first."""
    return user.deliveries.order_by("-pk")[: limits.PUSH_LOG_MAX]


def _page(
    request: HttpRequest,
    form: PreferencesForm | None = None,
    *,
    problem: str = "",
    status: int = 422,
) -> HttpResponse:
    user = cast(UserRequest, request).user
    stored = preferences_of(user)
    now = timezone.now()
    devices = list(devices_of(user))
    this_key = request.session.session_key
    context: dict[str, Any] = {
        "form": form or PreferencesForm(instance=stored),
        "devices": devices,
        "is_on_here": any(one.session_id == this_key for one in devices),
        "deliveries": log_of(user),
        "zone": stored.zone,
        "zones": zones(),
        "paused_until": stored.paused_until
        if stored.paused_until and stored.paused_until > now
        else None,
        "this_key": this_key,
        "public_key": webpush.public_key(settings.VAPID_PRIVATE_KEY),
        "problem": problem,
    }
    wrong = problem or (form is not None and form.errors)
    status = status if wrong else 200
    return render(request, "push/settings.html", context, status=status)
