"""A push service, a sender that gives it what is due, and the chat's word on rooms."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from livechat.lib import limits
from livechat.push.models import Push, Subscription
from livechat.push.sender import Sender, Verdict
from tests.push.browser import new_endpoint, session_of, subscribed
from tests.push.service import Service, push_service


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """A push service that the site's owner trusts."""
    with push_service() as found:
        settings.PUSH_GATEWAYS = frozenset({found.url})
        yield found


@dataclass
class Rooms:
    """What the chat says of each pair; SEND when a test has not said otherwise."""

    said: dict[tuple[int, str], Verdict] = field(default_factory=dict)

    def verdicts(
        self, pairs: Collection[tuple[int, str]]
    ) -> dict[tuple[int, str], Verdict]:
        return {pair: self.said.get(pair, Verdict.SEND) for pair in pairs}


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


Deliver = Callable[[], Awaitable[None]]


@pytest.fixture
def deliver(rooms: Rooms) -> Deliver:
    """Sends all that would be due by now if the first wait were over; then stops."""
    sender = Sender(rooms.verdicts)

    async def run() -> None:
        past = timezone.now() - timedelta(seconds=1)
        soon = timezone.now() + timedelta(seconds=limits.PUSH_WAIT_S)
        Push.objects.filter(due_at__lte=soon).update(due_at=past)
        async with asyncio.timeout(10):
            await sender.turn()
            while sender._running:
                await sender.turn()

    return run


def browser_of(user: User, service: Service) -> Subscription:
    """A browser of the user, signed in, at this push service."""
    return subscribed(user, new_endpoint(service.url), session_of(user))
