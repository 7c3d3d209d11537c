"""WebSocket frames, built once and written to many sockets (RFC 6455, section 5.2)."""

_TEXT, _BINARY = 0x81, 0x82  # FIN and the opcode


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame, as a server sends it, around UTF-8 bytes."""
    return _header(_TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """One unmasked binary frame, as a server sends it."""
    return _header(_BINARY, len(payload)) + payload


def _header(first: int, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")
