"""The Markdown of messages: CommonMark less what a chat has no use for.

The rule it guards: no raw HTML, no picture that is fetched unasked, no link but to
http, https and mailto, no secret in a link's text, and no source of 8,000 code points
that costs more than 0.4 s.
"""

import re
from collections.abc import Iterator, Sequence

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token

from livechat.lib.markup import ChatMarkup

NESTING_MAX = 20  # quotes and lists within each other
TABLE_CELLS_MAX = 5_000  # columns times the lines that could become rows

LINK = re.compile(r"https?://[^\s/?#]|mailto:[^\s?]", re.IGNORECASE)
MENTION = re.compile(r"@\w(?:[\w.'’-]{0,48}\w)?")
# Browsers read any number of slashes as two, and what follows as the host.
CREDENTIALS = re.compile(r"(https?:)/{2,}(?:[^\s/?#]*@)?", re.IGNORECASE)

# Reference definitions cost time and surprise (a line `[1]: …` would vanish); a row
# of dashes below a line would make it a heading; `&#x202e;` would bring back the open
# direction controls that `normalise_text` took out.
UNUSED_RULES = ["reference", "lheading", "html_block", "html_inline", "entity"]


class ChatGrammar(MarkdownIt):
    """CommonMark with tables, strikethrough, bare links and a <br> for each newline."""

    def __init__(self) -> None:
        super().__init__("commonmark", renderer_cls=ChatMarkup)
        self.options.update(breaks=True, linkify=True, html=False)
        self.options.maxNesting = NESTING_MAX
        self.enable(["linkify", "strikethrough", "table"]).disable(UNUSED_RULES)
        self.linkify = _link_finder()
        self.inline.ruler.at("linkify", _link_of_scheme)
        self.inline.ruler.push("mention", _mention)
        self.block.ruler.at("table", _small_table, {"alt": ["paragraph"]})
        self.core.ruler.after("inline", "pictures", _pictures_to_links)
        self.core.ruler.after("linkify", "credentials", _hide_credentials)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        """Whether a link may lead there; relative ones may not."""
        return LINK.match(url) is not None

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        """The address, encoded, without a user's name and password."""
        return without_credentials(super().normalizeLink(url))

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
        """The address to read, without a user's name and password.

        Otherwise as it was typed: decoded, it could hold a direction control.
        """
        return without_credentials(link)


def without_credentials(text: str) -> str:
    """The text with `https://user:password@host` shortened to `https://host`."""
    return CREDENTIALS.sub(r"\1//", text)


def is_too_deep(tokens: Sequence[Token]) -> bool:
    """Whether the parser reached its depth; what lies deeper it has dropped."""
    return any(token.level >= NESTING_MAX - 1 for token in tokens)


def _link_finder() -> LinkifyIt:
    # A bare "manage.py" or "notes.md" is a file, though .py and .md are domains.
    finder = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": True})
    finder.add("ftp:", None).add("//", None)
    return finder


def _link_of_scheme(state: StateInline, silent: bool) -> bool:
    # The rule behind this reads all text before each "://"; so only where it can win.
    if not state.pending[-5:].lower().endswith(("http", "https")):
        return False
    return linkify(state, silent)


def _mention(state: StateInline, silent: bool) -> bool:
    """`@name`, where no word goes on; who it is, is found out by whoever stores it."""
    before = state.src[state.pos - 1] if state.pos else " "
    if state.src[state.pos] != "@" or before.isalnum() or before in "_@/.-":
        return False
    found = MENTION.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("mention", "span", 0).content = found[0]
    state.pos = found.end()
    return True


def _small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # Short rows are filled up to the width of the head: 8 KB would become 690 KB.
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    if columns * (end - start) > TABLE_CELLS_MAX:
        return False
    return table(state, start, end, silent)


def _pictures_to_links(state: StateCore) -> None:
    for block in state.tokens:
        if block.children and any(child.type == "image" for child in block.children):
            block.children = list(_without_pictures(block.children))


def _without_pictures(children: Sequence[Token]) -> Iterator[Token]:
    links = 0
    for child in children:
        links += child.nesting if child.type.startswith("link_") else 0
        if child.type != "image":
            yield child
        elif links:  # a link may not stand in a link: `[![alt](picture)](address)`
            yield _text(_alternative(child), child.level)
        else:
            address = str(child.attrs["src"])
            yield Token("link_open", "a", 1, attrs={"href": address}, level=child.level)
            yield _text(_alternative(child), child.level + 1)
            yield Token("link_close", "a", -1, level=child.level)


def _alternative(picture: Token) -> str:
    """What stands for a picture: its text, else its address."""
    return _words(picture).strip() or str(picture.attrs["src"])


def _words(token: Token) -> str:
    if token.children is None:
        return token.content or " " * token.type.endswith("break")
    return "".join(map(_words, token.children))


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


def _hide_credentials(state: StateCore) -> None:
    for block in state.tokens:
        links = 0
        for child in block.children or []:
            links += child.nesting if child.type.startswith("link_") else 0
            if links and child.type == "text":
                child.content = without_credentials(child.content)
