"""Code as HTML: coloured where the language is known, and honest about its direction.

The rule it guards: no code, in whatever language it says to be, costs more than a
fixed time, and none reads otherwise than it runs (Trojan Source, CVE-2021-42574).
"""

import html
import re
import time
from collections.abc import Iterator
from functools import lru_cache

from pygments import format as format_tokens
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import _TokenType

from livechat.lib.mermaid_lexer import MermaidLexer

# First aliases of the lexers that keep to the budget on 8,000 characters of hundreds of
# hostile kinds. Many others (ini, scala, terraform, console …) sit for seconds in one
# match, where no budget reaches; markdown and http would call any lexer at all.
LANGUAGES = frozenset(
    {
        "bash",
        "c",
        "clojure",
        "cpp",
        "csharp",
        "css",
        "dart",
        "diff",
        "docker",
        "elixir",
        "erlang",
        "go",
        "graphql",
        "haskell",
        "html",
        "html+django",
        "java",
        "javascript",
        "json",
        "jsx",
        "kotlin",
        "lua",
        "make",
        "nginx",
        "nixos",
        "perl",
        "php",
        "powershell",
        "protobuf",
        "pycon",
        "pytb",
        "python",
        "ruby",
        "rust",
        "scss",
        "splus",
        "sql",
        "swift",
        "toml",
        "tsx",
        "typescript",
        "xml",
        "yaml",
        "zig",
    }
)
# For all code of one message; 400 ordinary lines take a fifth. It is processor time of
# the thread, so that a busy machine colours the same.
BUDGET_S = 0.1
# The lexers of C try every way to split white space: minutes for 8,000 blanks.
LONG_BLANK = re.compile(r"\s{65}")
CAPTION_MAX_LENGTH = 80  # code points
DIAGRAM = "mermaid"  # the language that a page offers to draw

DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

Tokens = Iterator[tuple[_TokenType, str]]


class _OverBudgetError(Exception):
    """The lexers took longer than the code of a message may cost."""


def deadline() -> float:
    """When colouring must end that starts now, on this thread's processor clock (s)."""
    return time.thread_time() + BUDGET_S


def code_figure(code: str, info: str = "", deadline_s: float = 0.0) -> str:
    """A `figure.code`; `info` is the language, or both language and file name.

    The caption shows the file name, else the language as it was written. Tokens have
    the short classes of Pygments; code of an unknown language, and code that is not
    done by `deadline_s` (see `deadline`), stays plain.
    """
    words = info.split(maxsplit=1)
    caption = f"<figcaption>{_shown(_caption(words))}</figcaption>" if words else ""
    inner = _highlighted(code, words[0], deadline_s) if words else _shown(code)
    drawn = " diagram" if words and words[0].lower() == DIAGRAM else ""
    return (
        f'<figure class="code{drawn}">{caption}<pre tabindex="0"><code>{inner}</code>'
        "</pre></figure>\n"
    )


def code_span(code: str) -> str:
    """Code within a line."""
    return f"<code>{_shown(code)}</code>"


def _caption(words: list[str]) -> str:
    text = words[-1].strip()
    if len(text) <= CAPTION_MAX_LENGTH:
        return text
    return text[: CAPTION_MAX_LENGTH - 1] + "…"


def _highlighted(code: str, language: str, deadline_s: float) -> str:
    # "consumers.py" alone says its language as well: most endings are an alias.
    alias = language.rpartition(".")[2].lower()
    if alias not in _aliases() | {DIAGRAM} or LONG_BLANK.search(code):
        return _shown(code)
    # The first use of a lexer compiles it, up to 50 ms: not forty of them in one text.
    if time.thread_time() > deadline_s:
        return _shown(code)
    # A new lexer each time: some keep notes on themselves, and threads share nothing.
    lexer = _lexer(alias)
    try:
        coloured = format_tokens(
            _until(deadline_s, lexer.get_tokens(code)), HtmlFormatter(nowrap=True)
        )
    except _OverBudgetError:
        return _shown(code)
    return _with_visible_direction(coloured.rstrip("\n"))


def _lexer(alias: str) -> Lexer:
    if alias == DIAGRAM:
        return MermaidLexer(stripnl=False, ensurenl=False)
    return get_lexer_by_name(alias, stripnl=False, ensurenl=False)


@lru_cache(maxsize=1)
def _aliases() -> frozenset[str]:
    return frozenset(
        alias
        for _name, aliases, _files, _types in get_all_lexers(plugins=False)
        if aliases and aliases[0] in LANGUAGES
        for alias in aliases
    )


def _until(deadline_s: float, tokens: Tokens) -> Tokens:
    for token in tokens:
        if time.thread_time() > deadline_s:
            raise _OverBudgetError
        yield token


def _shown(text: str) -> str:
    return _with_visible_direction(html.escape(text.rstrip("\n")))


def _with_visible_direction(markup: str) -> str:
    # Only text can hold these: the tags around it are Pygments' and ours.
    return DIRECTION.sub(
        lambda found: f'<span class="bidi">[U+{ord(found[0]):04X}]</span>', markup
    )
