"""One's reminders: those that are to come, a new one, and one less."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from chat import reminders
from chat.changes import NotPossible
from chat.forms_reminders import ReminderForm
from chat.refusals import tells_refusals


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@tells_refusals
def reminders_page(request: UserRequest) -> HttpResponse:
    """The list; a POST sets one more, and is 422 with the page when it will not do."""
    form = ReminderForm(request.POST or None)
    now = reminders.local_now(request.user)
    if request.method == "POST" and form.is_valid():
        try:
            due_at, text = reminders.understood(form.cleaned_data["words"], now)
            reminders.set_reminder(request.user, text, due_at)
        except NotPossible as reason:
            form.add_error("words", str(reason))
        else:
            messages.success(request, gettext("You will be reminded."))
            return redirect("reminders")
    context = {
        "form": form,
        "reminders": reminders.listed(request.user),
        "zone": str(now.tzinfo),
    }
    status = 422 if form.errors else 200
    return render(request, "chat/reminders.html", context, status=status)


@require_POST
@login_required
def reminder_cancel(request: UserRequest, public_id: str) -> HttpResponse:
    """Forget one of one's own; 404 for others'."""
    if not reminders.cancel(request.user, public_id):
        raise Http404("There is no such reminder, or it was told by now.")
    messages.success(request, gettext("Removed."))
    return redirect("reminders")
