"""What an erased person wrote, and others of them, loses every name of theirs.

The rule it guards: each batch gets on, whatever the texts are.
"""

import pytest

from accounts.blocks import block
from accounts.erasure import erase
from accounts.models import ERASED, User
from chat import members
from chat.erasing import sweep_erased
from chat.inbox import EditIntent
from chat.mention_tables import Mention
from chat.models import Message, Room
from chat.moderation_tables import Erasure
from chat.versions import Version
from livechat.lib import limits
from tests.chat.pages import client_of, room_of
from tests.chat.test_erasing import renamed, sweep_all
from tests.chat.writing import NOWHERE, say, who, written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lounge(alice: User, bob: User) -> Room:
    """A room of both."""
    return room_of(alice, bob)


def texts(room: Room) -> list[str]:
    """What people wrote there, in its order."""
    rows = Message.objects.filter(room=room, kind=Message.Kind.TEXT).order_by("seq")
    return list(rows.values_list("body", flat=True))


def edit(author: User, room: Room, seq: int, body: str) -> None:
    """Give a message another text."""
    written(room, EditIntent(*who(author, room), seq, body, *NOWHERE))


def test_a_text_that_begins_almost_like_their_name_is_left_and_the_erasure_ends(
    bob: User, lounge: Room
) -> None:
    say(bob, lounge, "*bob is tired*", "*Bob waves*")
    lounge.refresh_from_db()
    before = lounge.last_changed_seq
    erase(bob, messages=False)
    sweep_all()
    assert texts(lounge) == ["*bob is tired*", f"*{ERASED} waves*"]
    lounge.refresh_from_db()
    assert lounge.last_changed_seq == before + 1
    assert not Erasure.objects.exists()


def test_a_name_that_nobody_begins_with_is_taken_out_once(
    bob: User, lounge: Room
) -> None:
    renamed(bob, "Deleted")
    say(bob, lounge, "*Deleted waves*")
    erase(bob, messages=False)
    sweep_all()
    assert texts(lounge) == [f"*{ERASED} waves*"]


def test_a_name_with_quotes_is_taken_out_of_what_pages_show(
    alice: User, bob: User, lounge: Room
) -> None:
    renamed(bob, """Bob "Q" O'Neil""")
    say(bob, lounge, """*Bob "Q" O'Neil waves*""")
    erase(bob, messages=False)
    sweep_all()
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert f"<em>{ERASED} waves</em>" in page
    assert "Neil" not in page


def test_an_earlier_text_of_theirs_that_began_with_their_name_says_nobody(
    alice: User, bob: User, lounge: Room
) -> None:
    seq = say(bob, lounge, "*Bob waves*")
    edit(bob, lounge, seq, "goodbye")
    others = say(alice, lounge, "*Bob waves* is what he wrote")
    edit(alice, lounge, others, "never mind")
    erase(bob, messages=False)
    sweep_all()
    kept = dict(Version.objects.values_list("seq", "body"))
    assert kept == {
        seq: f"*{ERASED} waves*",
        others: "*Bob waves* is what he wrote",
    }
    assert f"<em>{ERASED} waves</em>" in Version.objects.get(seq=seq).html


def test_chips_that_no_mention_leads_to_say_nobody(
    alice: User, bob: User, charlie: User, lounge: Room
) -> None:
    members.add_member(alice, lounge, charlie)
    block(bob, charlie)
    say(alice, lounge, "@room and @Bob")
    say(bob, lounge, "I, @Bob")
    say(charlie, lounge, "but @Bob")
    assert not Mention.objects.filter(user=bob).exists()
    erase(bob, messages=False)
    sweep_all()
    assert texts(lounge) == [
        f"@room and @{ERASED}",
        f"I, @{ERASED}",
        f"but @{ERASED}",
    ]
    page = client_of(alice).get(f"/rooms/{lounge.public_id}/").content.decode()
    assert page.count(f">@{ERASED}</span>") == 3
    assert "@Bob" not in page


def test_a_batch_goes_on_where_the_one_before_ended(
    alice: User, bob: User, lounge: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ERASE_BATCH_MESSAGES", 2)
    monkeypatch.setattr(limits, "ERASE_LOOK_MESSAGES", 3)
    for is_muted in (True, False, True, False, True):
        members.set_muted(alice, lounge, bob, muted=is_muted)
    lounge.refresh_from_db()
    say(alice, lounge, *("@Bob" if n % 2 else "hello" for n in range(10)))
    erase(bob, messages=False)
    upto: list[tuple[int, int, int]] = []
    numbers = [Room.objects.get(pk=lounge.pk).last_changed_seq]
    while sweep_erased():
        upto += Erasure.objects.values_list("lines_upto", "texts_upto", "done_upto")
        numbers.append(Room.objects.get(pk=lounge.pk).last_changed_seq)
    assert upto[:2] == [(2, 0, 0), (4, 0, 0)]
    assert sorted(upto, key=lambda one: (one[2], one[0], one[1])) == upto
    assert upto[-1] == (0, 0, lounge.pk)
    assert all(b - a <= 2 for a, b in zip(numbers, numbers[1:], strict=False))
    assert numbers[-1] - numbers[0] == 5 + 5
    assert texts(lounge) == ["hello", f"@{ERASED}"] * 5
