"""Letters that are taken for Latin ones, for the skeleton of a name."""

# Small letters after NFKC and casefold, on the Latin ones that they are taken for; a
# hand-made part of confusables.txt of UTS #39. i, l, 1 and | are one, so are o and 0.
_LOOKALIKES = {
    "a": "аαɑ",
    "b": "вьβ",
    "c": "сϲ",
    "d": "ԁđ",
    "e": "еεє",
    "g": "ɡ",
    "h": "нһħ",
    "j": "јϳȷ",
    "k": "кκ",
    "l": "i1|ıіιɩɪӏłǀ",
    "m": "мμ",
    "n": "пηո",
    "o": "0оοσøօ",
    "p": "рρ",
    "q": "ԛ",
    "r": "г",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսʋ",
    "v": "ѵν",
    "w": "ԝω",
    "x": "хχ",
    "y": "уγ",
    "z": "ζ",
    "3": "зӡ",
}
LOOKALIKES = str.maketrans(
    {alike: latin for latin, alikes in _LOOKALIKES.items() for alike in alikes}
)
# Three Greek capitals look like other Latin letters than their small forms do. This
# counts only beside Latin letters: in a Greek word they stay the same letter.
GREEK_CAPITALS = str.maketrans({"Η": "h", "Ν": "n", "Υ": "y"})
