"""The language of a page's socket, and what each line of a log says in it."""

import pytest

from accounts.models import User
from accounts.sessions import Principal
from chat import actions, room_settings
from chat.fragments import message_html
from chat.greetings import language_of
from chat.members import add_member
from chat.models import Message
from livechat.lib.words import put


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("own", "accepted", "language"),
    [
        ("", b"de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en", b"de", "en"),
        ("de", b"en", "de"),
        ("", b"xx, \xff", "en"),
    ],
)
def test_a_socket_speaks_the_language_of_its_page(
    alice: User, own: str, accepted: bytes, language: str
) -> None:
    who = Principal(
        user_id=alice.pk,
        public_id=alice.public_id,
        name=alice.display_name,
        role=alice.role,
        is_bot=False,
        epoch=0,
        availability="online",
        available_until_s=0,
        choices=0,
        session_hash="",
        language=own,
    )
    assert (
        language_of(who, [(b"host", b"x"), (b"accept-language", accepted)]) == language
    )
    assert language_of(who, []) == (own or "en")


@pytest.mark.django_db
def test_a_log_tells_what_happened_in_each_language(alice: User, bob: User) -> None:
    room = actions.create_room(alice, name="Lounge")
    add_member(alice, room, bob)
    room_settings.update_room(alice, room, name="<b>Tea</b>", slow_mode_s=30)
    lines = [
        message_html(one) for one in Message.objects.filter(room=room, kind="system")
    ]
    german = "".join(put(one.encode(), "de").decode() for one in lines)
    assert "hat den Raum in „&lt;b&gt;Tea&lt;/b&gt;“ umbenannt." in german
    assert "einmal in 30 Sekunden." in german
    english = "".join(put(one.encode(), "en").decode() for one in lines)
    assert "renamed the room to “&lt;b&gt;Tea&lt;/b&gt;”." in english
