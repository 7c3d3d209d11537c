"""What a page says of itself, read in a process of its own: bytes in, JSON out.

The rule it guards: it may take so much time and memory and then it is ended, as no
parser of other people's pages is quick on all of them. It imports nothing of ours, and
only what starts quickly.
"""

import codecs
import json
import re
import resource
import sys
from contextlib import suppress
from html.parser import HTMLParser

CPU_MAX_S = 1
MEMORY_MAX_BYTES = 512 * 1024 * 1024
TEXT_MAX_LENGTH = 1_000  # characters of one; the parent cuts again
NAMES = frozenset(
    {
        "description",
        "og:description",
        "og:site_name",
        "og:title",
        "twitter:description",
        "twitter:title",
    }
)
# By the names of Python's codecs. Others (punycode, unicode_escape …) are no charsets
# of pages, and some take n² steps.
CHARSETS = re.compile(
    r"ascii|utf-8|utf-16(-[lb]e)?|iso8859-\d+|cp(125\d|874|866|932|949)|koi8-[rut]|"
    r"mac-roman|gbk|gb2312|gb18030|big5|euc_jp|euc_kr|shift_jis|iso2022_jp"
)
META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.I)
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16"}
MARKS[codecs.BOM_UTF16_BE] = "utf-16"


class Reader(HTMLParser):
    """Keeps the first text of each kind that tells of the page."""

    def __init__(self) -> None:
        """Nothing found yet."""
        super().__init__()
        self.found: dict[str, str] = {}
        self._title: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A `meta` with a text of ours, or the title's beginning."""
        if tag == "title" and "title" not in self.found:
            self._title = []
        if tag != "meta":
            return
        values = dict(attrs)
        name = (values.get("property") or values.get("name") or "").strip().lower()
        text = (values.get("content") or "").strip()
        if name in NAMES and text:
            self.found.setdefault(name, text[:TEXT_MAX_LENGTH])

    def handle_data(self, data: str) -> None:
        """A piece of the title."""
        if self._title is not None and len(self._title) < 100:
            self._title.append(data[:TEXT_MAX_LENGTH])

    def handle_endtag(self, tag: str) -> None:
        """The title's end."""
        if tag == "title" and self._title is not None:
            self.found["title"] = "".join(self._title).strip()[:TEXT_MAX_LENGTH]
            self._title = None


def read(body: bytes, charset: str) -> dict[str, str]:
    """The texts by their names in the page."""
    reader = Reader()
    reader.feed(body.decode(codec_of(body, charset), "replace"))
    return reader.found


def codec_of(body: bytes, charset: str) -> str:
    """Of a mark at the beginning, the server's word or the page's; else UTF-8."""
    for mark, name in MARKS.items():
        if body.startswith(mark):
            return name
    said = META_CHARSET.search(body[:2_048])
    for name in (charset, said[1].decode("ascii", "replace") if said else ""):
        with suppress(LookupError, ValueError):
            known = codecs.lookup(name).name
            if CHARSETS.fullmatch(known):
                # As browsers do: what says Latin-1 is Windows' own.
                return "cp1252" if known in {"ascii", "iso8859-1"} else known
    return "utf-8"


def main() -> None:
    """Read the standard input; the first argument is the charset that was named."""
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_MAX_S),
        (resource.RLIMIT_AS, MEMORY_MAX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has each
            resource.setrlimit(limit, (most, most))
    sys.stdout.write(json.dumps(read(sys.stdin.buffer.read(), sys.argv[1])))


if __name__ == "__main__":
    main()
