"""Texts and names of people: one spelling, visible, held to their own line."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat.lib.bidi import BIDI_CONTROL, without_open_bidi
from livechat.lib.text import (
    BAD,
    HIDDEN,
    SKELETON_MAX_LENGTH,
    BadText,
    EmptyText,
    TextError,
    TooLong,
    normalise_name,
    normalise_text,
    skeleton,
)
from tests.lib.quickly import answers_within

CAP = 8_000

BLANKS = [
    "",
    "   ",
    "\n\n\t",
    "\u200b",
    "\u2060",
    "\u3164",
    "\xad",
    "\ufeff",
    "\u180e",
    "\ufe0f",
    "\U000e0100",
    "\U000e0041\U000e007f",
    "\u200e\u200f\u061c",
    "\u202e\u202c",
    "\u2068\u2069",
    "\u115f\u1160\uffa0",
    "\u2800",
    "\xa0\u3000\u2028",
    " \u200b\n\u2060 \u3164 \xad\ufeff",
]
tricky = st.text(
    st.characters()
    | st.sampled_from("\r\n\x85\u2028\u2029 \t\u0301\u0316\u0344\u200b\ufb2cİı")
    | st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    max_size=40,
)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_text_that_nobody_can_see_is_empty(blank: str) -> None:
    with pytest.raises(EmptyText, match=r"^Write .*\.$"):
        normalise_text(blank, max_length=CAP)
    with pytest.raises(EmptyText, match=r"^A name .*\.$"):
        normalise_name(blank)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85"])
def test_every_line_end_becomes_one_form(end: str) -> None:
    assert normalise_text(f"a{end}b{end}{end}c{end}", max_length=CAP) == "a\nb\n\nc"


def test_letters_are_composed_but_keep_their_form() -> None:
    assert normalise_text("e\u0301 ﬁ ａ ²", max_length=CAP) == "é ﬁ ａ ²"


def test_white_space_goes_at_the_end_only() -> None:
    assert normalise_text("  a  b \n\t \u3000", max_length=CAP) == "  a  b"


def test_emoji_of_several_parts_stay_whole_in_a_text() -> None:
    assert normalise_text("👩\u200d💻 ❤\ufe0f", max_length=CAP) == "👩\u200d💻 ❤\ufe0f"


@pytest.mark.parametrize(
    "bad", ["\0", "\x1b", "\x0b", "\x7f", "\x9b", "\ud800", "\udfff"]
)
def test_controls_and_half_surrogates_are_refused(bad: str) -> None:
    with pytest.raises(BadText, match=r"^This .*\.$"):
        normalise_text(f"a{bad}b", max_length=CAP)
    with pytest.raises(BadText):
        normalise_name(f"a{bad}b")


def test_the_length_is_counted_after_normalisation() -> None:
    assert normalise_text("e\u0301" * CAP, max_length=CAP) == "é" * CAP
    with pytest.raises(TooLong, match="at most 8,000 characters"):
        normalise_text("a" * (CAP + 1), max_length=CAP)
    with pytest.raises(TooLong):
        normalise_text("\ufb2c" * 4_000, max_length=CAP)
    assert normalise_text("a" * CAP + " \n", max_length=CAP) == "a" * CAP


HOSTILE = {
    "expanding by NFKC": "\ufdfa" * CAP,
    "marks in the wrong order": "a" + "\u0301\u0316" * 15_000,
    "open isolates": "\u2068" * CAP,
    "deep isolates": "\u2068" * 4_000 + "\u2069" * 3_999 + "a",
    "marks joined by what is dropped": ("\u0301" * 30 + "\u202e") * 1_000,
    "ten million letters": "a" * 10_000_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_answered_at_once(kind: str) -> None:
    def answer() -> None:
        try:
            normalise_text(HOSTILE[kind], max_length=CAP)
        except TextError as refusal:
            assert str(refusal)

    assert answers_within(0.5, answer)


def test_a_heap_of_accents_is_refused() -> None:
    assert normalise_text("a" + "\u0316" * 30, max_length=CAP)
    with pytest.raises(BadText, match="more than 30 accents"):
        normalise_text("a" + "\u0316" * 31, max_length=CAP)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u202eb", "ab"),
        ("a\u202eb\u202cc", "a\u202eb\u202cc"),
        ("a\u202c\u2069b", "ab"),
        ("\u2066a\nb\u2069", "a\nb"),
        ("\u2067a\u202eb\u2069c\u202cd", "\u2067ab\u2069cd"),
        ("\u202aa\u2068b\u2069c\u202c", "\u202aa\u2068b\u2069c\u202c"),
        ("\u2068" * 1_000 + "a", "a"),
    ],
)
def test_direction_controls_without_a_partner_are_dropped(
    text: str, expected: str
) -> None:
    assert without_open_bidi(text) == expected


@given(text=tricky)
@settings(max_examples=200)
def test_a_text_taken_once_is_taken_again_unchanged(text: str) -> None:
    try:
        normal = normalise_text(text, max_length=50)
    except TextError:
        return
    assert normalise_text(normal, max_length=50) == normal
    assert len(normal) <= 50
    assert unicodedata.is_normalized("NFC", normal)
    assert not BAD.search(normal)
    assert not set(normal) & set("\r\x85\u2028\u2029")


@given(text=tricky)
@settings(max_examples=200)
def test_a_name_taken_once_is_taken_again_unchanged(text: str) -> None:
    try:
        name = normalise_name(text, max_length=20)
    except TextError:
        return
    assert normalise_name(name, max_length=20) == name
    assert 0 < len(name) <= 20
    assert name == " ".join(name.split())
    assert not HIDDEN.search(name)
    assert not BIDI_CONTROL.search(name)
    assert 0 < len(skeleton(name)) <= SKELETON_MAX_LENGTH


def test_a_name_stands_on_one_line_with_nothing_hidden() -> None:
    assert normalise_name(" alice\t\n \u200b bob\u202e\u3164 ") == "alice bob"
    assert normalise_name("a" * 50) == "a" * 50
    with pytest.raises(TooLong, match="at most 50 characters"):
        normalise_name("a" * 51)
    with pytest.raises(EmptyText):
        normalise_name("\u0301 \u0316")


@pytest.mark.parametrize(
    "alike",
    [
        "ADMIN",
        "admin ",
        "admin.",
        "a d-m_i.n",
        "аdmіn",
        "АDMІN",
        "ａｄｍｉｎ",
        "ΑDΜΙΝ",
        "ADMİN",
        "admın",
        "adm1n",
        "admln",
        "ádmïn",
        "𝐚𝐝𝐦𝐢𝐧",
        "ⓐⓓⓜⓘⓝ",
        "admi\u200bn",
        "adrnin",
    ],
)
def test_names_that_look_like_admin_have_its_skeleton(alike: str) -> None:
    assert skeleton(alike) == skeleton("admin")


def test_case_has_one_form_in_turkish_german_and_greek() -> None:
    assert skeleton("İSTANBUL") == skeleton("ıstanbul") == skeleton("istanbul")
    assert skeleton("Straße") == skeleton("STRASSE")
    assert skeleton("Σίσυφος") == skeleton("ΣΊΣΥΦΟΣ")


def test_different_people_keep_different_skeletons() -> None:
    names = [
        "alice",
        "bob",
        "charlie",
        "мир",
        "你好",
        "你们",
        "שלום",
        "🚀",
        "🎉",
        "...",
    ]
    assert len({skeleton(name) for name in names}) == len(names)


def test_a_skeleton_fits_its_column() -> None:
    assert len(skeleton("\ufdfa" * 50)) == SKELETON_MAX_LENGTH == 200
