"""WebSocket frames, built once and written to many sockets (RFC 6455, section 5.2)."""

_FIN_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame, as a server sends it, around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN_TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((_FIN_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_FIN_TEXT, 127)) + size.to_bytes(8, "big") + payload
