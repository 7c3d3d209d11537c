"""What a socket hears first, and the language that a page is spoken to in."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.sessions import Principal
from livechat.lib import limits
from livechat.lib.codec import encode
from livechat.lib.languages import language_for

VERSION = 1


def hello(who: Principal) -> bytes:
    """The frame that opens the protocol (docs/protocol.md)."""
    return encode(
        {
            "type": "hello",
            "v": VERSION,
            "user": {"id": who.public_id, "name": who.name},
            "server_time": timezone.now().isoformat(),
            "heartbeat_s": limits.SOCKET_HEARTBEAT_S,
        }
    )


def language_of(who: Principal, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The language of the page that opened a socket: the same as HTTP's."""
    accepted = [value for name, value in headers if name == b"accept-language"]
    return language_for(who.language, b",".join(accepted).decode("latin-1"))
