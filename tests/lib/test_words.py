"""Marked words: each page reads its own, programs read English, nothing breaks them."""

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.crowd import Crowd
from livechat.lib.feed import Feed, Publication
from livechat.lib.frames import text_frame
from livechat.lib.http import words_in_pages
from livechat.lib.text import checked_piece, normalise_name, normalise_text
from livechat.lib.words import (
    Words,
    from_mark,
    mark_of,
    marked,
    plain,
    put,
    recognised,
    spoken,
)
from tests.lib.test_crowd import NoTexts, none_missed
from tests.lib.test_hub import Recorder

# Sentences that Django's own catalog has.
SENTENCE, GERMAN = "Enter a number.", "Bitte eine Zahl eingeben."


def html_of(words: Words) -> bytes:
    return words.__html__().encode()


def test_a_sentence_is_english_as_a_text_and_anybody_s_in_html() -> None:
    sentence = marked(SENTENCE)
    assert sentence == SENTENCE
    assert (
        put(b"<p>" + html_of(sentence) + b"</p>", "en") == f"<p>{SENTENCE}</p>".encode()
    )
    assert (
        put(b"<p>" + html_of(sentence) + b"</p>", "de") == f"<p>{GERMAN}</p>".encode()
    )


def test_what_is_put_into_a_sentence_is_escaped_once() -> None:
    sentence = marked("{0} sees {1} <b>", "<Bob>", 3)
    assert sentence == "<Bob> sees 3 <b>"
    for language in ("en", "de"):  # no catalog has it
        assert put(html_of(sentence), language) == b"&lt;Bob&gt; sees 3 &lt;b&gt;"


def test_a_name_that_looks_like_a_place_stays_a_name() -> None:
    sentence = marked("{0} and {1}", "{1}", "Bob")
    assert sentence == "{1} and Bob"
    assert put(html_of(sentence), "en") == b"{1} and Bob"


def test_a_place_without_a_value_stays() -> None:
    assert put(html_of(marked("{0} and {1}", "Bob")), "en") == b"Bob and {1}"


def test_a_translation_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "gettext", lambda _: '<b title="&">{0}')
    mark = html_of(marked("a test that translates", "Bob"))
    assert put(mark, "de") == b"&lt;b title=&quot;&amp;&quot;&gt;Bob"


def test_json_never_holds_a_mark() -> None:
    assert encode({"message": marked(SENTENCE)}) == b'{"message":"Enter a number."}'
    told = JsonResponse({"message": marked(SENTENCE)})
    assert told.content == b'{"message": "Enter a number."}'


def test_an_error_gives_its_sentence_back_whole() -> None:
    assert html_of(str(ValueError(marked(SENTENCE)))) == html_of(marked(SENTENCE))  # type: ignore[arg-type] # __str__ is itself


def test_a_sentence_travels_as_its_mark() -> None:
    sentence = marked("{0} sees {1}", "Bob", "")
    again = from_mark(mark_of(sentence))
    assert isinstance(again, Words)
    assert (again, again.marked) == (sentence, sentence.marked)
    assert mark_of("as it is") == from_mark("as it is") == "as it is"
    assert plain(mark_of(sentence)) == "Bob sees "


def test_a_sentence_may_stand_in_another_s_place() -> None:
    title = marked("{0} and {1}", "<Bob>", "Ann")
    sentence = marked("You and {0}", title)
    assert str(sentence) == "You and <Bob> and Ann"
    again = from_mark(mark_of(sentence))
    assert isinstance(again, Words)
    for one in (sentence, again):
        assert spoken(mark_of(one), "de") == "Du und <Bob> und Ann"
        assert put(html_of(one), "de").decode() == "Du und &lt;Bob&gt; und Ann"
        assert put(html_of(one), "en").decode() == "You and &lt;Bob&gt; and Ann"


def test_deeper_than_that_a_sentence_is_english() -> None:
    title = marked("{0} and {1}", marked("{0} and {1}", "Bob", "Ann"), "Eve")
    sentence = marked("You and {0}", title)
    assert put(html_of(sentence), "de") == b"Du und Bob and Ann and Eve"
    assert plain(mark_of(sentence)) == "You and Bob and Ann and Eve"


def test_a_mark_is_plain_text_in_any_language() -> None:
    assert spoken(mark_of(marked(SENTENCE)), "de") == GERMAN
    assert spoken(mark_of(marked("{0} sees & <", "<b>")), "de") == "<b> sees & <"
    assert spoken(SENTENCE, "de") == SENTENCE, "what is not marked stays as it is"


@pytest.mark.parametrize("engine", ["django", "fragments"])
def test_a_template_marks_words(engine: str) -> None:
    code = {
        "django": '{% load words %}{% marked "{0} sees" name %}',
        "fragments": '{{ marked("{0} sees", name) }}',
    }[engine]
    html = engines[engine].from_string(code).render({"name": "<Bob>"})
    assert put(html.encode(), "en") == b"&lt;Bob&gt; sees"


MARKS = st.text(
    st.sampled_from("\ue000\ue001\ue002\ue003\ue004\ue005{}01aé<\uefff"), max_size=20
)


@given(MARKS, MARKS, MARKS)
def test_marks_of_somebody_s_own_break_nothing(
    before: str, name: str, after: str
) -> None:
    """Old messages may hold any: what stands around a sentence stays as it is."""
    page = (
        f"<p>{before}</p>".encode() + html_of(marked("{0} sees", name)) + after.encode()
    )
    for language in ("en", "de"):
        found = put(page, language).decode()
        assert " sees" in found
        assert found.startswith("<p>")
        assert "</p>" in found


def test_a_lone_beginning_takes_nothing_with_it() -> None:
    page = (
        "<p>\ue000</p>".encode() + html_of(marked(SENTENCE)) + "<b>\ue002</b>".encode()
    )
    assert put(page, "de").decode() == f"<p>\ue000</p>{GERMAN}<b>\ue002</b>"


def test_texts_and_names_of_people_hold_no_marks() -> None:
    assert normalise_text("a\ue000b\ue001\ue002c", max_length=9) == "abc"
    assert normalise_name("A\ue000l\ue002") == "Al"
    assert checked_piece("a\ue000b", max_length=9) == "a\ufffdb"


def page(feed: Feed, language: str) -> Recorder:
    socket = Recorder()
    feed.crowd.add(
        Connection(
            str(id(socket)), socket, html=True, principal=None, language=language
        )
    )
    return socket


def test_two_pages_of_one_room_read_a_message_each_in_their_own_words() -> None:
    feed = Feed("hall", none_missed, lambda number: b"@%d" % number, NoTexts())
    feed.last = 0
    english, german, other = (page(feed, one) for one in ("en", "de", "de"))
    feed.accept([Publication(1, b"{}", html_of(marked(SENTENCE)))])
    feed.flush()
    assert english.writes == [text_frame(SENTENCE.encode() + b"@1")]
    assert german.writes == [text_frame(GERMAN.encode() + b"@1")]
    assert other.writes[0] is german.writes[0]  # made once


def test_a_state_is_told_in_each_language_of_a_crowd() -> None:
    feed = Feed("hall", none_missed, lambda number: b"", NoTexts())
    english, german = page(feed, "en"), page(feed, "de")
    feed.show(b"", html_of(marked(SENTENCE)))
    assert english.writes == [text_frame(SENTENCE.encode())]
    assert german.writes == [text_frame(GERMAN.encode())]


def test_a_crowd_forgets_a_language_with_its_last_page() -> None:
    crowd = Crowd()
    pages = [
        Connection(one, Recorder(), html=True, principal=None, language=one)
        for one in ("en", "de")
    ]
    for one in pages:
        crowd.add(one)
    crowd.discard(pages[1])
    assert (list(crowd.pages), list(crowd), len(crowd)) == (["en"], [pages[0]], 1)
    assert pages[1] not in crowd


def test_a_socket_hears_answers_in_its_language() -> None:
    socket = Recorder()
    one = Connection("a", socket, html=True, principal=None, language="de")
    one.send(b"{}", html_of(marked(SENTENCE)))
    assert socket.writes == [text_frame(GERMAN.encode())]


def answered(response: HttpResponse, language: str) -> bytes:
    with translation.override(language):
        return bytes(words_in_pages(lambda _: response)(HttpRequest()).content)


def test_a_page_of_http_is_in_the_language_of_its_request() -> None:
    mark = html_of(marked(SENTENCE))
    assert answered(HttpResponse(mark), "de") == GERMAN.encode()
    assert answered(HttpResponse(mark), "en") == SENTENCE.encode()
    other = HttpResponse(mark, content_type="text/css")
    assert answered(other, "de") == mark


def test_a_text_that_is_one_of_the_sentences_is_recognised() -> None:
    """What is kept in English is read in other languages too."""
    sentences = (marked("{0} joined."), marked("{0} added {1}."))
    found = recognised("Al.+ added Bob.", sentences)
    assert isinstance(found, Words)
    assert found.marked == "\ue000{0} added {1}.\ue001Al.+\ue001Bob\ue002"
    other = recognised("Alice said so.", sentences)
    assert not isinstance(other, Words)
    assert other == "Alice said so."
