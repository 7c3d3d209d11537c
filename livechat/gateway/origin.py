"""The Origin check (rule D8): plain equality with the site's own origins.

A browser writes scheme and host in lower case and leaves a default port out, so an
origin that needs normalising was not written by a browser.
"""

from collections.abc import Sequence


def origin_allowed(origins: Sequence[bytes], allowed: frozenset[str]) -> bool:
    """True when the one Origin header is one of the site's own origins.

    `origins` are the values of all Origin headers as they came, `allowed` strings like
    `https://chat.example.org` or `http://127.0.0.1:8000`. No header, several headers,
    `null`, another scheme, port or case, and spaces or tabs around it are all False.
    """
    return len(origins) == 1 and origins[0].decode("latin-1") in allowed
