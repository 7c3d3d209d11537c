"""Who is named in a text: chips, rows and badges, and nothing about anybody else."""

import pytest
from django.db.models import F

from accounts.blocks import block, unblock
from accounts.models import User
from chat.mention_tables import Mention
from chat.models import Membership, Message, Room
from chat.reading import mark_read
from chat.standings import standings
from chat.unread import mentions_of
from livechat.lib import limits
from livechat.lib.markdown import plain_text, render
from tests.chat.pages import client_of, room_of
from tests.chat.test_unread import post, unread


def named(room: Room) -> list[str | None]:
    """The names of who is mentioned in the room; None is everybody."""
    rows = Mention.objects.filter(room=room).order_by("pk")
    return list(rows.values_list("user__display_name", flat=True))


def html_of(room: Room) -> str:
    """The newest message as it is stored."""
    return Message.objects.get(room=room, seq=F("room__last_seq")).html


@pytest.mark.parametrize(
    "text",
    ["@Bob", "@bob,", "(@BOB)", "hello @Bob!", "**@Bob**", "> @Bob.", "- @Bob"],
)
def test_a_member_is_named_however_it_is_written(
    alice: User, bob: User, text: str
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, text)
    assert f'<span class="mention" data-user="{bob.public_id}">@Bob</span>' in html_of(
        lounge
    )
    assert named(lounge) == ["Bob"]
    assert plain_text(html_of(lounge)).count("@Bob") == 1


@pytest.mark.parametrize(
    "text",
    [
        "`@Bob`",
        "```\n@Bob\n```",
        "    @Bob",
        "bob@bob.example",
        r"\@Bob",
        "x@Bob",
        "@Bobby",
        "@Charlie",
        "@nobody",
        "@@Bob",
        "@",
    ],
)
def test_what_names_no_member_stays_text(
    alice: User, bob: User, charlie: User, text: str
) -> None:
    lounge = room_of(alice, bob, is_private=True)
    post(lounge, alice, text)
    assert "mention" not in html_of(lounge)
    assert named(lounge) == []


def test_nobody_learns_from_a_text_whether_somebody_exists(
    alice: User, charlie: User
) -> None:
    vault = room_of(alice, is_private=True)
    post(vault, alice, "@Charlie")
    post(vault, alice, "@Nobodyx")
    first, second = Message.objects.filter(room=vault).order_by("seq")
    assert first.html.replace("Charlie", "Nobodyx") == second.html


def test_a_name_with_blanks_and_a_look_alike_mean_the_one_person(alice: User) -> None:
    ada = User.objects.create_user("ada@example.org", display_name="Ada Lovelace")
    lounge = room_of(alice, ada)
    post(lounge, alice, "@Ada_Lovelace and @\u0410da_Lovelace")  # a Cyrillic letter
    assert html_of(lounge).count(">@Ada Lovelace</span>") == 2
    assert named(lounge) == ["Ada Lovelace"]


def test_many_names_are_one_mention_each_and_not_too_many(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "@Bob " * 1000)
    assert named(lounge) == ["Bob"]
    others = " ".join(f"@x{number}" for number in range(limits.MENTIONS_MAX))
    post(lounge, alice, f"{others} @Bob")
    assert named(lounge) == ["Bob"]


def test_everybody_is_told_in_a_small_room_and_by_those_who_run_a_large_one(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, bob, "@room come")
    assert named(lounge) == [None]
    assert 'data-user="everybody">@room<' in html_of(lounge)
    guests = User.objects.bulk_create(
        User(email=f"{n}@example.org", display_name=f"G {n}", name_skeleton=f"g{n}")
        for n in range(limits.EVERYBODY_MAX)
    )
    Membership.objects.bulk_create(Membership(room=lounge, user=one) for one in guests)
    post(lounge, bob, "@room again")
    assert named(lounge) == [None]
    assert "mention" not in html_of(lounge)
    post(lounge, alice, "@here")
    assert named(lounge) == [None, None]


def test_one_message_is_one_mention_for_whom_it_names_twice(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "@room and @Bob above all")
    assert named(lounge) == [None]
    assert bob.public_id in html_of(lounge)
    assert mentions_of(bob) == {lounge.public_id: 1}


def test_ones_own_name_is_a_chip_and_no_mention(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "@Alice and @Bob")
    assert named(lounge) == ["Bob"]
    assert alice.public_id in html_of(lounge)


def test_the_badge_counts_mentions_until_they_are_read(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    post(lounge, alice, "@Bob one", "two", "@room three")
    client = client_of(bob)
    page = client.get("/").content.decode()
    assert 'class="count count--mention">@2<' in page
    client.post(f"/rooms/{lounge.public_id}/own", {"level": "mentions"})
    assert "count--mention" in client.get("/").content.decode()
    client.post(f"/rooms/{lounge.public_id}/own", {"level": "nothing"})
    assert "count--mention" not in client.get("/").content.decode()
    assert "count--mention" not in client_of(alice).get("/").content.decode()
    mark_read(bob, lounge, 1)
    assert mentions_of(bob) == {lounge.public_id: 1}
    mark_read(bob, lounge, 3)
    assert mentions_of(bob) == {}
    assert unread(bob, lounge) == 0


def test_only_people_of_the_room_are_proposed(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob)
    address = f"/rooms/{lounge.public_id}/suggest"
    asked: dict[str, str] = {"kind": "@", "q": "", "at": "1"}
    shown = client_of(alice).get(address, asked).content.decode()
    assert 'data-value="@Bob"' in shown
    assert "Charlie" not in shown
    shown = client_of(alice).get(address, {**asked, "q": "ro"}).content.decode()
    assert 'data-value="@room"' in shown
    assert client_of(bob).get(address, {**asked, "q": "zz"}).content == b"\n"


def test_a_mark_is_escaped_and_has_a_name() -> None:
    assert render("@a<b>") == '<p><span class="mention">@a</span>&lt;b&gt;</p>'
    assert render("a @") == "<p>a @</p>"


@pytest.mark.parametrize("text", ["@room come", "@here", "@Bob", "@room and @Bob"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_words_of_somebody_whom_one_blocks_are_no_mention(
    alice: User, bob: User, charlie: User, text: str, when: str
) -> None:
    lounge = room_of(alice, bob, charlie)
    if when == "before":
        block(bob, alice)
    post(lounge, alice, text)
    if when == "after":
        block(bob, alice)
    assert mentions_of(bob) == {}
    assert [one.mentions for one in standings([bob.pk])[bob.pk]] == [0]
    assert "count--mention" not in client_of(bob).get("/").content.decode()
    [room] = client_of(bob).get("/api/rooms").json()["rooms"]
    assert (room["mentions"], room["unread"]) == (0, 1)
    if text != "@Bob":  # the others are meant as ever
        assert [one.mentions for one in standings([charlie.pk])[charlie.pk]] == [1]
    if when == "after" or text == "@room come":
        unblock(bob, alice)
        assert mentions_of(bob) == {lounge.public_id: 1}
