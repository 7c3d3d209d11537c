"""Who is told of a thread that goes on, and what their devices show of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import notices
from chat.inbox import AppendIntent, FinishIntent
from chat.models import Membership, Room
from chat.notice_tables import Notice
from chat.thread_tables import Following
from livechat.lib import limits
from livechat.push.models import Push
from tests.chat.pages import fill, room_of
from tests.chat.test_thread_unread import are_right, new
from tests.chat.writing import NOWHERE, post, who, written
from tests.push.browser import session_of, subscribed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of both, in which alice has said one thing."""
    room = room_of(alice, bob)
    fill(room, alice, 1)
    return room


def aside(author: User, room: Room, text: str, to: int = 1) -> int:
    """Answer in a thread alone; the number of the answer."""
    written(room, post(author, room, text, reply_to=to, in_room=False))
    return room.last_seq


def told(user: User) -> list[int]:
    """Of which answers the user has notices."""
    rows = Notice.objects.filter(user=user).order_by("seq")
    return list(rows.values_list("seq", flat=True))


def shown(user: User) -> list[int]:
    """Which messages the user's browsers are to show, or do."""
    rows = Push.objects.filter(subscription__user=user)
    return list(rows.exclude(state="closing").values_list("seq", flat=True))


def test_an_answer_that_came_piece_by_piece_is_told_to_who_follows_once_it_is_whole(
    lounge: Room, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    aside(charlie, lounge, "well?")
    seq = aside(bob, lounge, "")
    written(lounge, AppendIntent(*who(bob, lounge), seq, 0, "It is so.", *NOWHERE))
    assert told(charlie) == []
    written(lounge, FinishIntent(*who(bob, lounge), seq, None, "done", *NOWHERE))
    assert told(charlie) == [seq]
    assert new(charlie) == {1: 1}


def test_each_thread_of_a_batch_tells_its_own_followers(
    lounge: Room, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FOLLOWERS_TOLD", 2)
    fill(lounge, alice, 1)
    crowd = [
        User.objects.create_user(f"c{n}@example.org", display_name=f"C {n}")
        for n in range(6)
    ]
    for n, one in enumerate(crowd):
        Membership.objects.create(room=lounge, user=one)
        thread = 1 + n // 3
        Following.objects.create(
            room=lounge, thread=thread, user=one, last_read_seq=thread * 10 + n
        )
    written(lounge, *(post(bob, lounge, "go on", reply_to=seq) for seq in (1, 2)))
    found = [len(told(one)) for one in crowd]
    assert found == [0, 1, 1, 0, 1, 1]


def test_a_reply_moves_the_end_of_its_thread_without_counting_it_anew(
    lounge: Room, bob: User
) -> None:
    aside(bob, lounge, "warm")
    with CaptureQueriesContext(connection) as asked:
        aside(bob, lounge, "hello")
    sql = [one["sql"] for one in asked]
    assert not [one for one in sql if "MAX(" in one]
    assert are_right()


def test_who_is_named_by_what_grew_follows_to_the_end_of_the_thread(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    seq = aside(bob, lounge, "")
    written(lounge, AppendIntent(*who(bob, lounge), seq, 0, "@Charlie?", *NOWHERE))
    aside(alice, lounge, "meanwhile")
    written(lounge, FinishIntent(*who(bob, lounge), seq, None, "done", *NOWHERE))
    assert new(charlie) == {1: 2}
    assert are_right()


def test_who_reads_a_thread_to_its_end_is_shown_nothing_of_it_on_any_device(
    lounge: Room, alice: User, bob: User, charlie: User
) -> None:
    Membership.objects.create(room=lounge, user=charlie)
    for one in (alice, charlie):
        subscribed(one, session=session_of(one))
        aside(one, lounge, "hello")
    seq = aside(bob, lounge, "well?")
    assert (shown(alice), shown(charlie)) == ([seq], [seq])
    notices.read_thread(alice, lounge, 1)
    assert (shown(alice), shown(charlie)) == ([], [seq])
    other = aside(bob, lounge, "to you, @Alice", to=seq)
    written(lounge, post(bob, lounge, "@Alice, in the room"))
    notices.read_thread(alice, lounge, 1)
    assert shown(alice) == [lounge.last_seq]
    assert other < lounge.last_seq
