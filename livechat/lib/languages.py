"""Which language somebody is spoken to in: their own choice, else their browser's.

The rule it guards: what programs read stays English, and so does whatever is said
outside of a request (Django's LANGUAGE_CODE): it may be meant for many people.
"""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from livechat.lib.http import Answer, wants_json

ENGLISH = "en"


def language_for(own: str, accepted: str) -> str:
    """The language of a person: a code of settings.LANGUAGES.

    `own` is what they have chosen, "" for nothing; `accepted` the header
    Accept-Language, "" for none.
    """
    if own in dict(settings.LANGUAGES):
        return own
    return _accepted(accepted[:500]) or str(settings.SITE_LANGUAGE)


@lru_cache(maxsize=1000)
def _accepted(header: str) -> str:
    codes = [code for code, _ in settings.LANGUAGES]
    for wanted, _ in parse_accept_lang_header(header):
        found = wanted.partition("-")[0]
        if found in codes:
            return found
        if wanted == "*":
            break
    return ""


def in_language_of_browser(get_response: Answer) -> Answer:
    """Middleware: pages in the browser's language, before it is known who asks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with translation.override(_language(request, "")):
            return get_response(request)

    return middleware


def in_language_of(
    request: HttpRequest, own: str, get_response: Answer
) -> HttpResponse:
    """The answer in the language of somebody who has chosen `own`, "" for nothing."""
    language = _language(request, own)
    with translation.override(language):
        response = get_response(request)
    if response.get("Content-Type", "").startswith("text/html"):
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
    return response


def _language(request: HttpRequest, own: str) -> str:
    if wants_json(request):
        return ENGLISH
    return language_for(own, request.headers.get("Accept-Language", ""))
