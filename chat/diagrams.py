"""The diagrams in a message's text, which are drawn when somebody asks for it."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from livechat.lib.markdown import fences

MARK = '<figure class="code diagram">'  # as livechat/lib/highlight.py writes it


class Text(Protocol):
    """A message."""

    body: str
    html: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """One block: its place among the message's, from 1 on, and its source.

    `key` is another one for another source, so that what was drawn of a text that was
    edited is not taken for the new one.
    """

    number: int
    source: str

    @property
    def key(self) -> str:
        """Ten characters that may stand in an id."""
        text = f"{self.number}:{self.source}".encode()
        return hashlib.sha256(text).hexdigest()[:10]


def diagrams(message: Text) -> list[Diagram]:
    """Those of the message, in their order; quick where there is none."""
    if MARK not in message.html:
        return []
    found = fences(message.body, "mermaid")
    return [Diagram(number, source) for number, source in enumerate(found, start=1)]
