"""Direction controls, held to the line that they stand on.

The rule it guards: what one message opens cannot turn the next one round.
"""

import re

BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
EMBEDDINGS = "\u202a\u202b\u202d\u202e"  # LRE RLE LRO RLO, closed by PDF
ISOLATES = "\u2066\u2067\u2068"  # LRI RLI FSI, closed by PDI
PDF = "\u202c"
PDI = "\u2069"


def without_open_bidi(text: str) -> str:
    """The text without the direction controls that lack a partner on their line.

    Pairs as in UAX #9, BD9 and BD11: an embedding ends within its isolate. Never
    longer than what came.
    """
    if text.isascii() or not BIDI_CONTROL.search(text):
        return text
    return "\n".join(map(_balanced_line, text.split("\n")))


def _balanced_line(line: str) -> str:
    partners = _partners(line)
    return BIDI_CONTROL.sub(
        lambda found: found[0] if found.start() in partners else "", line
    )


def _partners(line: str) -> set[int]:
    """The places of the direction controls that open and close each other."""
    paired: set[int] = set()
    embeddings: list[int] = []  # open ones since the innermost isolate
    isolates: list[tuple[int, list[int]]] = []  # with the embeddings around each
    for found in BIDI_CONTROL.finditer(line):
        control, place = found[0], found.start()
        if control in EMBEDDINGS:
            embeddings.append(place)
        elif control in ISOLATES:
            isolates.append((place, embeddings))
            embeddings = []
        elif control == PDF and embeddings:
            paired |= {embeddings.pop(), place}
        elif control == PDI and isolates:
            opener, embeddings = isolates.pop()
            paired |= {opener, place}
    return paired
