"""Takes pushes that are due out of the table and gives them to the push services.

The rule it guards: whether somebody wants it, and may see it, is asked at the moment of
sending; and whatever a push service does, nobody else waits for it.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import availability
from accounts.models import Community
from livechat.lib import limits, outbound, webpush
from livechat.lib.languages import language_for
from livechat.lib.loops import turn_of
from livechat.lib.words import marked, spoken
from livechat.push import outbox, times
from livechat.push.models import Delivery, Push, Subscription
from livechat.push.outbox import Outcome

logger = logging.getLogger(__name__)

Ended = Delivery.Outcome
GONE = frozenset({404, 410})
TRIED_AGAIN = frozenset({408, 425, 429})  # and all of 500 and more
LOOK_AGAIN_S = 5.0  # at a push whose room is open somewhere
LOOK_LATER_S = 60.0  # at one for somebody who does not want to be disturbed
SWEEP_EVERY_S = 60.0
SOMETHING = marked("There is something new.")
TOKEN_REUSED_S = 3_600.0  # a service may remember what it has checked once


class Verdict(Enum):
    """What the room says to a push about it."""

    SEND = "send"
    WAIT = "wait"  # they have it open
    HOLD = "hold"  # they do not want to be disturbed
    DROP = "drop"  # they may not see it any more


# For (user id, the room's public id) of each push that is about one.
Verdicts = Callable[[Collection[tuple[int, str]]], dict[tuple[int, str], Verdict]]


class Sender:
    """One process's loop; `verdicts` is what the chat knows of rooms and people."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.stopping = False
        self._verdicts = verdicts
        self._running: dict[asyncio.Task[Outcome], int] = {}  # the user of each
        self._tokens: dict[str, tuple[float, str]] = {}  # by origin: until when
        self._swept_at = 0.0

    async def run(self) -> None:
        """Send until told to stop; what is under way is finished."""
        while not self.stopping:
            async with turn_of("pushes"):
                await self.turn()
        await self._finish(set(self._running))

    async def turn(self) -> None:
        """Start what is due, then write down what has ended within one look."""
        self._start()
        if not self._running:
            await asyncio.sleep(limits.PUSH_POLL_S)
            return
        done, _ = await asyncio.wait(
            self._running,
            timeout=limits.PUSH_POLL_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        outbox.settle(self._outcomes(done))

    async def _finish(self, tasks: set[asyncio.Task[Outcome]]) -> None:
        if tasks:
            done, _ = await asyncio.wait(tasks, timeout=limits.PUSH_TIMEOUT_S)
            outbox.settle(self._outcomes(done))

    def _outcomes(self, done: set[asyncio.Task[Outcome]]) -> list[Outcome]:
        for task in done:
            del self._running[task]
        return [task.result() for task in done]

    # What is due

    def _start(self) -> None:
        if time.monotonic() - self._swept_at > SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            outbox.sweep()
        free = limits.PUSH_AT_ONCE - len(self._running)
        counts = Counter(self._running.values())
        busy = [
            user for user, n in counts.items() if n >= limits.PUSH_AT_ONCE_PER_PERSON
        ]
        claimed = outbox.claim(free, busy) if free > 0 else []
        sent = self._wanted(self._in_turn(claimed, counts))
        still = outbox.mark_told(sent) if sent else set()
        community = Community.current().name if still else ""
        for push in sent:
            if push.pk in still:
                headers, body = self._letter(push, community)
                task = asyncio.create_task(_send(push, headers, body))
                self._running[task] = push.subscription.user_id

    def _in_turn(self, claimed: list[Push], counts: Counter[int]) -> list[Push]:
        """Those for which their person has a place; the others come next time."""
        taken = []
        for push in claimed:
            user = push.subscription.user_id
            if counts[user] < limits.PUSH_AT_ONCE_PER_PERSON:
                counts[user] += 1
                taken.append(push)
            else:
                outbox.postpone(push, timezone.now())
        return taken

    def _wanted(self, claimed: list[Push]) -> list[Push]:
        """Those that are to be sent now; the others are put off, or dropped."""
        now = timezone.now()
        about = [one for one in claimed if one.state == Push.State.WAITING and one.room]
        pairs = {(one.subscription.user_id, one.room) for one in about}
        verdicts = self._verdicts(pairs) if pairs else {}
        return [one for one in claimed if _is_wanted(one, verdicts, now)]

    # What is sent

    def _letter(self, push: Push, community: str) -> tuple[dict[str, str], bytes]:
        """The headers and the encrypted body."""
        subscription = push.subscription
        receiver = webpush.receiver_of(subscription.p256dh, subscription.auth)
        told = json.dumps(_told(push, community), ensure_ascii=False).encode()
        left_s = max(0, int((push.expires_at - timezone.now()).total_seconds()))
        is_closing = push.state == Push.State.CLOSING
        headers = {
            "Authorization": self._authorization(subscription.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(left_s),
            "Topic": _topic(push),
            "Urgency": "low" if is_closing else "high",
        }
        return headers, webpush.sealed(told, receiver)

    def _authorization(self, endpoint: str) -> str:
        parts = outbound.checked(endpoint, settings.PUSH_GATEWAYS)
        origin = outbound.origin_of(parts)
        until, header = self._tokens.get(origin, (0.0, ""))
        now_s = time.time()
        if now_s >= until:
            if len(self._tokens) > 1_000:  # people name the origins
                self._tokens.clear()
            key, subject = settings.VAPID_PRIVATE_KEY, settings.VAPID_SUBJECT
            header = webpush.authorization(key, origin, subject, now_s)
            self._tokens[origin] = (now_s + TOKEN_REUSED_S, header)
        return header


def _is_wanted(
    push: Push, verdicts: dict[tuple[int, str], Verdict], now: datetime
) -> bool:
    subscription = push.subscription
    session = subscription.session
    if session is None or session.expire_date <= now or push.expires_at <= now:
        outbox.drop(push)
        return False
    if push.state == Push.State.CLOSING or not push.room:
        return True
    verdict = verdicts.get((subscription.user_id, push.room), Verdict.DROP)
    if verdict is Verdict.DROP:
        outbox.drop(push)
        return False
    if (until := _held_until(push, verdict, now)) is not None:
        outbox.postpone(push, until)
    return until is None


def _held_until(push: Push, verdict: Verdict, now: datetime) -> datetime | None:
    """When to look at it again, None when it is to be sent now."""
    user = push.subscription.user
    until = times.held_until(getattr(user, "push_preferences", None), now)
    if until is not None:
        return until
    if verdict is Verdict.HOLD or availability.of(user) == "dnd":
        return now + timedelta(seconds=LOOK_LATER_S)
    if verdict is Verdict.WAIT and now < _patience_ends(push):
        return now + timedelta(seconds=LOOK_AGAIN_S)
    return None


def _patience_ends(push: Push) -> datetime:
    """Until then an open room may still mark it read; a forgotten one never does."""
    return push.created_at + timedelta(seconds=limits.PUSH_IN_VIEW_S)


def _told(push: Push, community: str) -> dict[str, Any]:
    """What the service worker is told (templates/push/sw.js)."""
    if push.state == Push.State.CLOSING:
        return {"close": True, "tag": push.tag}
    user = push.subscription.user
    language = _language_of(push.subscription)
    preferences = getattr(user, "push_preferences", None)
    if push.room and preferences is not None and not preferences.shows_text:
        title, body = community, SOMETHING.marked
    else:
        title, body = push.title, push.body
    title, body = spoken(title, language), spoken(body, language)
    return {"title": title, "body": body, "tag": push.tag, "url": push.url}


def _language_of(subscription: Subscription) -> str:
    """Its person's own, else what the browser itself asks for."""
    device = getattr(subscription.session, "device", None)
    return language_for(
        subscription.user.language or getattr(device, "language", ""), ""
    )


def _topic(push: Push) -> str:
    """32 characters that are the same for the same tag and tell nothing of it."""
    text = f"{push.subscription.public_id}:{push.tag}".encode()
    key = settings.SECRET_KEY.encode()
    return webpush.encoded(hmac.digest(key, text, hashlib.sha256))[:32]


async def _send(push: Push, headers: dict[str, str], body: bytes) -> Outcome:
    """One try, and what to do after it; never raises but when it is cancelled."""
    try:
        answer = await outbound.post(
            push.subscription.endpoint,
            headers,
            body,
            trusted=settings.PUSH_GATEWAYS,
            timeout_s=limits.PUSH_TIMEOUT_S,
        )
    except outbound.NotAllowed as reason:
        logger.warning("push %s: %s", push.subscription.public_id, reason)
        return Outcome(push, Ended.NOT_ALLOWED)
    except outbound.NoAnswer as error:
        logger.info("push %s: %s", push.subscription.public_id, error)
        return Outcome(push, Ended.NO_ANSWER, again_s=_again_s(push, 0.0))
    return _judged(push, answer)


def _judged(push: Push, answer: outbound.Answer) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome(push, Ended.DELIVERED, status)
    if status in GONE:
        return Outcome(push, Ended.ENDED, status)
    if status in TRIED_AGAIN or status >= 500:
        again_s = _again_s(push, answer.retry_after_s)
        return Outcome(push, Ended.REFUSED, status, again_s)
    return Outcome(push, Ended.REFUSED, status)


def _again_s(push: Push, wished_s: float) -> float | None:
    """1, 2, 4 … s, or longer when the service wishes so; None after the last try."""
    if push.attempts + 1 >= limits.PUSH_ATTEMPTS:
        return None
    wished_s = min(wished_s, limits.PUSH_RETRY_AFTER_MAX_S)
    return max(2.0**push.attempts, wished_s)
