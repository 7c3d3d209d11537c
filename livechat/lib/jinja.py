"""Jinja for the fragments that the fan-out makes: compiled once, ten times as fast.

Django's own templates stay the language of pages. A fragment's line breaks and
indentation are for its reader and are not part of what goes to every socket.
"""

import re
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension

from livechat.lib.words import marked

_BREAK = re.compile(r"\n\s*(?=[<{])|\n\s*\Z")


class OneLine(Extension):
    """Drops each line break that stands before a tag of HTML or of Jinja."""

    def preprocess(
        self, source: str, name: str | None, filename: str | None = None
    ) -> str:
        """The template's text as one line."""
        return _BREAK.sub("", source)


def environment(**options: Any) -> Environment:
    """The environment of TEMPLATES: all is escaped, an unknown name is an error.

    Words for people are `{{ marked("…") }}` (livechat/lib/words.py).
    """
    made = Environment(  # noqa: S701 - Django passes autoescape=True
        **{**options, "undefined": StrictUndefined}, extensions=[OneLine]
    )
    made.globals["marked"] = marked
    return made
