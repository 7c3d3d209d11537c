"""A message's diagrams, drawn by the reader's browser in a frame that reaches nothing.

The rule it guards: the source is a stranger's and the drawing library is large, so both
stay within a sandbox of an origin of its own: no cookie, no network, no page of ours.
All that comes out of it is how high it is (static/js/hooks.js).
"""

import json
import secrets
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from chat.diagrams import Diagram, diagrams
from chat.message_pages import asked_for, message_page
from chat.models import Message

_CONFIG = {
    "startOnLoad": False,
    "securityLevel": "strict",
    "htmlLabels": False,
    "suppressErrorRendering": True,
    "maxTextSize": 20_000,
    "maxEdges": 500,
    "fontFamily": "system-ui, sans-serif",
}
# What is fixed here, no text of a diagram changes.
FIXED = [*_CONFIG, "theme", "secure", "themeCSS", "themeVariables", "flowchart"]
CONFIG = json.dumps({**_CONFIG, "secure": FIXED})  # of mermaid.initialize

POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'nonce-{nonce}'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


@require_safe
@login_required
def message_diagram(
    request: UserRequest, public_id: str, seq: int, number: int
) -> HttpResponse:
    """The frame in which the diagram is drawn: a fragment, or a page around it."""
    message, diagram = _found(request, public_id, seq, number)
    part = "chat/_diagram.html"
    more: dict[str, Any] = {"diagram": diagram, "pane": _in_pane(request)}
    return message_page(request, message, part, gettext("Diagram"), **more)


@require_safe
@login_required
@xframe_options_sameorigin
def message_diagram_frame(
    request: UserRequest, public_id: str, seq: int, number: int
) -> HttpResponse:
    """What is in the frame: the source, and the scripts that draw it."""
    message, diagram = _found(request, public_id, seq, number)
    nonce = secrets.token_urlsafe(16)
    context = {"message": message, "diagram": diagram, "nonce": nonce}
    context |= {"pane": _in_pane(request), "config": CONFIG}
    response = render(request, "chat/diagram.html", context)
    response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return response


def _in_pane(request: UserRequest) -> bool:
    """Whether it stands in a thread's pane, as it may in the room at once."""
    return "pane" in request.GET


def _found(
    request: UserRequest, public_id: str, seq: int, number: int
) -> tuple[Message, Diagram]:
    message = asked_for(request, public_id, seq)
    for diagram in diagrams(message):
        if diagram.number == number:
            return message, diagram
    raise Http404("There is no such diagram.")
