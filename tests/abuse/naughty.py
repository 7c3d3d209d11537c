"""Hostile values, by the class of trouble they make; the lists are samples of a class.

No text holds a secret and each can be told by its name in a failure.
"""

import json
import sys
from typing import Any

TEXTS: dict[str, str] = {
    # nothing to see
    "empty": "",
    "spaces": " \t\n ",
    "zero width": "\u200b\u2060\ufeff",
    "hangul filler": "\u3164",
    "soft hyphens": "\u00ad" * 10,
    "blank braille": "\u2800",
    # what no text may hold
    "nul": "a\0b",
    "control": "a\x07\x1b[31mb",
    "lone surrogate": "a\ud800b",
    "noncharacter": "a\ufffe\uffffb",
    # direction
    "unbalanced isolates": "\u2067\u2066" * 500 + "x",
    "override": "\u202egnp.exe\u202c",
    "arabic and hebrew": "مرحبا שלום 123",
    "zalgo": "Z" + "\u0301" * 300,
    # sizes
    "8,000 ligatures": "\ufdfa" * 8_000,
    "very long": "x" * 40_000,
    "long word": "w" * 500,
    "many lines": "a\n" * 3_000,
    "line separators": "a\rb\u2028c\u2029d\u0085e",
    # look-alikes and case
    "cyrillic admin": "аdmіn",
    "full-width admin": "\uff41\uff44\uff4d\uff49\uff4e",
    "dotted capital i": "İıß\u03c2",
    "emoji": "👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈🇩🇪",
    "tag characters": "x\U000e0069\U000e0067\U000e006e",
    # markup
    "script": "<xss-tag><script>xss()</script>",
    "attribute": '"><xss-tag onmouseover=xss() x="',
    "single quotes": "'><xss-tag onfocus='xss()' autofocus>",
    "entities": "&lt;xss-tag&gt; &#60;xss-tag&#62; &amp;",
    "template": "{{ 7 * 7 }}{% load static %}${7*7}#{7*7}",
    "htmx": '<hx-partial hx-target="#messages" hx-get="/">xss</hx-partial>',
    "mutation": "<math><mtext><table><style><!--</style><xss-tag onerror=xss()>",
    "comment": "<!-- --!> <xss-tag> -->",
    "cdata": "<![CDATA[<xss-tag>]]>",
    "javascript link": "[x](javascript:xss())",
    "spelt javascript link": "[x](&#106;ava\tscript:xss())",
    "data link": "[x](data:text/html,<xss-tag>)",
    "picture elsewhere": "![x](https://evil.example/p.png?d=1)",
    "credentials": "https://user:pass@evil.example/",
    "brackets": "[" * 2_000 + "](" * 2_000,
    "emphasis": "*a **a " * 1_000,
    "open fence": "```\n" + "`" * 1_000,
    # other languages of the server
    "sql": "'; DROP TABLE chat_message; --",
    "like": "%_%\\%",
    "fts": '" OR body:x NEAR(a b, 99999999999) *',
    "format": "%s%n%(x)s{0.__class__}",
    "shell": "$(reboot) `reboot` | reboot",
    "path": "../../../../etc/passwd",
    "header": "x\r\nSet-Cookie: xss=1\r\n\r\n",
    "elsewhere": "https://evil.example/",
    "protocol relative": "//evil.example/..%2f",
    "csv formula": "=HYPERLINK(1)",
    # numbers where a text or a small number is meant
    "negative": "-1",
    "huge": "9" * 400,
    "float": "1e999",
    "nan": "NaN",
    "octal": "0o17",
    "arabic digits": "١٢٣",
    "underscored": "1_0",
}

# Values that a JSON body may hold where another kind is meant.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "2^53+1": 2**53 + 1,
    "5,000 digits": 10**4_000,
    "float": 1.5,
    "list": [],
    "list of lists": [[[]]],
    "object": {},
    "operator": {"$gt": ""},
    "lookup": {"__ne": 1},
    "many keys": {str(number): number for number in range(200)},
}

# What can stand in a path between two slashes.
PATH_PARTS = (
    "0",
    "-1",
    "9" * 400,
    "%00",
    "%ff%fe",
    "%c0%af",
    "..%2f..",
    "%2e%2e",
    "....",
    "null",
    "%F0%9F%98%80",
    "%D9%A1%D9%A2",
    "a" * 5_000,
    "%27%20OR%201=1--",
    "%3Cxss-tag%3E",
)


def json_of(value: Any) -> str:
    """The value as JSON, however long its numbers are."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value)
    finally:
        sys.set_int_max_str_digits(limit)
