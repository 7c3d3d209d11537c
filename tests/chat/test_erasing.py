"""Whoever is erased is found nowhere any more, and what they wrote is nobody's."""

import json
import re
from contextlib import nullcontext
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.blocks import block
from accounts.erasure import LastOwner, close, erase
from accounts.models import ERASED, Community, Device, Invite, Token, User
from accounts.profiles import Profile
from accounts.sessions import principal_of
from chat import members
from chat.actions import leave_room
from chat.directs import begin_direct
from chat.erasing import sweep_erased
from chat.inbox import EditIntent
from chat.mention_tables import Mention
from chat.models import Membership, Message, Room
from chat.moderation_tables import AuditEntry
from chat.reactions import chips
from livechat.push.models import Push, Subscription
from tests.chat.pages import client_of, fill, room_of
from tests.chat.writing import NOWHERE, say, who, written
from tests.conftest import PASSWORD
from tests.push.browser import session_of, subscribed

pytestmark = pytest.mark.django_db(transaction=True)

NAME, EMAIL = "Zebulon Quaint", "zebulon@example.org"


@pytest.fixture
def zebulon(alice: User) -> User:
    """Somebody whose name and address are in no text of ours."""
    return User.objects.create_user(EMAIL, PASSWORD, display_name=NAME)


@pytest.fixture
def room(alice: User, zebulon: User, bob: User) -> Room:
    """A room that knows a lot about them."""
    found = room_of(zebulon, alice, bob)
    fill(found, zebulon, 3)
    members.set_role(zebulon, found, alice, Membership.Role.ADMIN)
    members.set_muted(alice, found, bob, muted=True)
    members.set_role(alice, found, zebulon, Membership.Role.MEMBER)
    members.set_muted(alice, found, zebulon, muted=True)
    found.refresh_from_db()
    chip = (
        f'<p><span class="mention" data-user="{zebulon.public_id}">@{NAME}</span></p>'
    )
    fill(found, alice, 1)
    last = Message.objects.get(room=found, seq=found.last_seq)
    reactions = json.dumps({"🎉": [zebulon.public_id]})
    Message.objects.filter(pk=last.pk).update(
        body=f"Ask @{NAME.replace(' ', '_')}!", html=chip, reactions=reactions
    )
    Mention.objects.create(room=found, seq=last.seq, user=zebulon)
    return found


def all_rows() -> str:
    """Each row of each table, as the database has it, the search's index too."""
    rows = [
        repr(row) for model in apps.get_models() for row in model._base_manager.values()
    ]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in ("search_words", "search_parts"):
                word = "zebulon"
                cursor.execute(
                    f"SELECT '{word}' FROM {table} WHERE {table} MATCH '{word}'"  # noqa: S608 - our words
                )
                rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def sweep_all() -> int:
    count = 0
    while sweep_erased():
        count += 1
        assert count < 100
    return count


def use_everything(user: User, alice: User) -> tuple[str, str]:
    """A token and a session; and a row in all that is kept of people."""
    client = client_of(user)
    form = {"display_name": NAME, "theme": "dark", "about": f"I am {NAME}"}
    client.post("/profile/", form)
    client.post("/profile/status/", {"text": f"{NAME} is out", "lasting": "1h"})
    subscribed(user)
    subscribed(alice, session=session_of(alice))
    direct, _ = begin_direct(user, [alice])
    say(user, direct, "Hello")
    Push.objects.update(told=True, state=Push.State.SHOWN)
    block(alice, user)
    block(user, alice)
    Invite.issue(user)
    return Token.issue(user), client.cookies["sessionid"].value


def test_nothing_of_an_erased_person_is_left_in_any_table(
    alice: User, zebulon: User, room: Room
) -> None:
    token, session = use_everything(zebulon, alice)
    assert NAME in all_rows()
    erase(zebulon, messages=False)
    sweep_all()
    left = all_rows()
    assert NAME not in left
    assert EMAIL not in left
    assert "zebulon" not in left.lower()
    assert principal_of(cookie=None, bearer=token) is None
    assert principal_of(cookie=session, bearer=None) is None
    for model in (Token, Profile, Invite, Mention):
        assert not model._base_manager.exists()
    for kept in (Device, Subscription):
        assert not kept._base_manager.filter(user=zebulon).exists()


def pushed(room: Room) -> list[tuple[str, str, str]]:
    """What is kept of what browsers are to be told of the room."""
    rows = Push.objects.filter(room=room.public_id).order_by("pk")
    return list(rows.values_list("state", "title", "body"))


@pytest.mark.parametrize("is_shown", [False, True])
def test_only_what_an_erased_person_wrote_is_taken_from_others_devices(
    alice: User, bob: User, charlie: User, is_shown: bool
) -> None:
    al = User.objects.create_user("al@example.org", PASSWORD, display_name="Al")
    subscribed(bob, session=session_of(bob))
    theirs, other = (begin_direct(bob, [one])[0] for one in (al, charlie))
    lounge = room_of(alice, bob, al)
    say(al, theirs, "a secret")
    say(charlie, other, "shall we go, Al?")
    say(alice, lounge, "@Bob and @Al come")
    if is_shown:
        Push.objects.update(told=True, state=Push.State.SHOWN)
    erase(al, messages=False)
    sweep_all()
    state = "shown" if is_shown else "waiting"
    assert pushed(theirs) == ([("closing", "", "")] if is_shown else [])
    assert pushed(other) == [(state, "Charlie", "shall we go, Al?")]
    ((stays, title, body),) = pushed(lounge)
    assert (stays, "Alice" in title) == (state, True)
    assert body == ("" if is_shown else f"@Bob and @{ERASED} come")


def test_what_they_wrote_stays_by_nobody(
    alice: User, bob: User, zebulon: User, room: Room
) -> None:
    erase(zebulon, messages=False)
    sweep_all()
    texts = Message.objects.filter(room=room, author=zebulon, kind="text")
    assert set(texts.values_list("body", flat=True)) == {"text 1", "text 2", "text 3"}
    page = client_of(bob).get(f"/rooms/{room.public_id}/").content.decode()
    assert ERASED in page
    assert NAME not in page
    last = Message.objects.get(room=room, body__startswith="Ask")
    assert last.body == f"Ask @{ERASED}!"
    assert f">@{ERASED}</span>" in last.html
    assert [one.told for one in chips(last)] == [ERASED]
    headers = {"HX-Request": "true"}
    for one in (zebulon.public_id, "nobody123456"):
        path = f"/people/{one}"
        assert client_of(alice).get(path).status_code == 404
        card = client_of(alice).get(path, headers=headers).content.decode()
        assert card.startswith('<div class="about">')
    audit = client_of(alice).get(f"/rooms/{room.public_id}/audit").content.decode()
    assert ERASED in audit


def test_their_messages_go_too_if_they_wish_and_the_log_stays_whole(
    alice: User, zebulon: User, room: Room
) -> None:
    erase(zebulon, messages=True)
    sweep_all()
    texts = Message.objects.filter(room=room, author=zebulon, kind="text")
    assert set(texts.values_list("body", "html")) == {("", "")}
    room.refresh_from_db()
    numbers = Message.objects.filter(room=room).values_list("changed_seq", flat=True)
    assert max(numbers) == room.last_changed_seq
    assert len(set(numbers)) == room.last_seq
    others = Message.objects.filter(room=room, deleted_at=None, kind="text")
    assert others.count() == 1


def test_a_name_that_only_begins_like_theirs_stays(alice: User, bob: User) -> None:
    smith = User.objects.create_user(
        "smith@example.org", PASSWORD, display_name="Bob Smith"
    )
    room = room_of(alice, bob, smith)
    members.set_muted(alice, room, smith, muted=True)
    members.set_muted(alice, room, bob, muted=True)
    erase(bob, messages=False)
    sweep_all()
    told = list(AuditEntry.objects.order_by("pk").values_list("sentence", flat=True))
    assert told == ["Alice muted Bob Smith.", f"Alice muted {ERASED}."]


def test_a_direct_message_stays_with_the_other(bob: User, zebulon: User) -> None:
    room, _ = begin_direct(bob, [zebulon])
    fill(room, zebulon, 1)
    erase(zebulon, messages=False)
    sweep_all()
    page = client_of(bob).get(f"/rooms/{room.public_id}/").content.decode()
    assert ERASED in page
    assert "text 1" in page


def test_a_room_that_only_they_ran_gets_another_admin(
    alice: User, zebulon: User
) -> None:
    room = room_of(zebulon, alice)
    erase(zebulon, messages=False)
    admins = room.memberships.filter(role=Membership.Role.ADMIN)
    assert [one.user for one in admins] == [alice]
    room.refresh_from_db()
    assert room.creator is None


def test_two_may_be_erased_and_their_names_are_free(bob: User, zebulon: User) -> None:
    for user in (bob, zebulon):
        erase(user, messages=False)
        erase(user, messages=True)
    sweep_all()
    again = User.objects.create_user(EMAIL, PASSWORD, display_name=NAME)
    assert again.pk != zebulon.pk


def test_the_last_owner_can_neither_close_nor_erase_the_account(
    alice: User, bob: User
) -> None:
    for end in (close, lambda user: erase(user, messages=False)):
        with pytest.raises(LastOwner):
            end(alice)
    alice.refresh_from_db()
    assert alice.is_active
    User.objects.filter(pk=bob.pk).update(role=User.Role.OWNER)
    close(alice)
    assert not User.objects.get(pk=alice.pk).is_active


@pytest.mark.parametrize("page", ["close", "erase"])
def test_leaving_asks_for_the_password(bob: User, page: str) -> None:
    client = client_of(bob)
    path = f"/profile/{page}/"
    assert client.get(path).status_code == 200
    form = {"messages": "keep"}
    assert client.post(path, form | {"password": "guessed it"}).status_code == 422
    assert User.objects.get(pk=bob.pk).is_active
    done = client.post(path, form | {"password": PASSWORD})
    assert done["Location"] == "/accounts/login/"
    assert not User.objects.get(pk=bob.pk).is_active
    assert client.get("/profile/").status_code == 302


def test_a_password_cannot_be_tried_out_there(bob: User) -> None:
    client = client_of(bob)
    codes = [
        client.post("/profile/close/", {"password": f"guess {n}"}).status_code
        for n in range(8)
    ]
    assert codes[0] == 422
    assert codes[-1] == 429
    assert client.post("/profile/close/", {"password": PASSWORD}).status_code == 429


def test_where_the_site_does_not_allow_it_nobody_erases_themselves(bob: User) -> None:
    Community.objects.update_or_create(pk=1, defaults={"may_erase": False})
    client = client_of(bob)
    form = {"password": PASSWORD, "messages": "keep"}
    assert client.get("/profile/erase/").status_code == 404
    assert client.post("/profile/erase/", form).status_code == 404
    assert "Erase it" not in client.get("/profile/data/").content.decode()
    assert User.objects.get(pk=bob.pk).is_active


def test_an_admin_erases_only_who_was_closed_before(alice: User, bob: User) -> None:
    client = client_of(alice)
    form = {"action": "erase_people", "_selected_action": [str(bob.pk)]}
    client.post("/admin/accounts/user/", form)
    assert User.objects.get(pk=bob.pk).display_name == "Bob"
    close(bob)
    page = client.post("/admin/accounts/user/", form)
    assert "There is no way back." in page.content.decode()
    assert "bob@example.org" in page.content.decode()
    assert User.objects.get(pk=bob.pk).display_name == "Bob", "it asks first"
    client.post("/admin/accounts/user/", form | {"sure": "yes"})
    assert User.objects.get(pk=bob.pk).display_name == ERASED
    assert ERASED not in client.get("/admin/accounts/user/").content.decode()
    done = LogEntry.objects.get(object_id=str(bob.pk))
    assert (done.user, done.object_repr) == (alice, ERASED)
    assert done.get_change_message() == "Erased."


def test_what_an_admin_erases_is_asked_for_all_and_done_for_the_closed_alone(
    alice: User, bob: User, charlie: User
) -> None:
    close(bob)
    keys = [str(one.pk) for one in (alice, bob, charlie)]
    form = {"action": "erase_people", "_selected_action": keys}
    client = client_of(alice)
    asked = client.post("/admin/accounts/user/", form).content.decode()
    assert re.findall(r'"_selected_action" value="(\d+)"', asked) == [str(bob.pk)]
    client.post("/admin/accounts/user/", form | {"sure": "yes"})
    erased = User.objects.exclude(erased_at=None)
    assert [one.pk for one in erased] == [bob.pk]


def test_the_command_erases_and_finds_nobody_twice(bob: User) -> None:
    call_command("erase_person", "BOB@example.org", "--yes")
    assert User.objects.get(pk=bob.pk).erased_at is not None
    with pytest.raises(CommandError):
        call_command("erase_person", "bob@example.org", "--yes")


@pytest.mark.parametrize(
    ("said", "told"),
    [("", "Say --yes"), ("no\n", "Nothing was changed"), ("yes\n", "")],
)
def test_the_command_asks_and_says_what_to_do_where_nobody_can_answer(
    bob: User, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(said))
    with pytest.raises(CommandError, match=told) if told else nullcontext():
        call_command("erase_person", bob.email)
    assert (User.objects.get(pk=bob.pk).erased_at is None) == bool(told)


def renamed(user: User, name: str) -> None:
    """As they do it on the page of their profile."""
    form = {"display_name": name, "theme": "system"}
    assert client_of(user).post("/profile/", form).status_code == 302
    user.refresh_from_db()


@pytest.fixture
def known(alice: User, bob: User, zebulon: User) -> Room:
    """A room in which they went by three names, and another whose name they had."""
    room = room_of(alice, bob)
    members.add_member(alice, room, zebulon)
    members.set_muted(alice, room, zebulon, muted=True)
    members.set_muted(alice, room, zebulon, muted=False)
    renamed(zebulon, "Yorick Middle")
    say(zebulon, room, "*Yorick Middle waves*", "hello")
    seq = say(alice, room, "@Yorick_Middle, hello")
    said = EditIntent(*who(alice, room), seq, "@Yorick_Middle, again", *NOWHERE)
    written(room, said)
    members.set_role(alice, room, zebulon, Membership.Role.ADMIN)
    members.set_muted(zebulon, room, bob, muted=True)
    renamed(zebulon, "Xaver Last")
    leave_room(zebulon, room)
    return room


@pytest.mark.parametrize("messages", [False, True])
def test_no_earlier_name_of_theirs_is_left_either(
    alice: User, zebulon: User, known: Room, messages: bool
) -> None:
    assert all(name in all_rows() for name in (NAME, "Yorick Middle", "Xaver Last"))
    erase(zebulon, messages=messages)
    sweep_all()
    left = all_rows()
    assert not [name for name in ("Zebulon", "Yorick", "Xaver") if name in left]
    client = client_of(alice)
    pages = [
        client.get(path).content.decode()
        for path in (
            f"/rooms/{known.public_id}/",
            f"/rooms/{known.public_id}/audit",
            f"/api/rooms/{known.public_id}/messages",
            "/palette?q=Yorick",
        )
    ]
    assert f"Alice muted {ERASED}." in pages[0]
    assert f"{ERASED} muted Bob." in pages[1]
    assert not [page for page in pages if NAME in page]
