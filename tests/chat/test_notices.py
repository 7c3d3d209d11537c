"""What people are to know of: written once, read with today's access, gone in time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import blocks
from accounts.models import User
from chat import actions, members, notice_list, notices, reports
from chat.chores import sweep_notices
from chat.directs import begin_direct
from chat.inbox import AppendIntent, FinishIntent
from chat.models import Membership, Message, Room
from chat.notice_list import bells, entries
from chat.notice_tables import Notice
from chat.reading import arrange, mark_read
from chat.sidebar import context
from livechat.lib import limits
from tests.chat.pages import client_of, room_of
from tests.chat.test_unread import unread
from tests.chat.writing import NOWHERE, delete, post, react, say, who, written

THUMB = "\N{THUMBS UP SIGN}"


def kinds(user: User) -> list[str]:
    """What the user's list holds, the newest first."""
    return [one.kind for one in entries(user)]


def waiting(user: User) -> int:
    """The number at the user's bell; a page's own way to it says the same."""
    count = bells([user.pk])[user.pk].count
    assert context(user)["bell"] == count
    return count


def test_a_mention_an_answer_and_a_direct_message_are_told_once(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    first = say(bob, lounge, "Who is there?")
    say(alice, lounge, "@Bob me", reply_to=first)
    assert kinds(bob) == ["mention"], "and is no answer too"
    say(charlie, lounge, "me too", reply_to=first)
    direct, _ = begin_direct(alice, [bob])
    say(alice, direct, "psst", "@Bob")
    assert kinds(bob) == ["direct", "reply", "mention"]
    assert waiting(bob) == 4, "a direct message counts as its badge does"
    assert [one.in_thread for one in entries(bob)] == [False] * 3
    assert waiting(charlie) == 0
    found = entries(bob)[0]
    assert (found.actor, found.text, found.unread) == (alice, "@Bob", 2)


def test_nobody_is_told_of_their_own_words(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    first = say(alice, lounge, "@Alice and @room")
    say(alice, lounge, "more", reply_to=first)
    react(alice, lounge, first, THUMB)
    assert kinds(alice) == []
    assert kinds(bob) == ["mention"]


def test_what_is_read_in_its_room_is_read_in_the_list(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    seq = say(alice, lounge, "@Bob")
    assert waiting(bob) == 1
    mark_read(bob, lounge, seq)
    assert waiting(bob) == 0
    assert [one.unread for one in entries(bob)] == [0]
    mark_read(bob, lounge, seq - 1)
    assert waiting(bob) == 1, "marked unread again"


def test_the_bell_and_the_badge_of_a_direct_message_agree(
    alice: User, bob: User
) -> None:
    direct, _ = begin_direct(alice, [bob])
    seq = say(alice, direct, "one", "two", "three")
    assert waiting(bob) == unread(bob, direct) == 3
    mark_read(bob, direct, seq - 2)
    assert waiting(bob) == unread(bob, direct) == 2
    arrange(bob, direct, level="nothing")
    assert waiting(bob) == 0


def test_a_room_of_which_one_wants_nothing_calls_for_nothing(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    arrange(bob, lounge, level="nothing")
    say(alice, lounge, "@Bob")
    assert waiting(bob) == 0
    assert kinds(bob) == ["mention"], "and can be looked up"


def test_everybody_is_told_of_what_is_for_everybody(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    say(bob, lounge, "@room lunch")
    assert (kinds(alice), kinds(bob), kinds(charlie)) == (["mention"], [], ["mention"])


def test_a_reaction_is_listed_and_calls_for_nothing(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    seq = say(bob, lounge, "done")
    react(alice, lounge, seq, THUMB)
    react(charlie, lounge, seq, "\N{PARTY POPPER}")
    (found,) = entries(bob)
    assert (found.kind, found.actor, found.emoji) == (
        "reaction",
        charlie,
        "\N{PARTY POPPER}",
    )
    assert waiting(bob) == 0
    react(alice, lounge, seq, THUMB, on=False)
    assert [one.actor for one in entries(bob)] == [charlie]
    react(charlie, lounge, seq, "\N{PARTY POPPER}", on=False)
    assert kinds(bob) == [], "nobody is told of what was taken back"


def test_who_is_put_into_a_room_is_told(alice: User, charlie: User) -> None:
    vault = room_of(alice, is_private=True, name="Vault")
    members.add_member(alice, vault, charlie)
    (found,) = entries(charlie)
    assert (found.kind, found.actor, found.url) == (
        "invitation",
        alice,
        f"/rooms/{vault.public_id}/",
    )
    assert waiting(charlie) == 1


def test_a_report_is_told_to_those_who_may_settle_it_until_it_is(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(bob, charlie, alice)
    Membership.objects.filter(user=bob).update(role="admin")
    Membership.objects.filter(user=alice).delete()  # the site's owner
    seq = say(charlie, lounge, "rude")
    made = reports.report(bob, lounge, seq, reason="rude")
    assert kinds(bob) == [], "who reported it knows"
    assert kinds(charlie) == [], "and whose it is hears nothing"
    (found,) = entries(alice)
    assert (found.room, found.actor, found.text) == (None, None, "")
    assert waiting(alice) == 1
    reports.settle(alice, made.pk, None, "dismissed")
    assert kinds(alice) == []


def test_what_is_deleted_is_told_no_more(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    seq = say(alice, lounge, "@Bob secret")
    assert waiting(bob) == 1
    delete(alice, lounge, seq)
    assert (kinds(bob), waiting(bob)) == ([], 0)
    assert not Notice.objects.exists()


def test_a_direct_message_that_is_deleted_gives_way_to_the_one_before(
    alice: User, bob: User
) -> None:
    direct, _ = begin_direct(alice, [bob])
    seq = say(alice, direct, "one", "two")
    delete(alice, direct, seq)
    assert [one.text for one in entries(bob)] == ["one"]
    delete(alice, direct, seq - 1)
    assert kinds(bob) == []


LOSSES: dict[str, Callable[[User, Room, User], object]] = {
    "left": lambda _, room, bob: actions.leave_room(bob, room),
    "removed": lambda alice, room, bob: members.remove_member(alice, room, bob),
    "banned": lambda alice, room, bob: members.ban(alice, room, bob),
    "deleted": lambda alice, room, _: actions.delete_room(alice, room),
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_room_that_is_lost_tells_nothing_more(
    alice: User, bob: User, how: str
) -> None:
    lounge = room_of(alice, bob)
    say(alice, lounge, "@Bob secret")
    address = f"/notifications/{entries(bob)[0].id}"
    LOSSES[how](alice, lounge, bob)
    assert (kinds(bob), waiting(bob)) == ([], 0)
    assert not Notice.objects.filter(user=bob).exists()
    assert client_of(bob).get(address).status_code == 404


def test_a_row_that_stayed_behind_tells_nothing(alice: User, bob: User) -> None:
    vault = room_of(alice, bob, is_private=True)
    say(alice, vault, "@Bob secret")
    Membership.objects.filter(user=bob).delete()  # as if by somebody else's code
    assert Notice.objects.filter(user=bob).exists()
    assert (kinds(bob), waiting(bob)) == ([], 0)


def test_of_whom_one_blocks_nothing_is_told(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    first = say(bob, lounge, "hello")
    say(alice, lounge, "@Bob", "@room")
    say(alice, lounge, "yes", reply_to=first)
    assert len(kinds(bob)) == 3
    blocks.block(bob, alice)
    assert (kinds(bob), waiting(bob)) == ([], 0), "nor of what was before"
    say(alice, lounge, "@Bob again")
    react(alice, lounge, first, THUMB)
    assert kinds(bob) == []


def test_in_a_group_of_whom_one_blocks_nothing_takes_the_place_of_anothers_word(
    alice: User, bob: User, charlie: User
) -> None:
    group, _ = begin_direct(alice, [bob, charlie])
    blocks.block(bob, alice)
    say(charlie, group, "hello")
    say(alice, group, "hello too")
    assert [one.actor for one in entries(bob)] == [charlie]
    assert [one.actor for one in entries(charlie)] == [alice]


def test_a_text_that_has_grown_is_told_of_when_it_is_whole(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    first = say(bob, lounge, "hello")
    written(lounge, post(alice, lounge, reply_to=first))
    person, seq = who(alice, lounge), lounge.last_seq
    written(lounge, AppendIntent(*person, seq, 0, "an answer", *NOWHERE))
    assert kinds(bob) == []
    written(lounge, FinishIntent(*person, seq, None, "done", *NOWHERE))
    assert [(one.kind, one.text) for one in entries(bob)] == [("reply", "an answer")]


def test_a_message_that_is_for_nobody_in_particular_costs_nothing(
    alice: User, bob: User
) -> None:
    lounge = room_of(alice, bob)
    say(alice, lounge, "warm")
    with CaptureQueriesContext(connection) as asked:
        say(alice, lounge, "one", "two")
    assert [one["sql"] for one in asked if "notice" in one["sql"]] == []


def test_the_list_costs_the_same_however_long_it_is(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    say(alice, lounge, "@Bob")
    with CaptureQueriesContext(connection) as few:
        assert len(entries(bob)) == 1
    say(alice, lounge, *("@Bob" for _ in range(9)))
    with CaptureQueriesContext(connection) as many:
        assert len(entries(bob)) == 10
    assert len(few) == len(many) <= 4


def test_the_list_goes_page_by_page(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NOTICES_PAGE_SIZE", 2)
    lounge = room_of(alice, bob)
    for text in ("@Bob 1", "@Bob 2", "@Bob 3"):
        say(alice, lounge, text)
    assert pages(bob) == [["@Bob 3", "@Bob 2"], ["@Bob 1"]]


def pages(user: User) -> list[list[str]]:
    """The texts of the list, from page to page; the API and the website agree."""
    client, found = client_of(user), list[list[str]]()
    further: str | None = ""
    while further is not None and len(found) < 10:
        query = f"?before={further}" if further else ""
        told = client.get(f"/api/notifications{query}").json()
        found.append([one["text"] for one in told["notifications"]])
        further = told["further"]
        shown = client.get(f"/notifications{query}").content.decode()
        assert (f'href="?before={further}"' in shown) == (further is not None)
        assert all(text in shown for text in found[-1])
        assert "That is all" not in shown
    return found


@pytest.mark.parametrize(
    ("hidden", "texts"),
    [
        ([3], [["@Bob 4"], ["@Bob 2", "@Bob 1"]]),
        ([4, 3], [[], ["@Bob 2", "@Bob 1"]]),
        ([2], [["@Bob 4", "@Bob 3"], ["@Bob 1"]]),
        ([1], [["@Bob 4", "@Bob 3"], ["@Bob 2"]]),
    ],
)
def test_what_is_not_theirs_to_see_any_more_does_not_end_the_list(
    alice: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    hidden: list[int],
    texts: list[list[str]],
) -> None:
    monkeypatch.setattr(limits, "NOTICES_PAGE_SIZE", 2)
    lounge = room_of(alice, bob)
    for number in range(1, 5):
        say(alice, lounge, f"@Bob {number}")
    gone = Message.objects.filter(room=lounge, body__in=[f"@Bob {n}" for n in hidden])
    assert gone.update(deleted_at=timezone.now()) == len(hidden)
    assert pages(bob) == texts


@pytest.mark.parametrize("before", ["none", "another's", "x" * 40, "%00"])
def test_below_what_is_no_notification_of_theirs_there_is_nothing(
    alice: User, bob: User, charlie: User, before: str
) -> None:
    lounge = room_of(alice, bob, charlie)
    say(alice, lounge, "@Bob @Charlie")
    if before == "another's":
        before = entries(charlie)[0].id
    client = client_of(bob)
    assert client.get(f"/api/notifications?before={before}").status_code == 404
    page = client.get(f"/notifications?before={before}", follow=True)
    assert "@Bob @Charlie" in page.content.decode()


def test_following_one_marks_it_read_and_leads_to_its_message(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    seq = say(alice, lounge, "@Bob")
    address = f"/notifications/{entries(bob)[0].id}"
    answer = client_of(bob).get(address)
    assert answer["Location"] == f"/rooms/{lounge.public_id}/{seq}"
    assert waiting(bob) == 0
    assert client_of(charlie).get(address).status_code == 404


def test_all_is_read_with_one_press(alice: User, bob: User) -> None:
    lounge, (direct, _) = room_of(alice, bob), begin_direct(alice, [bob])
    say(alice, lounge, "@Bob")
    say(alice, direct, "psst")
    other = room_of(alice, name="Other")
    members.add_member(alice, other, bob)
    assert waiting(bob) == 3
    answer = client_of(bob).post("/read", {"next": "/notifications"})
    assert answer["Location"] == "/notifications"
    assert waiting(bob) == unread(bob, direct) == 0
    assert len(kinds(bob)) == 3


def test_the_page_says_what_each_is_and_what_to_expect_when_there_is_none(
    alice: User, bob: User
) -> None:
    client = client_of(bob)
    assert "Nothing yet" in client.get("/notifications").content.decode()
    lounge = room_of(alice, bob)
    say(alice, lounge, "@Bob <b>look</b>")
    page = client.get("/notifications").content.decode()
    assert "<b>Alice</b> mentioned you in <b>Lounge</b>" in page
    assert "@Bob &lt;b&gt;look&lt;/b&gt;" in page
    assert 'data-count="(1) "' in page
    assert "favicon-new.svg" in page
    listed = client.get("/notifications/list").content.decode()
    assert "mentioned you" in listed
    assert "<html" not in listed


def test_old_ones_go_and_so_do_very_many(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NOTICES_MAX", 2)
    lounge = room_of(alice, bob)
    say(alice, lounge, "@Bob 1")
    old = timezone.now() - timedelta(days=limits.NOTICE_MAX_DAYS + 1)
    Notice.objects.update(at=old)
    for number in range(4):
        say(alice, lounge, f"@Bob {number}")
    sweep_notices()
    assert [one.text for one in entries(bob)] == ["@Bob 3", "@Bob 2"]


def test_one_that_is_marked_read_stays_read(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    say(alice, lounge, "@Bob")
    assert notices.mark_read(bob, entries(bob)[0].id) == 1
    assert notices.mark_read(bob, entries(bob)[0].id) == 0
    assert waiting(bob) == 0


def aside(author: User, room: Room, root: int, text: str) -> int:
    """Write in a thread alone."""
    written(room, post(author, room, text, reply_to=root, in_room=False))
    return room.last_seq


def test_who_wrote_in_a_thread_is_told_of_what_comes_in_it(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    root = say(bob, lounge, "Who is there?")
    aside(alice, lounge, root, "me")
    seq = aside(charlie, lounge, root, "me too")
    for user in (alice, bob):
        assert [one.in_thread for one in entries(user)] == [True] * waiting(user)
    assert (waiting(alice), waiting(bob)) == (1, 2)
    mark_read(bob, lounge, seq)
    assert waiting(bob) == 2, "what is read in the room is not the thread"
    htmx = {"HX-Request": "true"}
    address = f"/rooms/{lounge.public_id}/{root}/thread"
    assert client_of(bob).get(address, headers=htmx).status_code == 200
    assert waiting(bob) == 0
    aside(alice, lounge, root, "hello you")
    assert waiting(bob) == 1
    aside(bob, lounge, root, "hello")
    assert waiting(bob) == 0, "who writes in it has seen it"


def test_a_thread_of_a_direct_message_is_told_of_too(alice: User, bob: User) -> None:
    direct, _ = begin_direct(alice, [bob])
    root = say(bob, direct, "hello")
    aside(alice, direct, root, "aside")
    assert kinds(bob) == ["reply"]
    assert (waiting(bob), unread(bob, direct)) == (1, 0)


def test_an_answer_to_somebody_else_says_whose_thread_it_is(
    alice: User, bob: User, charlie: User
) -> None:
    lounge = room_of(alice, bob, charlie)
    root = say(bob, lounge, "Who is there?")
    say(alice, lounge, "me", reply_to=root)
    say(charlie, lounge, "me too", reply_to=root)
    assert [(one.kind, one.in_thread) for one in entries(alice)] == [("reply", True)]
    page = client_of(alice).get("/notifications/list").content.decode()
    assert "answered in a thread of yours" in page


def test_what_was_read_long_since_costs_a_page_nothing(alice: User, bob: User) -> None:
    lounge = room_of(alice, bob)
    seq = say(alice, lounge, *("@Bob" for _ in range(9)))
    mark_read(bob, lounge, seq - 1)
    assert Notice.objects.filter(user=bob, read_at=None).count() == 9
    assert len(notice_list._unread([bob.pk])) == waiting(bob) == 1
