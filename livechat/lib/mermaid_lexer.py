"""The colours of a diagram's source; Pygments knows no Mermaid.

Each rule looks at what stands at one place and never back, so that a text takes as many
steps as it has characters.
"""

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Operator, String, Text

WORDS = (
    "graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|stateDiagram-v2|"
    "erDiagram|gantt|pie|journey|mindmap|timeline|gitGraph|quadrantChart|subgraph|end|"
    "participant|actor|activate|deactivate|loop|alt|else|opt|par|and|note|over|class|"
    "state|section|title|direction|style|classDef|click|accTitle|accDescr"
)


class MermaidLexer(RegexLexer):
    """Comments, words, names, arrows, and what is written in shapes and quotes."""

    name = "Mermaid"
    aliases: ClassVar[list[str]] = ["mermaid"]
    tokens: ClassVar = {
        "root": [
            (r"%%[^\n]*", Comment),
            (r'"[^"\n]*"', String),
            (rf"(?:{WORDS})\b", Keyword),
            (r"\w+", Name.Function),
            (r"[-=.~<>|ox*&:;+]+", Operator),
            (r"\s+", Text),
            (r".", Text),
        ]
    }
