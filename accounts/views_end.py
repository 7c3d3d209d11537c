"""The end of one's own account: closed, or erased; each asks for the password."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.erasure import LastOwner, close, erase
from accounts.forms_end import EraseForm, PasswordForm
from accounts.http import UserRequest
from accounts.models import Community
from accounts.rates import PASSWORD_TRY
from accounts.views_profile import paid


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@paid(cost=PASSWORD_TRY)
@sensitive_post_parameters("password")
def close_account(request: HttpRequest) -> HttpResponse:
    """Ask for the password, then close the account."""
    user = cast(UserRequest, request).user
    form = PasswordForm(request.POST or None, user=user)
    if not form.is_valid():
        return _page(request, "accounts/close.html", form)
    try:
        close(user)
    except LastOwner as reason:
        form.add_error(None, str(reason))
        return _page(request, "accounts/close.html", form)
    return _gone(request, gettext("Your account is closed."))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@paid(cost=PASSWORD_TRY)
@sensitive_post_parameters("password")
def erase_account(request: HttpRequest) -> HttpResponse:
    """Ask for the password, then erase the person, where the site allows it."""
    user = cast(UserRequest, request).user
    if not Community.current().may_erase:
        raise Http404("This site lets nobody erase themselves.")
    form = EraseForm(request.POST or None, user=user)
    if not form.is_valid():
        return _page(request, "accounts/erase.html", form)
    try:
        erase(user, messages=form.cleaned_data["messages"] == "delete")
    except LastOwner as reason:
        form.add_error(None, str(reason))
        return _page(request, "accounts/erase.html", form)
    return _gone(request, gettext("Your account is erased."))


def _page(request: HttpRequest, template: str, form: Any) -> HttpResponse:
    context = {"form": form}
    return render(request, template, context, status=422 if form.errors else 200)


def _gone(request: HttpRequest, sentence: str) -> HttpResponse:
    logout(request)
    messages.success(request, sentence)
    return redirect("account_login")
