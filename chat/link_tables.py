"""Links that people wrote, what was found behind each, and who waits for it.

The rule it guards: a link is fetched once for all rooms, and not again before what was
found has expired; what waits is in the database, so it outlives any process.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection, models
from django.utils import timezone

from livechat.lib import limits
from livechat.lib.page_head import (
    DESCRIPTION_MAX_LENGTH,
    SITE_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    Head,
)

HOST_MAX_LENGTH = 253  # RFC 1035, as a text

# A link that is known is asked for anew only when what was found has expired.
_ASK = """
INSERT INTO chat_link (key, url, host, state, title, description, site, claim, due_at)
VALUES {values} ON CONFLICT (key) DO UPDATE
  SET state = 'waiting', claim = '', due_at = excluded.due_at
  WHERE chat_link.state <> 'waiting' AND chat_link.expires_at <= excluded.due_at
"""


class Link(models.Model):
    """One address; its texts are of the page that was found there last."""

    class State(models.TextChoices):
        """Whether it is still to be fetched, and what came of it."""

        WAITING = "waiting"
        FOUND = "found"
        NOTHING = "nothing"

    key = models.CharField(max_length=64, unique=True)  # SHA-256 of the address
    url = models.CharField(max_length=limits.LINK_MAX_LENGTH)
    host = models.CharField(max_length=HOST_MAX_LENGTH)
    state = models.CharField(max_length=10, choices=State.choices)
    title = models.CharField(max_length=TITLE_MAX_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_MAX_LENGTH)
    site = models.CharField(max_length=SITE_MAX_LENGTH)
    claim = models.CharField(max_length=32, blank=True)  # of who fetches it
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="links_to_fetch",
            ),
            models.Index(fields=["expires_at"], name="links_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.host}, {self.state}"


class LinkWait(models.Model):
    """A message that waits for what is behind a link in its text."""

    room = models.ForeignKey("chat.Room", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    key = models.CharField(max_length=64, db_index=True)
    told = models.PositiveSmallIntegerField(default=0)  # how often the worker was
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "seq", "key"], name="one_link_wait")
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq} for {self.key[:8]}"


def key_of(url: str) -> str:
    """Under which an address is kept; of any length it fits an index."""
    return hashlib.sha256(url.encode()).hexdigest()


def ask_for(room: int, asked: Collection[tuple[int, str]]) -> None:
    """Let the room's messages wait for links, each (seq, url); two statements.

    Belongs into the transaction that stores the messages. A repeat changes nothing.
    """
    now = timezone.now()
    urls = {url for _, url in asked}
    values = [
        (key_of(one), one, _host(one), "waiting", "", "", "", "", _stored(now))
        for one in sorted(urls)
    ]
    marks = ", ".join([f"({', '.join(['%s'] * 9)})"] * len(values))
    with connection.cursor() as cursor:
        flat = [value for row in values for value in row]
        cursor.execute(_ASK.format(values=marks), flat)
    rows = [LinkWait(room_id=room, seq=seq, key=key_of(url)) for seq, url in asked]
    LinkWait.objects.bulk_create(rows, ignore_conflicts=True)


def forget(room: int, seqs: Collection[int]) -> None:
    """These messages wait for nothing any more; one statement."""
    LinkWait.objects.filter(room=room, seq__in=seqs).delete()


def arrived(room: int, pairs: Collection[tuple[int, str]]) -> None:
    """The messages have these links by now, each (seq, url), or do not want them."""
    for seq, url in pairs:
        LinkWait.objects.filter(room=room, seq=seq, key=key_of(url)).delete()


def claim(count: int, busy: Collection[str]) -> list[Link]:
    """Take at most `count` links to fetch, of hosts that are not `busy`.

    Two questions and a statement, one question if there is nothing. Nobody else gets
    them until a process that died with them has certainly ended.
    """
    now = timezone.now()
    due = Link.objects.filter(state=Link.State.WAITING, due_at__lte=now)
    rows = due.exclude(host__in=busy).order_by("due_at").values_list("pk", flat=True)
    keys = list(rows[:count])
    if not keys:
        return []
    mine = uuid4().hex
    until = now + timedelta(seconds=limits.LINK_CLAIM_S)
    due.filter(pk__in=keys).update(claim=mine, due_at=until)
    return list(Link.objects.filter(claim=mine).order_by("pk"))


def put_back(link: Link) -> None:
    """Somebody else of its host is being asked: it is to be fetched later."""
    same = Link.objects.filter(pk=link.pk, claim=link.claim)
    same.update(claim="", due_at=timezone.now())


def settle(link: Link, head: Head | None) -> None:
    """Write down what was found, unless somebody else has taken the link meanwhile."""
    kept_s = limits.LINK_KEPT_S if head else limits.LINK_NOTHING_KEPT_S
    Link.objects.filter(pk=link.pk, claim=link.claim).update(
        state=Link.State.FOUND if head else Link.State.NOTHING,
        title=head.title if head else "",
        description=head.description if head else "",
        site=head.site if head else "",
        claim="",
        expires_at=timezone.now() + timedelta(seconds=kept_s),
    )


def due_waits(count: int) -> list[tuple[LinkWait, Link]]:
    """At most `count` messages whose link is settled, and the worker to be told."""
    settled = Link.objects.exclude(state=Link.State.WAITING)
    waits = LinkWait.objects.filter(
        due_at__lte=timezone.now(), key__in=settled.values("key")
    )
    found: Sequence[LinkWait] = list(waits.order_by("due_at")[:count])
    links = settled.in_bulk([one.key for one in found], field_name="key")
    return [(one, links[one.key]) for one in found if one.key in links]


def was_told(wait: LinkWait) -> None:
    """The worker was told of it; if that gets lost it is told again, so often."""
    row = LinkWait.objects.filter(pk=wait.pk)
    if wait.told + 1 >= limits.LINK_TOLD_MAX:
        row.delete()
        return
    due_at = timezone.now() + timedelta(seconds=limits.LINK_TOLD_EVERY_S)
    row.update(told=wait.told + 1, due_at=due_at)


def sweep() -> None:
    """Forget what has expired, and what nobody has found in time."""
    now = timezone.now()
    Link.objects.filter(expires_at__lt=now, state__in=["found", "nothing"]).delete()
    long_ago = now - timedelta(seconds=limits.LINK_KEPT_S)
    LinkWait.objects.filter(due_at__lt=long_ago).delete()
    Link.objects.filter(state=Link.State.WAITING, due_at__lt=long_ago).delete()


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "")[:HOST_MAX_LENGTH]


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
