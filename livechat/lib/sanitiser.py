"""The second wall behind the Markdown grammar: a closed list of what HTML may hold.

The rule it guards: no id, style, data-*, hx-* or unknown class ever reaches a page,
even if the grammar or a lexer had a hole.
"""

import nh3
from pygments.token import STANDARD_TYPES

TAGS = frozenset(
    {
        "a",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "figcaption",
        "figure",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
# "*" is empty on purpose: without it nh3 lets `title` and `lang` stand anywhere.
ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
VALUES = {"div": {"tabindex": {"0"}}, "pre": {"tabindex": {"0"}}}
LINK_REL = "nofollow noopener noreferrer"
SCHEMES = frozenset({"http", "https", "mailto"})

TOKEN_CLASSES = frozenset(STANDARD_TYPES.values()) - {""}
CLASSES = {
    "p": {"heading"},
    "div": {"table"},
    "figure": {"code", "diagram"},
    "span": TOKEN_CLASSES | {"bidi", "mention"},
    "td": {"start", "center", "end"},
    "th": {"start", "center", "end"},
}

CLEANER = nh3.Cleaner(
    tags=TAGS,
    # Nothing is cut out with its content: what is no tag of ours was text all along.
    clean_content_tags=set(),
    attributes=ATTRIBUTES,
    tag_attribute_values=VALUES,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel=LINK_REL,
    url_schemes=SCHEMES,
    url_relative="deny",
    allowed_classes=CLASSES,
)
