"""Headers of the static files, which WhiteNoise sends before any view is asked."""

from collections.abc import MutableMapping
from pathlib import Path


def static_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Let a diagram's sandbox load its two scripts: its origin is nobody's."""
    if Path(path).name.startswith(("mermaid.", "diagram.")):
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
