"""The site as an app of a phone or a desk: what installs it, and what it is offline.

Both are for everybody and name nobody: a browser keeps them.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.models import Community

# The page's own colour by day, as frontend/css/tokens.css has it, in sRGB.
BACKGROUND = "#fcfcfd"
THEME = "#4b52e0"
ICONS = (
    ("icons/192.png", "192x192", "any"),
    ("icons/512.png", "512x512", "any"),
    ("icons/maskable-512.png", "512x512", "maskable"),
)


@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """What a browser asks before it installs the site (W3C, Web App Manifest)."""
    name = Community.current().name
    icons = [
        {"src": static(path), "sizes": sizes, "purpose": purpose, "type": "image/png"}
        for path, sizes, purpose in ICONS
    ]
    fields = {
        "id": "/",
        "name": name,
        "short_name": name[:12],
        "start_url": "/",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": THEME,
        "icons": icons,
    }
    return JsonResponse(fields, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown while the site cannot be reached."""
    return render(request, "offline.html")
