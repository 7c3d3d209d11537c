"""The ASGI application: HTTP goes to Django, one path of WebSockets to the rooms."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")

import django
from django.conf import settings

from livechat.database import wait_less
from livechat.lib.handler import OneThreadHandler

wait_less(settings.DATABASES["default"])
django.setup(set_prefix=False)

# Apps are loaded by now; consumers import models.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from livechat.lib.templates import load_templates  # noqa: E402
from livechat.routing import on_shutdown, websocket_application  # noqa: E402

load_templates()

application = ProtocolTypeRouter(
    {"http": OneThreadHandler(), "websocket": websocket_application}
)

__all__ = ["application", "on_shutdown"]
