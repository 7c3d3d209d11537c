"""Does to the site what its people do on pages: a process of the site's own code.

Runs on the tree under test. It reads JSON lines and answers each with one; a name of a
command is a function below.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.contrib.auth import (  # noqa: E402
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from accounts import actions as account  # noqa: E402
from accounts import sessions  # noqa: E402
from accounts.models import Community, Token, User  # noqa: E402
from chat import actions, members  # noqa: E402
from chat.models import ChangeBucket, Membership, Room  # noqa: E402
from chat.room_settings import update_room  # noqa: E402


def people(count: int, prefix: str = "bot") -> list[dict[str, str]]:
    """Make people; the first of the site is its owner."""
    with transaction.atomic():
        Community.objects.get_or_create(pk=1)
        made = [_person(f"{prefix}{number}") for number in range(1, count + 1)]
        return [
            {"id": one.public_id, "name": one.display_name, "token": Token.issue(one)}
            for one in made
        ]


def _person(name: str) -> User:
    first = not User.objects.exists()
    role = User.Role.OWNER if first else User.Role.MEMBER
    return User.objects.create_user(
        f"{name}@example.org", None, display_name=name, role=role
    )


def room(owner: str, name: str, private: bool, users: list[str]) -> dict[str, str]:
    """Make a room that these people belong to from the start."""
    ChangeBucket.objects.all().delete()
    made = actions.create_room(
        _user(owner), name=name, description="", is_private=private
    )
    Membership.objects.bulk_create(
        [Membership(room=made, user=_user(one)) for one in users if one != owner]
    )
    return {"id": made.public_id}


def remove(by: str, room: str, user: str) -> dict[str, int]:
    """Take somebody out of a room."""
    ChangeBucket.objects.all().delete()
    members.remove_member(_user(by), _room(room), _user(user))
    return _last(room, "removed", user)


def add(by: str, room: str, user: str) -> dict[str, int]:
    """Let somebody back in."""
    ChangeBucket.objects.all().delete()
    members.add_member(_user(by), _room(room), _user(user))
    return _last(room, "joined", user)


def session(user: str) -> dict[str, str]:
    """A log-in of the user, as a browser's cookie."""
    found = _user(user)
    store = SessionStore()
    store[SESSION_KEY] = str(found.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = found.get_session_auth_hash()
    store.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": str(store.session_key)}


def log_out_everywhere(user: str) -> dict[str, int]:
    """End all sessions and sockets of somebody; their tokens stay."""
    found = _user(user)
    sessions.end_all_sessions(found)
    return {"epoch": found.epoch}


def revoke(cause: str, by: str, room: str, user: str, key: str) -> dict[str, float]:
    """Shut somebody out; when that began, by two clocks, and the number of its event.

    The number is 0 where the room's log has none: the end of a session or of the room.
    """
    ChangeBucket.objects.all().delete()
    told = {"began": time.monotonic(), "at": time.time(), "seq": 0}
    place, whom = _room(room), _user(user)
    CAUSES[cause](_user(by), place, whom, key)
    if cause in {"removed", "banned", "private"}:
        told["seq"] = _last(room, cause, user)["seq"]
    return told


CAUSES: dict[str, Callable[[User, Room, User, str], Any]] = {
    "removed": lambda by, room, user, key: members.remove_member(by, room, user),
    "banned": lambda by, room, user, key: members.ban(by, room, user),
    "private": lambda by, room, *_: update_room(by, room, is_private=True),
    "deleted": lambda by, room, *_: actions.delete_room(by, room),
    "logged out": lambda by, room, user, key: sessions.end_session(key),
    "password": lambda by, room, user, _: sessions.end_other_sessions(user, but=None),
    "everywhere": lambda by, room, user, key: sessions.end_all_sessions(user),
    "deactivated": lambda by, room, user, key: account.deactivate(user),
}


def _user(public_id: str) -> User:
    return User.objects.get(public_id=public_id)


def _room(public_id: str) -> Room:
    return Room.objects.get(public_id=public_id)


def _last(room: str, kind: str, user: str) -> dict[str, int]:
    """The number of the newest event of this kind about the user."""
    rows = _room(room).messages.filter(kind="system").order_by("-seq")
    for row in rows[:200]:
        told = row.told or {}
        if told.get("type") == kind and told.get("user", user) == user:
            return {"seq": row.seq, "changed_seq": row.changed_seq}
    raise LookupError(f"no {kind} of {user} in {room}")


COMMANDS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (people, room, remove, add, session, log_out_everywhere, revoke)
}


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": COMMANDS[asked.pop("do")](**asked)}
        except Exception as error:  # noqa: BLE001 - the outermost loop: it is answered
            answer = {"error": f"{type(error).__name__}: {error}"}
            connection.close()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
