"""A room whose last admin's account was closed gets another: nobody else could go on.

The rule it guards: where somebody belongs to a room, somebody runs it. Whoever is there
longest does, people before bots, those who may write before those who are muted, and
moderators before members.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef

from chat.changes import Change
from chat.models import Membership, Room

ADMIN = Membership.Role.ADMIN
_ORDER = ("user__is_bot", "is_muted", "-role", "joined_at", "pk")


def appoint_admins() -> None:
    """Give each room that has people and no admin one of them; say so in its log.

    All such rooms, so that what a process left undone that died is done by the next.
    """
    active = Membership.objects.filter(room=OuterRef("pk"), user__is_active=True)
    rooms = Room.objects.without_directs()
    orphaned = rooms.filter(Exists(active), ~Exists(active.filter(role=ADMIN)))
    for pk in orphaned.values_list("pk", flat=True).order_by("pk"):
        with transaction.atomic():
            _appoint(pk)


def _appoint(pk: int) -> None:
    """Do it for one room, locked, unless somebody was quicker."""
    room = Room.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if room is None:
        return
    people = room.memberships.filter(user__is_active=True).select_related("user")
    if people.filter(role=ADMIN).exists():
        return
    heir = people.order_by(*_ORDER).first()
    if heir is None:
        return
    heir.role, heir.is_muted = ADMIN, False
    heir.save(update_fields=["role", "is_muted"])
    change = Change(heir.user, room)
    sentence = f"{heir.user} is an admin now, as the room had none left."
    change.enter("role", sentence, user=heir.user.public_id, role=ADMIN.value)
    change.store()
