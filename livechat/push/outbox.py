"""What browsers are to be told, as rows: put in by the chat, taken out by the sender.

The rule it guards: a browser has one notification of a tag at most, the newest; what is
read is taken away again, also while its push is on its way (`version` says so).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from livechat.lib import limits
from livechat.lib.words import mark_of
from livechat.push.models import Delivery, Push, Subscription

State = Push.State
TEST_TAG = "test"
CLAIMED_S = 3 * limits.PUSH_TIMEOUT_S  # then a sender that died has lost its rows

# One row for each browser of these people; none for who has no browser.
_PUT = """
INSERT INTO push_push (subscription_id, tag, room, seq, title, body, url, state, told,
  version, attempts, claim, created_at, due_at, expires_at)
SELECT id, %s, %s, %s, %s, %s, %s, 'waiting', %s, 0, 0, '', %s, %s, %s
  FROM push_subscription WHERE session_id IS NOT NULL AND user_id IN ({users})
ON CONFLICT (subscription_id, tag) DO UPDATE SET
  room = excluded.room, seq = excluded.seq,
  title = excluded.title, body = excluded.body,
  url = excluded.url, state = excluded.state, version = push_push.version + 1,
  attempts = 0, claim = '', created_at = excluded.created_at,
  due_at = excluded.due_at, expires_at = excluded.expires_at
"""


@dataclass(frozen=True, slots=True)
class Word:
    """What a notification says: `room` is a public id ("" for none), `url` a path.

    A title that is marked (livechat/lib/words.py) is told in each reader's language.
    `seq`: of the message that it shows, so that it goes with it; 0 for none.
    """

    tag: str
    title: str
    body: str
    url: str
    room: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try to send ended; `again_s`: seconds until the next, None for none."""

    push: Push
    outcome: str  # of Delivery.Outcome
    status: int | None = None
    again_s: float | None = None


def notify(user_ids: Collection[int], word: Word) -> None:
    """Tell the people's browsers, each once for the tag; one statement, no waiting.

    Of a room nothing is sent to who may not see it by then, nor as long as they have it
    open, for a minute. Longer texts are cut. Belongs into the transaction of what it is
    about.
    """
    _put(user_ids, word, wait_s=limits.PUSH_WAIT_S)


def send_test(user_id: int) -> None:
    """Tell all browsers of this person at once, whatever they have open."""
    body = gettext("This is how livechat will tell you of messages.")
    word = Word(TEST_TAG, gettext("It works"), body, "/profile/notifications/")
    _put([user_id], word, wait_s=0)


def _put(user_ids: Collection[int], word: Word, *, wait_s: float) -> None:
    if not user_ids:
        return
    now = timezone.now()
    moments = (
        now,
        now + timedelta(seconds=wait_s),
        now + timedelta(seconds=limits.PUSH_TTL_S),
    )
    adapt = connection.ops.adapt_datetimefield_value
    users = ", ".join(["%s"] * len(user_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT.format(users=users),
            [
                word.tag[: limits.PUSH_TAG_MAX_LENGTH],
                word.room,
                word.seq,
                _fitting(word.title),
                word.body[: limits.PUSH_BODY_MAX_LENGTH],
                word.url[: limits.PUSH_URL_MAX_LENGTH],
                False,
                *(adapt(moment) for moment in moments),
                *user_ids,
            ],
        )


def _fitting(title: str) -> str:
    """The title as it is kept; one that is too long is cut, and stays in English."""
    mark = mark_of(title)
    most = limits.PUSH_TITLE_MAX_LENGTH
    return mark if len(mark) <= most else title[:most]


def withdraw(pairs: Collection[tuple[int, str]]) -> None:
    """Take away what these people's browsers show of these tags; it has been read.

    `pairs` are of user and tag. What was not sent is not sent any more. One question,
    and two statements more for each browser that was told; a second call does nothing.
    """
    if not pairs:
        return
    rows = Push.objects.filter(
        subscription__user__in={user for user, _ in pairs},
        tag__in={tag for _, tag in pairs},
    ).exclude(state=State.CLOSING)
    wanted = set(pairs)
    found = rows.values_list("subscription__user_id", "tag", "pk", "version")
    for user, tag, pk, version in list(found):
        if (user, tag) in wanted:
            _withdraw(Push.objects.filter(pk=pk, version=version))


def withdraw_of(room: str, seqs: Collection[int]) -> None:
    """Take away what shows one of these messages of the room, which are deleted."""
    withdraw_rows(Push.objects.filter(room=room, seq__in=seqs))


def reword(room: str, seq: int, body: str) -> None:
    """Give what still waits to show the message its new text; one statement."""
    waiting = Push.objects.filter(room=room, seq=seq, state=State.WAITING)
    waiting.update(body=body[: limits.PUSH_BODY_MAX_LENGTH])


def withdraw_room(room: str, user_ids: Collection[int] | None = None) -> None:
    """Take away what is shown of a room that is deleted, or (some) may see no more."""
    rows = Push.objects.filter(room=room)
    if user_ids is not None:
        rows = rows.filter(subscription__user__in=user_ids)
    withdraw_rows(rows)


def withdraw_rows(rows: QuerySet[Push]) -> None:
    """Take away what these show, if it is shown; a question, and two for each."""
    shown = rows.exclude(state=State.CLOSING)
    for pk, version in list(shown.values_list("pk", "version")):
        _withdraw(Push.objects.filter(pk=pk, version=version))


def forget(theirs: QuerySet[Push], naming: QuerySet[Push]) -> None:
    """Take `theirs` away, and keep no word of those or of what is shown of `naming`.

    What waits to be sent of `naming` is to be reworded (`reword`).
    """
    for pk, version in list(theirs.values_list("pk", "version")):
        _withdraw(Push.objects.filter(pk=pk, version=version))
    theirs.update(title="", body="")
    naming.exclude(state=State.WAITING).update(body="")


def _withdraw(row: QuerySet[Push]) -> None:
    """Of one row, unless a newer word has come meanwhile, which is not read yet."""
    row.filter(told=False).delete()
    row.filter(told=True).update(
        state=State.CLOSING,
        version=F("version") + 1,
        attempts=0,
        claim="",
        due_at=timezone.now(),
    )


def claim(count: int, busy: Iterable[int]) -> list[Push]:
    """Take at most `count` rows that are due, of people who are not `busy`.

    Three statements; no other sender gets them for the next half minute.
    """
    now = timezone.now()
    due = Q(state__in=[State.WAITING, State.CLOSING], due_at__lte=now)
    waiting = Push.objects.filter(due).exclude(subscription__user__in=busy)
    keys = list(waiting.order_by("due_at").values_list("pk", flat=True)[:count])
    if not keys:
        return []
    mine = uuid4().hex
    until = now + timedelta(seconds=CLAIMED_S)
    Push.objects.filter(due, pk__in=keys).update(due_at=until, claim=mine)
    taken = Push.objects.filter(claim=mine).select_related(
        "subscription__user__push_preferences", "subscription__session__device"
    )
    return list(taken.order_by("created_at"))


def postpone(push: Push, until: datetime) -> None:
    """Look at it again then; nothing when it has changed since it was taken."""
    _same(push).update(due_at=until, claim="")


def mark_told(pushes: Iterable[Push]) -> set[int]:
    """Note that these are about to be sent; the ids of those still as taken."""
    taken = {one.pk: one for one in pushes}
    as_taken = Push.objects.filter(
        pk__in=taken, claim__in={one.claim for one in taken.values()}
    )
    as_taken.update(told=True)
    return set(as_taken.values_list("pk", flat=True))


def drop(push: Push) -> None:
    """Forget it unless it has changed since it was taken."""
    _same(push).delete()


def settle(outcomes: Iterable[Outcome]) -> None:
    """Write down how tries to send ended, all in one transaction."""
    with transaction.atomic():
        for one in outcomes:
            _settle(one)


def _settle(one: Outcome) -> None:
    push = one.push
    if one.again_s is not None:
        due_at = timezone.now() + timedelta(seconds=one.again_s)
        if due_at < push.expires_at:
            _same(push).update(due_at=due_at, claim="", attempts=F("attempts") + 1)
            return
    if push.state == State.WAITING:
        _log(one)
    if one.outcome == Delivery.Outcome.DELIVERED and push.state == State.WAITING:
        _same(push).update(state=State.SHOWN, claim="")
    else:
        _same(push).delete()
    _judge(push.subscription, one)


def _same(push: Push) -> QuerySet[Push]:
    return Push.objects.filter(pk=push.pk, version=push.version, claim=push.claim)


def _judge(subscription: Subscription, one: Outcome) -> None:
    """Keep count of failures, and remove what the browser or its service has ended."""
    row = Subscription.objects.filter(pk=subscription.pk)
    if one.outcome == Delivery.Outcome.DELIVERED:
        row.update(failures=0, last_success_at=timezone.now())
    elif one.outcome == Delivery.Outcome.ENDED:
        row.delete()
    else:
        row.update(failures=F("failures") + 1)
        row.filter(failures__gte=limits.PUSH_FAILURES_MAX).delete()


def _log(one: Outcome) -> None:
    """Keep the person's newest deliveries, this one too."""
    subscription = one.push.subscription
    Delivery.objects.create(
        user_id=subscription.user_id,
        device=subscription.name,
        is_test=one.push.tag == TEST_TAG,
        outcome=one.outcome,
        status=one.status,
    )
    theirs = Delivery.objects.filter(user_id=subscription.user_id).order_by("-pk")
    oldest = theirs.values_list("pk", flat=True)[limits.PUSH_LOG_MAX :][:1]
    theirs.filter(pk__lte=oldest.first() or 0).delete()


def sweep() -> None:
    """Forget what nobody has read in time, and browsers whose session has ended."""
    now = timezone.now()
    Push.objects.filter(expires_at__lt=now).delete()
    Subscription.objects.filter(
        Q(session=None) | Q(session__expire_date__lt=now),
        created_at__lt=now - timedelta(minutes=1),
    ).delete()
