"""Who may see what, and pages of the log: questions over many rows."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from chat.moderation_tables import Ban
from chat.reactions import named
from chat.streams import Stream
from livechat.lib import limits

if TYPE_CHECKING:
    from chat.models import Membership, Message, Room


NEVER = 2**62  # above every number of a message


class RoomQuerySet(models.QuerySet["Room"]):
    """Rooms by who may see them."""

    def visible_to(self, user: User) -> Self:
        """Public rooms, and private ones that the active user belongs to.

        None that they are banned from; and for guests only those that they belong to.
        """
        if not user.is_active:
            return self.none()
        # Asked of the database, as some ask by the key alone (chat/entrances.py).
        guest = User.objects.filter(pk=user.pk, role=User.Role.GUEST)
        theirs = Q(~Exists(guest), is_private=False) | Exists(_membership_of(user))
        return self.filter(theirs, ~Exists(_ban_of(user)))

    def without_directs(self) -> Self:
        """Only those that people join and leave, as lobbies list them."""
        return self.filter(kind="room")

    def matching(self, part: str) -> Self:
        """Those with the part in their name, topic or description; all for nothing."""
        if not part:
            return self
        texts = ("name", "topic", "description")
        return self.filter(
            Q(*((f"{one}__icontains", part) for one in texts), _connector=Q.OR)
        )

    def sorted_by(self, sort: str) -> Self:
        """By `name`, or the most of `people`, the `active` or the `new` ones first.

        Of rooms that have `with_member_count`.
        """
        if sort == "people":
            return self.order_by("-member_count", "name", "pk")
        if sort == "new":
            return self.order_by("-created_at", "-pk")
        if sort == "active":
            return self.with_latest().order_by("-at", "-pk")
        return self.order_by("name", "pk")  # counting drops the model's own order

    def with_latest(self) -> Self:
        """Each room with `at`: when its latest word came, or it was made."""
        from chat.models import Message

        words = Message.objects.filter(room=OuterRef("pk"), seq=OuterRef("last_seq"))
        at = Coalesce(Subquery(words.values("created_at")[:1]), "created_at")
        return self.annotate(at=at)

    def joined_by(self, user: User) -> Self:
        """Rooms that the user belongs to; no direct messages and no archived ones."""
        rooms = self.without_directs().filter(is_archived=False)
        return rooms.filter(Exists(_membership_of(user)))

    def directs_of(self, user: User) -> Self:
        """The user's direct and group messages, those with the latest word first.

        What others have begun is among them from its first message on.
        """
        theirs = self.exclude(kind="room").filter(Exists(_membership_of(user)))
        theirs = theirs.filter(Q(last_seq__gt=0) | Q(creator=user))
        return theirs.with_latest().order_by("-at", "-pk")

    def unread_by(self, user: User, here: str = "") -> Self:
        """Rooms of the user's with something that they have not read, by name.

        `here` is among them, read or not, by its public id.
        """
        counting = OuterRef("last_seq") - OuterRef("quiet_count") + F("quiet_read")
        theirs = _membership_of(user).filter(last_read_seq__lt=counting)
        belongs = Exists(_membership_of(user))
        rooms = self.filter(Q(Exists(theirs)) | Q(belongs, public_id=here))
        return rooms.filter(is_archived=False).order_by("kind", "name", "pk")

    def with_member_count(self) -> Self:
        """Each room with `member_count`, in the same query."""
        return self.annotate(member_count=Count("memberships", distinct=True))

    def with_joined(self, user: User) -> Self:
        """Each room with `joined`: whether the user belongs to it."""
        return self.annotate(joined=Exists(_membership_of(user)))


def _membership_of(user: User) -> "models.QuerySet[Membership]":
    from chat.models import Membership

    return Membership.objects.filter(room=OuterRef("pk"), user=user)


def _ban_of(user: User) -> "models.QuerySet[Ban]":
    return Ban.objects.filter(room=OuterRef("pk"), user=user)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships by room."""

    def listed_for(self, user: User) -> "list[Membership]":
        """The user's, with their rooms, as the side of a page lists them."""
        rows = self.filter(user=user, room__deleted_at__isnull=True)
        return list(rows.select_related("room").order_by("room__name", "room"))

    def by_name(self) -> Self:
        """With their users, who still have an account, in the order of the names."""
        active = self.filter(user__is_active=True).select_related("user")
        return active.order_by("user__display_name", "pk")

    def people_of(self, room: "Room") -> Self:
        """The room's memberships with their users' profiles, by name, for the pane."""
        return (
            self.filter(room=room, user__is_active=True)
            .select_related("user__profile")
            .order_by("user__display_name")[: limits.PEOPLE_PANE_MAX]
        )


class MessageQuerySet(models.QuerySet["Message"]):
    """Pages of one room's log. Begin with `readable_by`."""

    def readable_by(self, user: User, room: "Room") -> Self:
        """What the user may read of the room, up to where it stood when it was read.

        Access is looked at in the same statement as the messages, so that no change of
        it fits between. Who was no member when the room became public reads from there
        on; who may not see the room reads nothing.
        """
        from chat.models import Membership, Room

        own = Membership.objects.filter(room=room, user=user).values("reads_from_seq")
        visible = Room.objects.visible_to(user).filter(pk=room.pk)
        others = visible.values("public_from_seq")
        begin = Coalesce(Subquery(own[:1]), Subquery(others[:1]), Value(NEVER))
        return self.filter(room=room, seq__gte=begin, seq__lte=room.last_seq)

    def counting(self) -> Self:
        """Without what the room has not to read: who came and went, replies aside."""
        return self.exclude(kind="system").filter(in_room=True)

    def count_quiet(self) -> int:
        """How many the others are; one query, by an index for each kind of them."""
        told, aside = self.filter(kind="system"), self.filter(in_room=False)
        return told.union(aside.exclude(kind="system"), all=True).count()

    def shown(self) -> Self:
        """Without replies that stand in their thread alone."""
        return self.filter(in_room=True)

    def readable_anywhere(self, user: User) -> Self:
        """What the user may read of all rooms, by the rule of `readable_by`."""
        from chat.models import Membership, Room

        at = OuterRef("room")
        own = Membership.objects.filter(room=at, user=user).values("reads_from_seq")
        visible = Room.objects.visible_to(user)
        others = visible.filter(pk=at).values("public_from_seq")
        begin = Coalesce(Subquery(own[:1]), Subquery(others[:1]), Value(NEVER))
        return self.filter(room__in=visible, seq__gte=begin)

    def changed_after(self, cursor: int) -> Self:
        """What changed above the cursor, in the order of the changes."""
        # With an upper end SQLite looks there first, and not at all that they may read.
        rows = self.filter(changed_seq__range=(cursor + 1, NEVER))
        return rows.select_related("author").order_by("changed_seq")

    def touched(self, after: int, upto: int) -> Self:
        """What the changes above `after`, up to `upto`, made or changed last."""
        numbers = (after + 1, upto)
        within = Q(changed_seq__range=numbers) | Q(created_changed_seq__range=numbers)
        return self.filter(within).select_related("author").order_by("changed_seq")

    def ends_after(self, cursor: int) -> list[int]:
        """The numbers above the cursor at which the room tells something of itself.

        Each may shut somebody out; those that do not are few and do no harm here.
        """
        numbers = self.filter(changed_seq__gt=cursor).exclude(event="")
        return list(numbers.values_list("changed_seq", flat=True))

    def stand_ins(self, numbers: Sequence[int]) -> "dict[int, Message]":
        """For each number, rising, a message that was there then and has changed since.

        Two queries: one for the numbers of all that could stand in, which are at most
        as many as there are changes above the first, and one for those that do.
        """
        if not numbers:
            return {}
        rows = self.filter(
            created_changed_seq__lte=numbers[-1], changed_seq__gt=numbers[0]
        ).order_by("created_changed_seq")
        found = rows.values_list("created_changed_seq", "changed_seq", "pk")
        chosen = _next_changes(numbers, [(c or 0, last, pk) for c, last, pk in found])
        known = self.select_related("author").in_bulk(set(chosen.values()))
        return {at: known[pk] for at, pk in chosen.items() if pk in known}

    def page_before(self, seq: int, size: int = limits.PAGE_SIZE) -> "list[Message]":
        """The `size` messages below `seq`, oldest first, growing ones so far."""
        rows = self.filter(seq__lt=seq).select_related("author").order_by("-seq")
        return with_texts(list(rows[:size])[::-1])

    def page_after(self, seq: int, size: int = limits.PAGE_SIZE) -> "list[Message]":
        """The `size` messages above `seq`, oldest first, growing ones so far."""
        rows = self.filter(seq__gt=seq).select_related("author").order_by("seq")
        return with_texts(list(rows[:size]))


def with_texts(messages: "list[Message]") -> "list[Message]":
    """The page; a query more, and one for their texts, only if some of it grows.

    And one for the names of who reacted, if anybody did.
    """
    named(messages)
    growing = {one.seq: one for one in messages if one.stream == one.Growth.OPEN}
    if growing:
        room = messages[0].room_id
        streams = Stream.objects.filter(room=room, seq__in=growing)
        for stream, text in streams.texts().items():
            growing[stream.seq].body = text
    return messages


def _next_changes(
    numbers: Sequence[int], rows: "Sequence[tuple[int, int, int]]"
) -> dict[int, int]:
    """For each number the key of what was created up to it and is the next to change.

    `numbers` rise, and so do the creations of `rows`: (created, changed, key).
    """
    chosen: dict[int, int] = {}
    there: list[tuple[int, int]] = []  # what was created so far, by its change
    at_row = 0
    for number in numbers:
        while at_row < len(rows) and rows[at_row][0] <= number:
            insort(there, rows[at_row][1:])
            at_row += 1
        after = bisect_right(there, (number, NEVER))
        if after < len(there):
            chosen[number] = there[after][1]
    return chosen
