"""From an HTTP request to its page, by one thread from its middleware to its end.

Django's own way for ASGI goes from the loop to a thread, back, and to the thread once
more, as middleware and views may be coroutines. Ours are none, and each way costs.
"""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Django's application, with its middleware and views in one call of a thread."""

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain as for WSGI: each calls the next."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; the request's thread is busy until it is there."""
        return await sync_to_async(self.get_response)(request)
