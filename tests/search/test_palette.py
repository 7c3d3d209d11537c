"""The command palette: everything that one may see and nothing else."""

import re
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.directs import begin_direct
from chat.models import Message, Room
from livechat.lib.words import spoken
from search.palette import hits
from search.words import messages_with
from tests.chat.pages import client_of, fill, room_of


def write(room: Room, author: User, text: str) -> Message:
    """Append one message to the room's log, as the worker would have."""
    room.last_seq += 1
    room.last_changed_seq += 1
    room.save()
    return Message.objects.create(
        room=room,
        seq=room.last_seq,
        changed_seq=room.last_changed_seq,
        author=author,
        client_id=uuid4(),
        body=text,
        html=f"<p>{text}</p>",
        created_at=timezone.now(),
    )


def labels(user: User, text: str) -> list[str]:
    return [hit.label for hit in hits(user, text)]


def test_rooms_people_pages_and_messages_are_found(alice: User, bob: User) -> None:
    room = room_of(alice, bob, name="Cooking")
    write(room, bob, "we cook at eight")
    found = labels(alice, "cook")
    assert found[0] == "Cooking"
    assert "Bob: we cook at eight" in found
    assert "Bob" in labels(alice, "bo")
    assert "Keyboard shortcuts" in labels(alice, "keyb")


def test_of_a_private_room_an_outsider_finds_neither_name_nor_word(
    alice: User, charlie: User
) -> None:
    room = room_of(alice, name="Vault", is_private=True)
    write(room, alice, "the combination is swordfish")
    assert messages_with(alice, "swordfish", 5)
    assert messages_with(charlie, "swordfish", 5) == []
    assert "Vault" in labels(alice, "vau")
    assert labels(charlie, "vau") == []
    assert "swordfish" not in " ".join(labels(charlie, "swordfish"))


def test_what_was_written_before_a_room_was_public_stays_unfound(
    alice: User, charlie: User
) -> None:
    room = room_of(alice, name="Vault", is_private=True)
    write(room, alice, "early bird")
    room.is_private, room.public_from_seq = False, 2
    room.save()
    write(room, alice, "late bird")
    assert [one.body for one in messages_with(charlie, "bird", 5)] == ["late bird"]


def test_words_in_rooms_of_others_hide_none_of_ones_own(
    alice: User, charlie: User
) -> None:
    own = room_of(charlie, name="Own")
    write(own, charlie, "an early word")
    vault = room_of(alice, name="Vault", is_private=True)
    write(vault, alice, "word")
    fill(vault, alice, 2_500)  # each holds `text`, as its own message does
    write(own, charlie, "a text of mine")
    fill(vault, alice, 2_500)
    assert [one.body for one in messages_with(charlie, "word", 5)] == ["an early word"]
    assert [one.body for one in messages_with(charlie, "tex", 5)] == ["a text of mine"]


def test_a_deleted_message_is_not_found(alice: User) -> None:
    message = write(room_of(alice), alice, "gone tomorrow")
    message.body, message.html, message.deleted_at = "", "", timezone.now()
    message.save()
    assert messages_with(alice, "tomorrow", 5) == []


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "*",
        "a OR b",
        "NEAR(a b, 9)",
        "body:a",
        "-a",
        "^a",
        "' | '",
        "a:*B & !c",
        "%_%",
        "\\",
        "{{7*7}}",
        "<xss-tag>",
        "'; DROP TABLE chat_message; --",
        "w " * 49,
        "\u202ea\u2066",
    ],
)
def test_no_text_is_an_operator_of_the_index(alice: User, text: str) -> None:
    write(room_of(alice), alice, "quite different")
    answered = client_of(alice).get("/palette", {"q": text})
    assert answered.status_code == 200
    assert "quite different" not in answered.content.decode()
    assert "<xss-tag" not in answered.content.decode()


@pytest.mark.parametrize(
    "address", ["/palette?q=a", "/?q=a", "/?sort=a", "/accounts/login/?next=/a"]
)
def test_no_address_puts_marks_of_words_into_a_page(alice: User, address: str) -> None:
    """Of a text that stands twice all between its end and its beginning would go."""
    client = Client() if "login" in address else client_of(alice)
    marks = quote("\ue002\ue000\ue005\ue001")
    pages = [client.get(one).content.decode() for one in (address, address + marks)]
    plain, marked = [re.sub(r"\b\w{64}\b", "", page) for page in pages]
    assert marked.replace(marks, "") == plain


def test_more_than_a_line_is_refused(alice: User) -> None:
    assert client_of(alice).get("/palette", {"q": "x" * 101}).status_code == 422


def test_the_number_of_queries_does_not_grow(
    alice: User, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        write(room_of(alice, bob, name=f"Tea {number}"), bob, "tea please")
    with django_assert_max_num_queries(6):
        assert len(hits(alice, "tea")) == 12


def test_a_rooms_page_asks_for_the_next_one_after_itself(
    alice: User, bob: User
) -> None:
    direct, _ = begin_direct(alice, [bob])
    for room in (room_of(alice, bob), direct):
        page = client_of(alice).get(f"/rooms/{room.public_id}/").content.decode()
        for way in ("up", "down"):
            assert f"/unread/next?way={way}&amp;room={room.public_id}" in page


def test_the_next_unread_room_goes_round_and_says_when_there_is_none(
    alice: User, bob: User
) -> None:
    one, two, _ = (room_of(alice, name=name) for name in ("A", "B", "C"))
    for room in (one, two):
        write(room, bob, "news")
    client = client_of(alice)
    down = client.get("/unread/next", {"way": "down", "room": one.public_id})
    assert down.headers["Location"] == f"/rooms/{two.public_id}/"
    round_ = client.get("/unread/next", {"way": "down", "room": two.public_id})
    assert round_.headers["Location"] == f"/rooms/{one.public_id}/"
    up = client.get("/unread/next", {"way": "up"})
    assert up.headers["Location"] == f"/rooms/{two.public_id}/"
    alice.memberships.update(last_read_seq=9)
    nothing = client.get(
        "/unread/next", {"way": "down", "room": one.public_id}, follow=True
    )
    assert "You have read everything." in nothing.content.decode()
    assert client.get("/unread/next", {"way": "left"}).status_code == 422


def test_a_person_is_one_press_from_the_direct_message_with_them(
    alice: User, bob: User
) -> None:
    client = client_of(alice)
    page = client.get("/palette?q=bob").content.decode()
    button = re.search(r'<button class="palette__hit"[^>]*>', page)
    assert button is not None
    assert f'form="palette-begin" name="user" value="{bob.public_id}"' in button[0]
    form = re.search(r'<form id="palette-begin" action="([^"]*)" method="post"', page)
    assert form is not None
    assert "csrfmiddlewaretoken" in page
    answer = client.post(form[1], {"user": bob.public_id})
    room = Room.objects.get(kind="direct")
    assert answer.headers["Location"] == f"/rooms/{room.public_id}/"
    assert set(room.memberships.values_list("user", flat=True)) == {alice.pk, bob.pk}


def test_who_is_called_so_comes_before_the_groups_that_they_are_in(
    alice: User, bob: User, charlie: User
) -> None:
    for user, name in ((bob, "Anna Adler"), (charlie, "Cleo Clark")):
        user.display_name = name
        user.save()
    group = room_of(alice, bob, charlie, name="")
    Room.objects.filter(pk=group.pk).update(kind="group", last_seq=1)
    room_of(alice, name="Nucleonics")
    both = "Anna Adler and Cleo Clark"
    assert called(alice, "cleo") == ["Cleo Clark", "Nucleonics", both]
    assert called(alice, "clark") == ["Cleo Clark", both]
    assert called(alice, "anna") == ["Anna Adler", both]
    direct = room_of(alice, charlie, name="")
    Room.objects.filter(pk=direct.pk).update(kind="direct", last_seq=1)
    assert called(alice, "cleo")[:2] == ["Cleo Clark", "Cleo Clark"]
    assert hits(alice, "cleo")[0].href == f"/rooms/{direct.public_id}/"


def called(user: User, text: str) -> list[str]:
    return [spoken(one, "en") for one in labels(user, text)]


def test_each_page_with_the_palette_can_begin_a_direct_message(alice: User) -> None:
    page = client_of(alice).get("/").content.decode()
    begins = page.partition('<form id="palette-begin"')[2].partition("</form>")[0]
    assert "csrfmiddlewaretoken" in begins
