"""Texts of people, made canonical before they are counted, compared or stored.

The rule it guards: one text has one spelling, can be seen, and cannot reach past its
own end; and two names that look alike are one name.
"""

import re
import unicodedata

from livechat.lib.bidi import without_open_bidi
from livechat.lib.limits import NAME_MAX_LENGTH
from livechat.lib.lookalikes import GREEK_CAPITALS, LOOKALIKES
from livechat.lib.words import MARKS, marked

# C0 and C1 but tab and the line ends; lone surrogates, which no encoding can hold.
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")

# Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt), with the
# interlinear marks, the blank braille cell and the musical null head, blank as well.
INVISIBLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
HIDDEN = re.compile(f"[{INVISIBLE}]")
VISIBLE = re.compile(rf"[^\s{INVISIBLE}]")

MARKS_MAX = 30  # combining marks in a row: Stream-Safe Text Format, UAX #15 section 13
SKELETON_MAX_LENGTH = 4 * NAME_MAX_LENGTH  # code points, for the width of a column

LATIN = re.compile("[A-Za-z]")
MARKING = re.compile(r"[\\`*_\[\]<&~|]")  # what Markdown would not show as it is


class TextError(ValueError):
    """A text that is not taken; its message is a sentence for the person."""


class EmptyText(TextError):  # noqa: N818 - the handler reads as a sentence
    """Nothing in it can be seen."""


class TooLong(TextError):  # noqa: N818 - the handler reads as a sentence
    """More code points than allowed."""


class BadText(TextError):  # noqa: N818 - the handler reads as a sentence
    """A character in it that no text may hold."""


def normalise_text(text: str, *, max_length: int) -> str:
    """The one spelling of a text of several lines, at most `max_length` code points.

    Line ends become \\n, letters are composed (NFC, never NFKC, which rewrites what
    people mean), white space at the end goes. Direction controls (U+202A to U+202E,
    U+2066 to U+2069) without a partner on their line are dropped, and so are the marks
    of livechat/lib/words.py. A second call changes nothing.

    Raises: EmptyText, TooLong, BadText.
    """
    _refuse_bad(text, max_length)
    seen = LINE_END.sub("\n", MARKS.sub("", text))
    normal = _composed(without_open_bidi(seen)).rstrip()
    if len(normal) > max_length:
        raise _too_long(max_length)
    if not VISIBLE.search(normal):
        raise EmptyText(marked("Write something first: there is nothing here to see."))
    return normal


def checked_piece(text: str, *, max_length: int) -> str:
    """A piece of a text, as it came: the whole gets its one spelling (`joined_text`).

    Raises: TooLong, BadText.
    """
    _refuse_bad(text, max_length)
    if len(text) > max_length:
        raise _too_long(max_length)
    return MARKS.sub("\ufffd", text)  # whoever sends pieces counts what was taken


def joined_text(text: str, *, max_length: int) -> str:
    """The one spelling of checked pieces together, or "" when nothing can be seen.

    Never refused, as it was shown already: heaps of marks that met at a seam go, and
    so does what is above `max_length` code points once it is composed.
    """
    try:
        normal = normalise_text(text, max_length=3 * max_length)
    except EmptyText:
        return ""
    except BadText:
        bare = "".join(one for one in text if not unicodedata.combining(one))
        normal = normalise_text(bare, max_length=3 * max_length)
    return normal[:max_length].rstrip()


def normalise_name(text: str, *, max_length: int = NAME_MAX_LENGTH) -> str:
    """The name on one line, at most `max_length` code points, nothing hidden in it.

    Every run of white space becomes one space; characters that cannot be seen, and
    direction controls, are dropped (so an emoji of several joined ones comes apart).
    A second call changes nothing.

    Raises: EmptyText (also for accents without a letter), TooLong, BadText.
    """
    _refuse_bad(text, max_length)
    name = _composed(" ".join(HIDDEN.sub("", MARKS.sub("", text)).split()))
    if len(name) > max_length:
        raise _too_long(max_length)
    if all(map(unicodedata.combining, name.replace(" ", ""))):
        raise EmptyText(
            marked("A name needs at least one letter, digit or sign to see.")
        )
    return name


def as_markdown(name: str) -> str:
    """The name as Markdown that shows it as it is."""
    return MARKING.sub(r"\\\g<0>", name)


def skeleton(name: str) -> str:
    """What a name looks like: equal skeletons make equal names.

    Case, accents, spaces, punctuation and the alphabet of look-alikes are gone, at
    most SKELETON_MAX_LENGTH code points stay. Never shown, only compared: it makes
    `bill` and `bili` one. Turkish İ and ı count as i, German ß as ss, Greek ς as σ.
    """
    if LATIN.search(name):
        name = name.translate(GREEK_CAPITALS)
    # NFKC may bring capitals and folding may bring marks: fold, and fold again.
    folded = _folded(_folded(name))
    bare = "".join(filter(_counts, folded))
    alike = (bare or folded).translate(LOOKALIKES).replace("rn", "m").replace("vv", "w")
    return alike[:SKELETON_MAX_LENGTH]


def _refuse_bad(text: str, max_length: int) -> None:
    # No four code points compose to fewer than one, so this is too long in any case.
    if len(text) > 4 * max_length:
        raise _too_long(max_length)
    if BAD.search(text):
        raise BadText(
            marked("This text holds a control character; remove it and try again.")
        )


def _too_long(max_length: int) -> TooLong:
    return TooLong(
        marked("This is too long: at most {0} characters fit.", f"{max_length:,}")
    )


def _composed(text: str) -> str:
    """The text in NFC; heaps of marks are refused before, where they cost n² steps,
    and after, so that what was taken once is taken again."""
    if text.isascii():
        return text
    _refuse_mark_heaps(text)
    composed = unicodedata.normalize("NFC", text)
    _refuse_mark_heaps(composed)
    return composed


def _refuse_mark_heaps(text: str) -> None:
    # A combining class fits a byte, and 0 is no mark.
    classes = bytes(map(unicodedata.combining, text))
    if max(map(len, classes.split(b"\0"))) > MARKS_MAX:
        raise BadText(
            marked("A letter carries more than {0} accents; use fewer.", MARKS_MAX)
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKD", name).casefold()


def _counts(character: str) -> bool:
    """Letters, digits and signs count; accents, punctuation and blanks do not."""
    if unicodedata.combining(character) or HIDDEN.match(character):
        return False
    return unicodedata.category(character)[0] not in "PZC"
