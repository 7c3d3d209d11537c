"""What is said of a room: the first at once, of a burst one sentence."""

import asyncio

import pytest

from chat.announcing import spoken
from livechat.lib import limits
from livechat.lib.connections import Connection
from livechat.lib.feed import Event, Feed, Publication
from livechat.lib.speech import Said, Speech
from livechat.lib.words import plain
from tests.lib.test_crowd import NoTexts, none_missed
from tests.lib.test_hub import Recorder, publication


def said(name: str, text: str = "Hello") -> Said:
    return Said(name.lower(), name, text)


def texts(told: list[Said]) -> bytes:
    return " | ".join(f"{one.name}: {one.text}" for one in told).encode()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPEECH_INTERVAL_S", 0.05)


async def test_the_first_is_said_at_once_and_a_burst_together() -> None:
    heard: list[bytes] = []
    speech = Speech(lambda told: texts(list(told)), heard.append)
    speech.hear(said("Alice"), is_change=False)
    assert heard == [b"Alice: Hello"]
    for name in ("Bob", "Bob", "Alice"):
        speech.hear(said(name), is_change=False)
    assert len(heard) == 1
    await asyncio.sleep(0.08)
    assert heard[1:] == [b"Bob: Hello | Bob: Hello | Alice: Hello"]
    await asyncio.sleep(0.08)
    assert len(heard) == 2
    speech.hear(said("Bob"), is_change=False)
    assert len(heard) == 3


async def test_a_change_takes_away_the_texts_that_wait() -> None:
    heard: list[bytes] = []
    speech = Speech(lambda told: texts(list(told)), heard.append)
    speech.hear(said("Alice"), is_change=False)
    speech.hear(said("Bob", "a secret"), is_change=False)
    speech.hear(None, is_change=True)
    speech.finish()
    assert heard == [b"Alice: Hello", b"Bob: "]
    speech.finish()
    assert len(heard) == 2


def message(number: int, text: str) -> Publication:
    plain = publication(number)
    return Publication(number, plain.json, b"", said=said("Alice", text))


async def test_who_comes_with_an_event_hears_nothing_that_was_before_it() -> None:
    late = Recorder()

    def let_in(feed: Feed, event: Event) -> None:
        feed.crowd.add(Connection("late", late, html=True, principal="late"))

    texts_of = NoTexts()
    feed = Feed(
        "lounge",
        none_missed,
        lambda _: b"",
        texts_of,
        let_in,
        lambda told: texts(list(told)),
    )
    feed.last = 0
    early = Recorder()
    feed.crowd.add(Connection("early", early, html=True, principal="early"))
    joined = Publication(3, b"{}", b"", Event("joined", "late"))
    feed.accept([message(1, "first"), message(2, "not for late"), joined])
    feed.accept([message(4, "for both")])
    await asyncio.sleep(0.08)
    heard = b"".join(early.payloads)
    assert heard.count(b"not for late") == 1
    assert b"for both" in heard
    assert b"not for late" not in b"".join(late.payloads)
    assert b"for both" in b"".join(late.payloads)


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ([said("Bob", "<b>")], '<p data-by="bob">Bob: &lt;b&gt;</p>'),
        ([said("Bob", "")], '<p data-by="bob">1 new message from Bob</p>'),
        (
            [said("Bob"), said("Eve"), said("Bob")],
            '<p data-by="bob">2 new messages from Bob</p>'
            '<p data-by="eve">Eve: Hello</p>',
        ),
        ([Said("bob", "", "Bob joined.")], '<p data-by="bob">Bob joined.</p>'),
        ([said(name) for name in "ABCDA"], "<p>5 new messages from 4 people</p>"),
    ],
)
def test_a_burst_is_one_announcement_in_which_each_persons_part_is_marked(
    told: list[Said], parts: str
) -> None:
    html = plain(spoken(told).decode())
    assert html.count("<hx-partial") == 1
    assert f">{parts}</hx-partial>" in html


async def test_what_cannot_be_said_stands_in_nobodys_way() -> None:
    def broken(told: object) -> bytes:
        raise OSError(24, "Too many open files")

    heard: list[bytes] = []
    Speech(broken, heard.append).hear(said("Alice"), is_change=False)
    assert heard == []
