"""Signs a socket in by bearer token, the way the documentation of Channels shows."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser

from bench.stock.models import Token

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@database_sync_to_async  # type: ignore[untyped-decorator]  # channels is untyped
def _user_of(key: str) -> Any:
    token = Token.objects.select_related("user").filter(key=key).first()
    return token.user if token and token.user.is_active else AnonymousUser()


class TokenAuthMiddleware:
    """Puts the user of the Authorization header into the scope; one query."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        user = await _user_of(header.removeprefix("Bearer "))
        await self.inner({**scope, "user": user}, receive, send)
