"""A person's own data: all of it, nobody else's, asked for with the password."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import AsyncClient
from django.utils import timezone

from accounts import availability
from accounts.blocks import block
from accounts.erasure import close, erase
from accounts.models import Invite, User
from chat.directs import begin_direct
from chat.exports import archive
from chat.inbox import EditIntent
from chat.models import Membership, Message, Room
from chat.moderation_tables import RoomInvite
from chat.own_tables import Draft, Saved
from chat.reports import report
from chat.room_invites import make_link
from livechat.lib.words import MARKS
from livechat.push.models import Preferences
from tests.chat.pages import client_of, fill, room_of
from tests.chat.writing import NOWHERE, react, say, who, written
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"password": PASSWORD}


def unpacked(data: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        return {name: file.read(name).decode() for name in file.namelist()}


def export_of(user: User) -> dict[str, str]:
    return unpacked(b"".join(archive(user)))


@pytest.fixture
def room(alice: User, bob: User) -> Room:
    """Texts of bob's, then one of alice's with his reaction."""
    found = room_of(alice, bob)
    fill(found, bob, 3)
    fill(found, alice, 1)
    last = Message.objects.filter(room=found, seq=found.last_seq)
    now, key = timezone.now(), uuid4()
    Draft.objects.create(
        user=bob, room=found, body="not yet", client_id=key, updated_at=now
    )
    Saved.objects.create(user=bob, message=last.get())
    last.update(
        body="alice alone wrote this", reactions=f'{{"🎉": ["{bob.public_id}"]}}'
    )
    return found


def test_it_holds_what_is_theirs_and_nothing_that_others_wrote(
    bob: User, room: Room
) -> None:
    files = export_of(bob)
    assert json.loads(files["profile.json"])["email"] == "bob@example.org"
    assert [one["name"] for one in json.loads(files["rooms.json"])] == ["Lounge"]
    texts = json.loads(files[f"messages/{room.public_id}.json"])
    assert [one["body"] for one in texts] == ["text 1", "text 2", "text 3"]
    reactions = json.loads(files[f"reactions/{room.public_id}.json"])
    assert reactions == [{"seq": 4, "emoji": "🎉"}]
    assert "text 2" in files[f"messages/{room.public_id}.html"]
    assert "<script" not in "".join(files.values())
    assert "alice alone" not in "".join(files.values())
    assert "alice@example.org" not in "".join(files.values())


def use_everything(bob: User, alice: User, room: Room) -> None:
    """Rows of bob's in whatever the export has besides messages."""
    seq = say(bob, room, "@Alice frist")
    edit = EditIntent(*who(bob, room), seq, "@Alice first", *NOWHERE)
    written(room, edit)
    react(alice, room, seq, "🎉")
    say(alice, room, "an answer", reply_to=seq)
    report(bob, room, 4, reason="spam", note="bob's note")
    block(bob, alice)
    Preferences.objects.update_or_create(
        user=bob, defaults={"digest": "weekly", "quiet_from": "22:00"}
    )
    availability.choose(bob, "dnd")
    Invite.issue(bob, max_uses=7)
    Invite.issue(alice)
    make_link(alice, room, uses=3, days=1)
    RoomInvite.objects.update(created_by=bob)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("profile", ['"digest": "weekly"', '"quiet_from": "22:00:00"']),
        ("profile", ['"availability": "dnd"']),
        ("threads", ['"thread": 5']),
        ("notices", ['"kind": "reply"', '"seq": 6']),
        ("reports", ['"seq": 4', '"reason": "spam"', "bob's note"]),
        ("invites", ['"room": null', '"max_uses": 7', '"max_uses": 3']),
        ("drafts", ['"body": "not yet"']),
        ("saved", ['"seq": 4']),
        ("messages/{room}", ['"body": "@Alice first"', '"body": "@Alice frist"']),
        ("messages/{room}", ['"🎉": 1', '"thread": null']),
    ],
)
def test_each_table_is_in_it(
    alice: User, bob: User, room: Room, file: str, told: list[str]
) -> None:
    use_everything(bob, alice, room)
    text = export_of(bob)[f"{file.format(room=room.public_id)}.json"]
    assert [one for one in told if one not in text] == []
    json.loads(text)


def test_of_others_it_has_the_ids_of_whom_one_blocks_alone(
    alice: User, bob: User, room: Room
) -> None:
    use_everything(bob, alice, room)
    files = export_of(bob)
    assert [name for name, text in files.items() if alice.public_id in text] == [
        "profile.json"
    ]
    assert "@Alice</span> first" in files[f"messages/{room.public_id}.html"]
    assert "an answer" not in "".join(files.values())


def test_what_they_may_not_read_any_more_is_not_in_it(bob: User, room: Room) -> None:
    Room.objects.filter(pk=room.pk).update(is_private=True)
    Membership.objects.filter(room=room, user=bob).delete()
    assert "text 1" not in "".join(export_of(bob).values())


def close_account(user: User, room: Room) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def take_out(user: User, room: Room) -> None:
    Room.objects.filter(pk=room.pk).update(is_private=True)
    Membership.objects.filter(user=user).delete()


@pytest.mark.parametrize("end", [close_account, take_out])
def test_access_that_ends_while_it_is_made_ends_it(
    bob: User, room: Room, end: Callable[[User, Room], None]
) -> None:
    pieces = archive(bob)
    begun = next(pieces)
    end(bob, room)
    files = unpacked(begun + b"".join(pieces))
    assert "text 1" not in "".join(files.values())


def test_what_was_before_their_time_is_not_in_it(bob: User, room: Room) -> None:
    Membership.objects.filter(user=bob).update(reads_from_seq=3)
    texts = json.loads(export_of(bob)[f"messages/{room.public_id}.json"])
    assert [one["seq"] for one in texts] == [3]


def test_a_direct_message_is_called_by_the_other(alice: User, bob: User) -> None:
    begin_direct(bob, [alice])
    (room,) = json.loads(export_of(bob)["rooms.json"])
    assert (room["kind"], room["name"]) == ("direct", "Alice")


async def test_it_is_sent_while_it_is_made(bob: User, room: Room) -> None:
    client = AsyncClient()
    await client.aforce_login(bob)
    answer = await client.post("/profile/data/", FORM)
    assert answer.streaming
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment; ")
    data = b"".join([piece async for piece in answer])  # type: ignore[attr-defined]
    assert "text 3" in unpacked(data)[f"messages/{room.public_id}.html"]
    again = await client.post("/profile/data/", FORM)
    assert again.status_code == 429
    assert again["Retry-After"] == "900"


def test_rooms_without_a_name_are_called_in_their_own_language(
    alice: User, bob: User, charlie: User
) -> None:
    bob.language = "de"
    bob.save()
    begin_direct(bob, [alice, charlie])
    index = export_of(bob)["index.html"]
    assert "Alice und Charlie" in index
    assert not MARKS.search(index)


def test_it_asks_for_the_password(bob: User) -> None:
    client = client_of(bob)
    assert client.get("/profile/data/").status_code == 200
    for wrong in ({}, {"password": "guess"}):
        assert client.post("/profile/data/", wrong).status_code == 422
    assert cache.get(f"export:{bob.pk}") is None


def test_the_command_writes_a_new_file_for_its_owner_alone(
    bob: User, room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "bob.zip"
    call_command("export_person", bob.email, str(path))
    assert "profile.json" in unpacked(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="exists"):
        call_command("export_person", bob.email, str(path))
    assert "profile.json" in unpacked(path.read_bytes()), "it is as it was"


def test_the_command_writes_what_is_kept_of_a_closed_account_too(
    bob: User, room: Room, tmp_path: Path
) -> None:
    close(bob)
    path = tmp_path / "bob.zip"
    call_command("export_person", bob.email, str(path))
    assert "text 1" in unpacked(path.read_bytes())[f"messages/{room.public_id}.html"]
    erase(bob, messages=False)
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("export_person", "bob@example.org", str(tmp_path / "none.zip"))


def test_an_export_that_finds_no_space_leaves_no_half_of_it(
    bob: User, room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "bob.zip"
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (64, before[1]))  # as if the disk were full
    try:
        with pytest.raises(CommandError, match="large"):
            call_command("export_person", bob.email, str(path))
    finally:
        setrlimit(RLIMIT_FSIZE, before)
    assert not path.exists()
