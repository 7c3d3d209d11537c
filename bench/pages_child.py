"""Fills the database of a site with a million messages, and times the side of a page.

A process of its own, with the settings of that site: `fill` prints who and what there
is, `side` the milliseconds of each turn. Messages are put in by one statement for each
room, as nobody measures here how they are written.
"""

import json
import os
import sys
import time
from typing import Any
from uuid import uuid4

import django

ALL, LARGE, SMALL, ROOMS, AUTHORS = 1_000_000, 236_000, 100, 500, 20
FEW = 20  # rooms of the one who looks at pages
TURNS = 200
TEXTS = (
    "Morning! The fan-out branch is green.",
    "So the page only ever sends its cursor, and the server replays what it missed?",
    "Yes. At most 500 changes; beyond that it gets a fresh page.",
    "Pulled the plug on the worker twice. Nothing lost, nothing doubled.",
    "Ship it",
)

# What differs from message to message; all else is as in a new one. Four of a group,
# then somebody else; texts by their number, so that nothing is looked up.
_OWN = {
    "room_id": "%(room)s",
    "seq": "n",
    "changed_seq": "n",
    "author_id": "%(first)s + n / 4 %% %(authors)s",
    "client_id": "lower(hex(randomblob(16)))",
    "body": "texts.body",
    "html": "'<p>' || texts.body || '</p>'",
    "continues": "n %% 4 <> 0",
    "created_at": "datetime(julianday('2026-01-01') + n / 2000.0)",
}
_FILL = """
WITH RECURSIVE numbers(n) AS (
  SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %(size)s
)
INSERT INTO chat_message ({columns}) SELECT {values}
FROM numbers JOIN bench_texts AS texts ON texts.id = n %% %(texts)s
"""


def main() -> None:
    """Do what the first argument says, for the users of the others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    django.setup()
    what, *users = sys.argv[1:]
    done = fill(*users) if what == "fill" else side(*users)
    print(json.dumps(done))


def fill(many: str, few: str) -> dict[str, Any]:
    """ROOMS rooms for one user and FEW for another; public ids of the first two."""
    from accounts.models import User
    from chat.models import Membership, Message, Room

    reader = User.objects.get(email=many)
    first = _authors()
    rooms = [Room(name=f"Room {number:03}", creator=reader) for number in range(ROOMS)]
    Room.objects.bulk_create(rooms)
    rooms = list(Room.objects.filter(name__startswith="Room ").order_by("name"))
    Membership.objects.all().delete()
    for email, count in ((many, ROOMS), (few, FEW)):
        user = User.objects.get(email=email)
        Membership.objects.bulk_create(
            Membership(room=room, user=user, last_read_seq=10) for room in rooms[:count]
        )
    rest = ALL - LARGE - SMALL - Message.objects.count()
    sizes = [LARGE, SMALL, *([rest // (ROOMS - 2)] * (ROOMS - 2))]
    sizes[-1] += rest % (ROOMS - 2)
    _fill(rooms, sizes, first)
    large, small = rooms[:2]
    return {
        "messages": Message.objects.count(),
        "large": large.public_id,
        "small": small.public_id,
    }


def _fill(rooms: list[Any], sizes: list[int], first: int) -> None:
    """So many messages for each of the rooms; the search's index stands still."""
    from django.db import connection

    from search import index

    index.unwatch()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_texts (id INTEGER PRIMARY KEY, body)")
        cursor.executemany(
            "INSERT INTO bench_texts VALUES (%s, %s)", list(enumerate(TEXTS))
        )
        sql, given = _statement()
        given |= {"first": first, "authors": AUTHORS, "texts": len(TEXTS)}
        for room, size in zip(rooms, sizes, strict=True):
            cursor.execute(sql, given | {"size": size, "room": room.pk})
            room.last_seq = room.last_changed_seq = size
            room.save()
    index.watch()


def _statement() -> tuple[str, dict[str, Any]]:
    """The statement that fills a room, and what all its messages have alike."""
    from django.db import connection

    from chat.models import Message

    new, own = Message(), dict(_OWN)
    given: dict[str, Any] = {}
    for field in Message._meta.concrete_fields:
        name = str(field.column)
        if not field.primary_key and name not in own:
            value = getattr(new, field.attname)
            given[name] = field.get_db_prep_save(value, connection)
            own[name] = f"%({name})s"
    return _FILL.format(columns=", ".join(own), values=", ".join(own.values())), given


def _authors() -> int:
    """People who wrote it all; the first one's key, after which theirs follow."""
    from accounts.models import User

    mark = uuid4().hex[:8]
    people = [
        User(
            email=f"{mark}-{number}@bench.invalid",
            display_name=f"Author {number}",
            name_skeleton=f"{mark}{number}",
        )
        for number in range(AUTHORS)
    ]
    User.objects.bulk_create(people)
    keys = User.objects.filter(email__startswith=mark).order_by("pk")
    return int(keys.values_list("pk", flat=True)[0])


def side(email: str) -> dict[str, Any]:
    """The processor's milliseconds of each time that the side was read and rendered."""
    from django.template.loader import render_to_string

    from accounts.models import User
    from chat import sidebar

    reader = User.objects.get(email=email)
    took: list[float] = []
    for _ in range(TURNS + 20):
        started = time.thread_time()
        context = sidebar.context(reader)
        render_to_string("chat/_sidebar.html", {"user": reader, **context})
        took.append((time.thread_time() - started) * 1_000)
    return {"rooms": reader.memberships.count(), "ms": took[20:]}


if __name__ == "__main__":
    main()
