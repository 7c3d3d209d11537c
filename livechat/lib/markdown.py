"""The one renderer: from the Markdown of a message to HTML that any page may show.

The rule it guards: what comes out holds only the tags, attributes and classes of the
lists in `sanitiser`, whatever went in, and within a bounded time. Rendering is work
for a thread, not for the event loop. Code carries the standard short classes of
Pygments (`k`, `s2`, `nf`, …) inside `figure.code`; the other classes are `heading`,
`table`, `start`, `center`, `end`, `diagram`, `mention` and `bidi`.
"""

import html
import re
import threading

from livechat.lib.bidi import without_open_bidi
from livechat.lib.grammar import ChatGrammar, is_too_deep
from livechat.lib.limits import RENDERED_MAX_LENGTH
from livechat.lib.sanitiser import CLEANER
from livechat.lib.text import VISIBLE

# What any rule of the grammar could react to; without it a text is only paragraphs.
# Controls are here because the grammar replaces some, surrogates because nh3 cannot.
SIGNIFICANT = re.compile("[\x00-\x09\x0b-\x1f\x7f\\\\`*_\\[\\]<&~|\ud800-\udfff]")
LINKISH = re.compile(r"@\w|\S@|://")
LINE_MARKER = re.compile(r"[^\S\n]|[#>+=-]|\d{1,9}[.)]")
BLANK_LINES = re.compile(r"\n{2,}")
UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

INLINE_TAG = re.compile(r"</?(?:a|code|em|s|span|strong)(?: [^<>]*)?>")
TAG = re.compile(r"<[^<>]*>")
SEEN_ALONE = re.compile(r"<(?:hr|li)\b")
LABEL = re.compile(r"<figcaption[^<>]*>[^<>]*</figcaption>")


class _PerThread(threading.local):
    """A grammar for each thread: linkify-it keeps the match at hand on itself."""

    def __init__(self) -> None:
        self.grammar = ChatGrammar()


_per_thread = _PerThread()


def render(source: str) -> str:
    """Sanitised HTML of a message's Markdown, without a line end at its end.

    Meant for texts that passed `normalise_text`; any other string is safe as well
    (controls and lone surrogates become U+FFFD). A newline is a <br>; headings are
    `p.heading`; pictures become links; links lead to http, https and mailto only,
    without `user:password@`. At most RENDERED_MAX_LENGTH characters and 0.4 s for a
    source within MESSAGE_MAX_LENGTH: one that would become longer, or that nests too
    deep, is shown as it was typed.
    """
    if is_plain(source):
        return paragraphs(source)
    return render_in_full(source)


def is_plain(source: str) -> bool:
    """Whether no rule of the grammar could see anything in a text; may err to False."""
    if SIGNIFICANT.search(source):
        return False
    # Where neither sign stands, which is found ten times as fast, no link can.
    if ("@" in source or "://" in source) and LINKISH.search(source):
        return False
    return not any(
        LINE_MARKER.match(line) or line[-1:].isspace() for line in source.split("\n")
    )


def paragraphs(text: str) -> str:
    """The text escaped, as nh3 escapes: a <p> for each block of lines, a <br> between.

    For a plain text this equals `render_in_full`, in a twentieth of the time.
    """
    escaped = html.escape(text.strip("\n"), quote=False).replace("\xa0", "&nbsp;")
    if not escaped:
        return ""
    blocks = (block.replace("\n", "<br>") for block in BLANK_LINES.split(escaped))
    return "\n".join(f"<p>{block}</p>" for block in blocks)


def render_in_full(source: str) -> str:
    """The slow path of `render`, for any source."""
    usable = UNUSABLE.sub("\ufffd", source)
    grammar = _per_thread.grammar
    tokens = grammar.parse(usable)
    if is_too_deep(tokens):
        return paragraphs(usable)
    rendered = CLEANER.clean(grammar.renderer.render(tokens, grammar.options, {}))
    # Some sources grow twenty-fold, and a thousand readers would each be sent that.
    if len(rendered) > RENDERED_MAX_LENGTH:
        return paragraphs(usable)
    return rendered.rstrip("\n")


def shows_nothing(rendered: str) -> bool:
    """Whether HTML that `render` made has nothing for the eye: an empty code block."""
    if SEEN_ALONE.search(rendered):
        return False
    return not VISIBLE.search(html.unescape(TAG.sub("", LABEL.sub("", rendered))))


def fences(source: str, language: str) -> list[str]:
    """The sources of a text's code blocks in this language, in their order."""
    tokens = _per_thread.grammar.parse(UNUSABLE.sub("\ufffd", source))
    blocks = [one for one in tokens if one.type == "fence"]
    return [one.content for one in blocks if _language(one.info) == language]


def _language(info: str) -> str:
    return next(iter(info.split()), "").lower()


def plain_text(rendered: str, *, max_length: int = 140) -> str:
    """One line of text from HTML that `render` made, cut at `max_length` with an "…".

    For announcements and notifications. It is text, not HTML: escape it again.
    """
    words = html.unescape(TAG.sub(" ", INLINE_TAG.sub("", rendered))).split()
    line = " ".join(words)
    if len(line) > max_length:
        line = line[: max_length - 1].rstrip() + "…"
    return without_open_bidi(line)
