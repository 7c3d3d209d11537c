"""The bounds of one gateway: the defaults of `limits`, each settable by environment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from livechat.lib import limits

PREFIX = "GATEWAY_"


class BadBoundError(ValueError):
    """A GATEWAY_ variable is not the number that it must be; the text says which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Each field is the limit `GATEWAY_<FIELD>`, and so is its variable's name."""

    body_max_bytes: int = limits.GATEWAY_BODY_MAX_BYTES
    target_max_bytes: int = limits.GATEWAY_TARGET_MAX_BYTES
    query_max_parameters: int = limits.GATEWAY_QUERY_MAX_PARAMETERS
    headers_max_bytes: int = limits.GATEWAY_HEADERS_MAX_BYTES
    headers_max: int = limits.GATEWAY_HEADERS_MAX
    header_deadline_s: float = limits.GATEWAY_HEADER_DEADLINE_S
    body_deadline_s: float = limits.GATEWAY_BODY_DEADLINE_S
    body_stall_s: float = limits.GATEWAY_BODY_STALL_S
    answer_deadline_s: float = limits.GATEWAY_ANSWER_DEADLINE_S
    idle_timeout_s: float = limits.GATEWAY_IDLE_TIMEOUT_S
    linger_s: float = limits.GATEWAY_LINGER_S
    linger_max_bytes: int = limits.GATEWAY_LINGER_MAX_BYTES
    max_per_address: int = limits.GATEWAY_MAX_PER_ADDRESS
    max_connections: int = limits.GATEWAY_MAX_CONNECTIONS
    message_max_bytes: int = limits.GATEWAY_MESSAGE_MAX_BYTES
    handshake_deadline_s: float = limits.GATEWAY_HANDSHAKE_DEADLINE_S
    fragment_deadline_s: float = limits.GATEWAY_FRAGMENT_DEADLINE_S
    ping_interval_s: float = limits.GATEWAY_PING_INTERVAL_S
    ping_timeout_s: float = limits.GATEWAY_PING_TIMEOUT_S
    close_deadline_s: float = limits.GATEWAY_CLOSE_DEADLINE_S
    inbound_max_frames: int = limits.GATEWAY_INBOUND_MAX_FRAMES
    inbound_max_bytes: int = limits.GATEWAY_INBOUND_MAX_BYTES
    send_wait_bytes: int = limits.GATEWAY_SEND_WAIT_BYTES
    stall_s: float = limits.GATEWAY_STALL_S
    stall_bytes: int = limits.GATEWAY_STALL_BYTES
    slow_bytes: int = limits.GATEWAY_SLOW_BYTES
    slow_s: float = limits.GATEWAY_SLOW_S
    unsent_max_bytes: int = limits.GATEWAY_UNSENT_MAX_BYTES
    socket_send_buffer_bytes: int = limits.GATEWAY_SOCKET_SEND_BUFFER_BYTES
    shutdown_s: float = limits.GATEWAY_SHUTDOWN_S
    shutdown_hook_s: float = limits.GATEWAY_SHUTDOWN_HOOK_S
    application_close_s: float = limits.GATEWAY_APPLICATION_CLOSE_S
    trusted_proxies: int = 0

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The bounds with each `GATEWAY_<FIELD>` of `environ` in its field's place.

        Raises: BadBoundError.
        """
        values: dict[str, float] = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            if environ.get(name):
                whole = isinstance(field.default, int)
                values[field.name] = _number(name, environ[name], whole=whole)
        return cls(**values)  # type: ignore[arg-type]  # _number gave each its kind


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        kind = "a whole number" if whole else "a number"
        raise BadBoundError(f"{name}: expected {kind} from 0 up, got {text!r}.")
    return number
