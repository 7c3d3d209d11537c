"""Pages of accounts: set-up and invites; allauth has others."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import actions
from accounts.forms import InviteForm, SetUpForm
from accounts.http import JUST_ARRIVED, UserRequest
from accounts.links import invite_path, remember_invite
from accounts.models import Invite, User


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def set_up(request: HttpRequest) -> HttpResponse:
    """The first visit's one form; 404 once the site has an owner."""
    if User.objects.exists():
        raise Http404("This site has been set up.")
    form = SetUpForm(request.POST or None)
    if not form.is_valid():
        return _form_page(request, "accounts/setup.html", form)
    try:
        owner = actions.set_up_site(**form.cleaned_data)
    except actions.AlreadySetUp as error:
        raise Http404(str(error)) from error
    login(request, owner, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[JUST_ARRIVED] = True
    return redirect("/")


@require_safe
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a usable invite for the sign-up form; else say that it is none."""
    if request.user.is_authenticated:
        return redirect("/")
    if not remember_invite(request, code):
        return render(request, "accounts/invite_invalid.html", status=404)
    return redirect("account_signup")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invites(request: HttpRequest) -> HttpResponse:
    """Owner and admins: make an invite link, which is shown once; the list."""
    user = _staff_or_404(request)
    form = InviteForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "new_link": None}
    if form.is_valid():
        days, uses = form.cleaned_data["days"], form.cleaned_data["uses"]
        _, code = Invite.issue(user, days=days, max_uses=uses)
        # By the address that the admin uses: it works for others on this network.
        context["new_link"] = request.build_absolute_uri(invite_path(code))
        context["form"] = InviteForm()
    context |= {"invites": Invite.objects.listed(), "now": timezone.now()}
    status = 422 if form.errors else 200
    return render(request, "accounts/invites.html", context, status=status)


@require_POST
@login_required
def revoke_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Owner and admins: delete an invite, so that its link lets nobody in."""
    _staff_or_404(request)
    get_object_or_404(Invite, pk=pk).delete()
    return redirect("invites")


def _staff_or_404(request: HttpRequest) -> User:
    user = cast(UserRequest, request).user
    if not user.is_staff:
        raise Http404("Not yours to see.")
    return user


def _form_page(request: HttpRequest, template: str, form: SetUpForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, template, {"form": form}, status=status)
