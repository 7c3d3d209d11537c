"""The HTML of each Markdown element, where ours differs from the usual.

The rule it guards: no style, no heading that breaks a page's outline, and nothing that
scrolls without being reachable by keys.
"""

from collections.abc import Sequence

from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from livechat.lib.highlight import code_figure, code_span, deadline

# By the side that a text starts from, so that tables in Arabic and Hebrew fit as well.
ALIGNMENTS = {
    "text-align:left": "start",
    "text-align:center": "center",
    "text-align:right": "end",
}


class ChatMarkup(RendererHTML):
    """A method for each kind of token; markdown-it looks them up by name."""

    def softbreak(self, *_arguments: object) -> str:
        return "<br>"

    def hardbreak(self, *_arguments: object) -> str:
        return "<br>"

    def mention(self, tokens: Sequence[Token], idx: int, *_rest: object) -> str:
        return f'<span class="mention">{escapeHtml(tokens[idx].content)}</span>'

    def heading_open(self, *_arguments: object) -> str:
        return '<p class="heading"><strong>'

    def heading_close(self, *_arguments: object) -> str:
        return "</strong></p>\n"

    def table_open(self, *_arguments: object) -> str:
        return '<div class="table" tabindex="0"><table>\n'

    def table_close(self, *_arguments: object) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, *_rest: object) -> str:
        return _cell_open(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, *_rest: object) -> str:
        return _cell_open(tokens[idx])

    def code_inline(self, tokens: Sequence[Token], idx: int, *_rest: object) -> str:
        return code_span(tokens[idx].content)

    def code_block(self, tokens: Sequence[Token], idx: int, *_rest: object) -> str:
        return code_figure(tokens[idx].content)

    def fence(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType
    ) -> str:
        # One deadline for a message, from its first code on.
        deadline_s = env.setdefault("deadline_s", deadline())
        info = unescapeAll(tokens[idx].info)
        return code_figure(tokens[idx].content, info, deadline_s)


def _cell_open(cell: Token) -> str:
    alignment = ALIGNMENTS.get(str(cell.attrs.get("style")))
    return f'<{cell.tag} class="{alignment}">' if alignment else f"<{cell.tag}>"
