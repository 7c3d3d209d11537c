"""The baseline's ASGI application, wrapped as the Channels tutorial wraps it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.stock.settings")
django_application = get_asgi_application()

# Models may be imported only after Django's own application is made.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from bench.stock.consumers import ChatConsumer, HelloConsumer  # noqa: E402
from bench.stock.tokens import TokenAuthMiddleware  # noqa: E402

urlpatterns: list[object] = []
by_cookie = URLRouter(
    [
        path("ws/hello/", HelloConsumer.as_asgi()),
        path("ws/chat/<slug:room>/", ChatConsumer.as_asgi()),
    ]
)
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter(
            [
                # The origin guards a cookie; a program with a token sends none.
                path("ws/hello/token/", TokenAuthMiddleware(HelloConsumer.as_asgi())),
                re_path(
                    "", AllowedHostsOriginValidator(AuthMiddlewareStack(by_cookie))
                ),
            ]
        ),
    }
)
