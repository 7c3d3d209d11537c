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

# Four of a group, then somebody else; a number is the id, so that nothing is looked up.
_FILL = """
WITH RECURSIVE numbers(n) AS (
  SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s
)
INSERT INTO chat_message (room_id, seq, changed_seq, kind, author_id, client_id, body,
  html, stream, event, epoch, continues, reactions, links, created_at)
SELECT %s, n, n, 'text', %s + n / 4 %% %s, lower(hex(randomblob(16))), texts.body,
  '<p>' || texts.body || '</p>', '', '', 0, n %% 4 <> 0, '', '',
  datetime(julianday('2026-01-01') + n / 2000.0)
FROM numbers JOIN bench_texts AS texts ON texts.id = n %% %s
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
    from django.db import connection

    from accounts.models import User
    from chat.models import Membership, Message, Room
    from search import index

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
    index.unwatch()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_texts (id INTEGER PRIMARY KEY, body)")
        cursor.executemany(
            "INSERT INTO bench_texts VALUES (%s, %s)", list(enumerate(TEXTS))
        )
        for room, size in zip(rooms, sizes, strict=True):
            cursor.execute(_FILL, [size, room.pk, first, AUTHORS, len(TEXTS)])
            room.last_seq = room.last_changed_seq = size
            room.save()
    index.watch()
    large, small = rooms[:2]
    return {
        "messages": Message.objects.count(),
        "large": large.public_id,
        "small": small.public_id,
    }


def _authors() -> int:
    """People who wrote it all; the first one's key, after which theirs follow."""
    from accounts.models import User

    mark = uuid4().hex[:8]
    people = [
        User(email=f"{mark}-{number}@bench.invalid", display_name=f"Author {number}")
        for number in range(AUTHORS)
    ]
    User.objects.bulk_create(people)
    keys = User.objects.filter(email__startswith=mark).order_by("pk")
    return int(keys.values_list("pk", flat=True)[0])


def side(email: str) -> dict[str, Any]:
    """The milliseconds of each time that the user's side was read and rendered."""
    from django.template.loader import render_to_string

    from accounts.models import User
    from chat import sidebar

    reader = User.objects.get(email=email)
    took: list[float] = []
    for _ in range(TURNS + 20):
        started = time.perf_counter()
        context = sidebar.context(reader)
        render_to_string("chat/_sidebar.html", {"user": reader, **context})
        took.append((time.perf_counter() - started) * 1_000)
    return {"rooms": reader.memberships.count(), "ms": took[20:]}


if __name__ == "__main__":
    main()
