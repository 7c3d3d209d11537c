"""The ASGI application: HTTP goes to Django, one path of WebSockets to the rooms."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

from livechat.database import wait_less

wait_less(settings.DATABASES["default"])
django_application = get_asgi_application()

# Apps are loaded by now; consumers import models.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from livechat.lib.templates import load_templates  # noqa: E402
from livechat.routing import on_shutdown, websocket_application  # noqa: E402

load_templates()

application = ProtocolTypeRouter(
    {"http": django_application, "websocket": websocket_application}
)

__all__ = ["application", "on_shutdown"]
