"""Which links of a message are looked behind, and the cards that tell what is there.

The rule it guards: the message's row holds the whole of it, so that a card is a change
like any other: in order, in replays, and gone with the link or the text.
"""

import html
import json
import re
from dataclasses import asdict, dataclass
from typing import Protocol
from urllib.parse import urldefrag, urlsplit

from django.conf import settings

from livechat.lib import limits
from livechat.lib.outbound import origin_of

HREF = re.compile(r'<a [^>]*?href="(https?://[^"]+)"')


@dataclass(frozen=True, slots=True)
class Card:
    """What is told of a link: lines of text that its page says of itself."""

    url: str
    title: str
    description: str
    site: str

    @property
    def host(self) -> str:
        """Where the link leads, which no page can say otherwise."""
        return (urlsplit(self.url).hostname or "").removeprefix("www.")

    @property
    def place(self) -> str:
        """The page's own name of its site, and always where that is."""
        if not self.site or self.site.casefold() == self.host.casefold():
            return self.host
        return f"{self.site} · {self.host}"


# By link, in the order of the text; None for one whose card its author has removed.
Kept = dict[str, Card | None]


class Author(Protocol):
    """Who wrote it."""

    is_bot: bool


class Linked(Protocol):
    """A message: its HTML, and as JSON what its row keeps of its links."""

    html: str
    kind: str
    stream: str
    links: str


def wanted(message: Linked, author: Author) -> list[str]:
    """The links of its text that are looked behind: the first ones, without fragments.

    None of a bot's: a text that a model was talked into would carry secrets out of a
    room without anybody's click. None to this site, whose pages tell nothing to nobody.
    """
    if not settings.LINK_PREVIEWS or author.is_bot or message.stream:
        return []
    if message.kind != "text" or "<a " not in message.html:
        return []
    found = (urldefrag(html.unescape(one)).url for one in HREF.findall(message.html))
    fitting = [one for one in dict.fromkeys(found) if _fits(one)]
    return fitting[: limits.LINKS_PER_MESSAGE]


def kept(message: Linked) -> Kept:
    """What the row says, by link."""
    rows = json.loads(message.links) if message.links else {}
    return {url: row and Card(url, *row) for url, row in rows.items()}


def stored(cards: Kept) -> str:
    """As a message's row keeps it."""
    rows = {
        url: card and (card.title, card.description, card.site)
        for url, card in cards.items()
    }
    return json.dumps(rows, ensure_ascii=False) if rows else ""


def cards(message: Linked) -> list[Card]:
    """What stands under the message."""
    return [card for card in kept(message).values() if card]


def fields(message: Linked) -> list[dict[str, str]]:
    """The same for programs: `url`, `title`, `description`, `site`."""
    return [asdict(card) for card in cards(message)]


def _fits(url: str) -> bool:
    if len(url) > limits.LINK_MAX_LENGTH or not url.isascii():
        return False
    try:
        return origin_of(urlsplit(url)) not in settings.SITE_ORIGINS
    except ValueError:
        return False
