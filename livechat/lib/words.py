"""Words of fragments that go to everybody, put into each reader's language at the end.

The fan-out makes a fragment once; its words are marked in it, and become words where
bytes leave for pages. The rule it guards: programs never see a mark, and a text of
somebody's that looks like one can break nothing.
"""

import html
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Self

from django.utils import translation

DEFAULT = "en"  # what the code is written in

# Private use (U+E000 to U+F8FF): no script, no emoji, and no text of ours has them.
_BEGIN, _NEXT, _END = "\ue000", "\ue001", "\ue002"
# The same of a sentence that stands in another's place; deeper there is none.
_WITHIN = "\ue003\ue004\ue005"
MARKS = re.compile(f"[{_BEGIN}{_NEXT}{_END}{_WITHIN}]")
_INWARDS = str.maketrans(_BEGIN + _NEXT + _END, _WITHIN)
_OUTWARDS = str.maketrans(_WITHIN, _BEGIN + _NEXT + _END)

_FIRST = _BEGIN.encode()
_FIRST_WITHIN = _WITHIN[0].encode()
_INNER = re.compile(f"[{_WITHIN}]")
# No mark may begin inside of one: whoever wrote a lone beginning opens nothing.
_MARKED = re.compile(rb"\xee\x80\x80((?:[^\xee]|\xee(?!\x80[\x80\x82]))*+)\xee\x80\x82")
_PLACE = re.compile(r"\{(\d)\}")
_BYTES_PLACE = re.compile(rb"\{(\d)\}")
_KEPT = 4096  # msgids in a language; the rest is looked up again

_MARKUP = {ord(one): html.escape(one) for one in '&<>"'}


class Words(str):
    """A sentence: English as a text, marked in HTML, so that each reads their own."""

    __slots__ = ("marked",)

    marked: str

    def __new__(cls, msgid: str, *args: object) -> Self:
        """The sentence with `args` in its places {0}, {1} and so on."""
        given = [MARKS.sub("", str(one)) for one in args]
        self = super().__new__(cls, _filled(msgid, given))
        marks = map(_inner, args, given)
        self.marked = _BEGIN + _NEXT.join([msgid, *marks]) + _END
        return self

    def __str__(self) -> str:
        """Itself: an error that holds the sentence gives it back whole."""
        return self

    def __html__(self) -> str:
        """The mark, escaped, as templates ask for it."""
        return html.escape(self.marked)


def marked(msgid: str, *args: object) -> Words:
    """The sentence `msgid`, a key of the catalogs, with `args` in {0}, {1} …"""
    return Words(msgid, *args) if args else _bare(msgid)


@lru_cache(maxsize=_KEPT)
def _bare(msgid: str) -> Words:
    return Words(msgid)


def mark_of(text: str) -> str:
    """A sentence as it travels or is kept (`from_mark`); other texts as they are."""
    return text.marked if isinstance(text, Words) else text


def from_mark(text: str) -> str:
    """What `mark_of` was given."""
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        return text
    msgid, *args = text[1:-1].split(_NEXT)
    return Words(msgid, *(from_mark(one.translate(_OUTWARDS)) for one in args))


def recognised(text: str, sentences: Iterable[Words]) -> str:
    """The first of the sentences that the text is, with what stands in its places.

    The text itself when it is none of them.
    """
    found = taken_apart(text, sentences)
    return Words(found[0], *found[1]) if found else text


def taken_apart(
    text: str, sentences: Iterable[Words]
) -> tuple[Words, list[str]] | None:
    """The first of the sentences that the text is, and what stands in its places.

    Their places come in their order. None when it is none of them.
    """
    for one in sentences:
        if found := _pattern(one).fullmatch(text):
            return one, list(found.groups())
    return None


def spoken(text: str, language: str) -> str:
    """A text of `mark_of` as plain text in the language; other texts as they are."""
    if not isinstance(sentence := from_mark(text), Words):
        return text
    msgid, *args = sentence.marked[1:-1].split(_NEXT)
    args = [spoken(one.translate(_OUTWARDS), language) for one in args]
    with translation.override(language):
        return _filled(translation.gettext(msgid), args)


def put(page: bytes, language: str) -> bytes:
    """HTML with its marks in the words of the language; without marks it is the same.

    A msgid that no catalog has stays as it is written.
    """
    if _FIRST not in page:
        return page
    return _MARKED.sub(lambda found: _said(found[1], language), page)


def plain(text: str) -> str:
    """A text, or HTML, with its marks in English."""
    if _BEGIN not in text:
        return text
    return put(text.encode(), DEFAULT).decode()


@cache
def _pattern(sentence: Words) -> re.Pattern[str]:
    """What is written so; only of sentences that the code itself has."""
    parts = map(re.escape, re.split(r"\{\d\}", sentence))
    return re.compile("(.+)".join(parts), re.DOTALL)


def _said(mark: bytes, language: str) -> bytes:
    msgid, *args = mark.split(_NEXT.encode())
    sentence = _in_language(msgid, language)
    if b"{" not in sentence:
        return sentence
    args = [_outwards(one, language) for one in args]
    return _BYTES_PLACE.sub(lambda place: _given(place, args), sentence)


def _inner(given: object, text: str) -> str:
    """What stands in a place: a sentence as its mark, unless it holds one itself."""
    mark = given.marked if isinstance(given, Words) else ""
    return mark.translate(_INWARDS) if mark and not _INNER.search(mark) else text


def _outwards(arg: bytes, language: str) -> bytes:
    """What stands in a place, in the language."""
    if _FIRST_WITHIN not in arg:
        return arg
    return put(arg.decode(errors="replace").translate(_OUTWARDS).encode(), language)


def _given(place: re.Match[bytes], args: list[bytes]) -> bytes:
    at = int(place[1])
    return args[at] if at < len(args) else place[0]


@lru_cache(maxsize=_KEPT)
def _in_language(msgid: bytes, language: str) -> bytes:
    """The sentence's HTML; the msgid is as a template escaped it."""
    if language == DEFAULT:
        return msgid
    text = html.unescape(msgid.decode(errors="replace"))
    with translation.override(language):
        found = translation.gettext(text) if text else ""
    return msgid if found == text else found.translate(_MARKUP).encode()


def _filled(msgid: str, given: list[str]) -> str:
    if not given:
        return msgid
    return _PLACE.sub(
        lambda place: given[int(place[1])] if int(place[1]) < len(given) else place[0],
        msgid,
    )
