"""A person's card, and whom one blocks; both need no script."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.blocks import TooManyBlocks, block, unblock
from accounts.http import UserRequest
from accounts.models import User
from accounts.profiles import profile_of
from chat.access import may_on_site
from chat.directs import may_begin
from chat.people import person_or_404


@require_safe
@login_required
def person(request: UserRequest, public_id: str) -> HttpResponse:
    """Who somebody is, and what one can do: write to them, block them.

    A page; for a script that which opens beside a name.
    """
    user = request.user
    is_page = not request.headers.get("HX-Request")
    try:
        other = person_or_404(user, public_id)
    except Http404:
        if is_page:
            raise
        return render(request, "chat/_card_gone.html", status=404)
    may_write = may_on_site(user, "begin_direct") and may_begin(user, other)
    context = {
        "person": other,
        "profile": profile_of(other),
        "is_blocked": user.blocks.filter(blocked=other).exists(),
        "may_write": may_write and other != user,
    }
    template = "chat/person.html" if is_page else "chat/_card.html"
    return render(request, template, context)


@require_POST
@login_required
def person_block(request: UserRequest, public_id: str) -> HttpResponse:
    """Block somebody (`blocked` is yes), or unblock them; they are not told."""
    if request.POST.get("blocked") != "yes":
        return _unblock(request, public_id)
    other = person_or_404(request.user, public_id)
    if other == request.user:
        messages.error(request, gettext("You cannot block yourself."))
    else:
        _block(request, other)
    return redirect("person", public_id)


def _unblock(request: UserRequest, public_id: str) -> HttpResponse:
    """Also somebody whose card is no longer to be seen."""
    mine = request.user.blocks.filter(blocked__public_id=public_id)
    if (found := mine.select_related("blocked").first()) is not None:
        unblock(request.user, found.blocked)
        messages.success(
            request, gettext("You no longer block %(name)s.") % {"name": found.blocked}
        )
    return redirect("blocks")


def _block(request: UserRequest, other: User) -> None:
    try:
        block(request.user, other)
    except TooManyBlocks as reason:
        messages.error(request, str(reason))
    else:
        messages.success(
            request, gettext("You block %(name)s. They are not told.") % {"name": other}
        )


@require_safe
@login_required
def blocks(request: UserRequest) -> HttpResponse:
    """Whom one blocks."""
    found = request.user.blocks.select_related("blocked").order_by("-pk")
    return render(request, "chat/blocks.html", {"blocks": found})
