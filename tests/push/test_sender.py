"""From `notify` to the push service: what comes, once, when, and what never does."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import availability
from accounts.models import User
from livechat.lib import limits, webpush
from livechat.push.models import Delivery, Preferences, Push, Subscription
from livechat.push.outbox import Word, claim, notify, send_test, sweep, withdraw
from livechat.push.sender import Verdict
from tests.push.browser import session_of, subscribed
from tests.push.conftest import Deliver, Rooms, browser_of
from tests.push.service import Service, claims_of

ROOM = "room12345678"
URL = f"/rooms/{ROOM}/"

pytestmark = pytest.mark.django_db(transaction=True)


def tell(*users: User, body: str = "Hello", room: str = ROOM) -> None:
    notify([one.pk for one in users], Word(f"room-{room}", "Alice", body, URL, room))


async def test_what_is_told_comes_encrypted_signed_and_once(
    alice: User, bob: User, service: Service, deliver: Deliver
) -> None:
    browser = browser_of(bob, service)
    browser_of(alice, service)
    tell(bob, body="Grüße")
    await deliver()
    await deliver()
    (taken,) = service.taken
    tag = f"room-{ROOM}"
    assert taken.told == {"title": "Alice", "body": "Grüße", "tag": tag, "url": URL}
    assert service.url + taken.path == browser.endpoint
    assert taken.headers["content-encoding"] == "aes128gcm"
    assert taken.headers["urgency"] == "high"
    assert 0 < int(taken.headers["ttl"]) <= limits.PUSH_TTL_S
    claims, key = claims_of(taken.headers["authorization"])
    assert key == webpush.public_key(settings.VAPID_PRIVATE_KEY)
    assert claims["aud"] == service.url
    assert claims["sub"].startswith(("mailto:", "https:"))
    assert 0 < claims["exp"] - timezone.now().timestamp() < 86_400
    for word in ("Grüße", "Gr\\xfc", "Alice"):
        assert word not in repr(taken.headers)
    browser.refresh_from_db()
    assert browser.last_success_at is not None
    (entry,) = Delivery.objects.all()
    assert (entry.user, entry.outcome, entry.status) == (bob, "delivered", 201)


def test_telling_many_people_is_one_statement(alice: User, bob: User) -> None:
    for user in (alice, bob, bob):
        subscribed(user, session=session_of(user))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        tell(alice, bob)
    assert len(asked) == 1
    assert Push.objects.count() == 3
    with CaptureQueriesContext(connection) as asked:
        notify([], Word("t", "a", "b", URL, ROOM))
    assert len(asked) == 0


async def test_a_newer_word_takes_the_place_of_one_that_waits(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    for number in range(5):
        tell(bob, body=f"text {number}")
    assert Push.objects.count() == 1
    await deliver()
    assert [one.told["body"] for one in service.taken] == ["text 4"]
    tell(bob, body="text 5")
    await deliver()
    assert service.taken[1].told["body"] == "text 5"
    topics = {one.headers["topic"] for one in service.taken}
    assert len(topics) == 1
    assert len(topics.pop()) == 32


async def test_what_was_read_before_it_was_sent_is_not_sent(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    tell(bob)
    withdraw([(bob.pk, f"room-{ROOM}")])
    await deliver()
    assert service.taken == []
    assert not Push.objects.exists()


async def test_what_is_shown_is_taken_away_when_it_is_read(
    alice: User, bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    tell(bob)
    await deliver()
    withdraw([(alice.pk, f"room-{ROOM}"), (bob.pk, "room-other")])
    await deliver()
    assert len(service.taken) == 1
    withdraw([(bob.pk, f"room-{ROOM}")])
    withdraw([(bob.pk, f"room-{ROOM}")])
    await deliver()
    await deliver()
    _, closing = service.taken
    assert closing.told == {"close": True, "tag": f"room-{ROOM}"}
    assert closing.headers["urgency"] == "low"
    assert closing.headers["topic"] == service.taken[0].headers["topic"]
    assert not Push.objects.exists()
    assert Delivery.objects.count() == 1


async def test_what_is_read_while_its_push_is_under_way_is_closed_after_it(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    tell(bob)
    service.meanwhile = lambda: withdraw([(bob.pk, f"room-{ROOM}")])
    await deliver()
    service.meanwhile = lambda: None
    await deliver()
    assert [one.told.get("close") for one in service.taken] == [None, True]
    assert not Push.objects.exists()


async def test_what_is_new_while_a_push_is_under_way_is_sent_after_it(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    tell(bob, body="one")
    service.meanwhile = lambda: tell(bob, body="two")
    await deliver()
    service.meanwhile = lambda: None
    await deliver()
    await deliver()
    assert [one.told["body"] for one in service.taken] == ["one", "two"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_its_service_has_forgotten_is_removed(
    bob: User, service: Service, deliver: Deliver, status: int
) -> None:
    browser_of(bob, service)
    service.answers = [(status, {})]
    tell(bob)
    await deliver()
    assert not Subscription.objects.exists()
    (entry,) = Delivery.objects.all()
    assert (entry.outcome, entry.status) == ("ended", status)


@pytest.mark.parametrize(
    ("status", "headers", "low_s", "high_s"),
    [
        (500, {}, 0.5, 1.5),
        (429, {"Retry-After": "30"}, 28, 31),
        (503, {"Retry-After": "999999999"}, 3_500, 3_601),
        (503, {"Retry-After": "soon"}, 0.5, 1.5),
    ],
)
async def test_a_service_that_is_busy_is_asked_again_later(
    bob: User,
    service: Service,
    deliver: Deliver,
    status: int,
    headers: dict[str, str],
    low_s: float,
    high_s: float,
) -> None:
    browser_of(bob, service)
    service.answers = [(status, headers)]
    tell(bob)
    await deliver()
    push = Push.objects.get()
    assert low_s < (push.due_at - timezone.now()).total_seconds() < high_s
    assert (push.attempts, Delivery.objects.count()) == (1, 0)
    Push.objects.update(due_at=timezone.now())
    await deliver()
    assert len(service.taken) == 2
    assert Delivery.objects.get().outcome == "delivered"


async def test_after_the_last_try_it_is_given_up_and_counted(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser = browser_of(bob, service)
    service.answers = [(500, {})] * limits.PUSH_ATTEMPTS
    tell(bob)
    waits = []
    for _ in range(limits.PUSH_ATTEMPTS):
        now = timezone.now()
        Push.objects.update(due_at=now)
        await deliver()
        waits += [int((one.due_at - now).total_seconds()) for one in Push.objects.all()]
    assert waits == [1, 2, 4, 8, 16, 32]
    assert not Push.objects.exists()
    assert Delivery.objects.get().outcome == "refused"
    browser.refresh_from_db()
    assert browser.failures == 1
    await deliver()
    assert len(service.taken) == limits.PUSH_ATTEMPTS


async def test_a_browser_that_always_fails_is_removed_and_a_success_forgives(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    for status in [400] * 9 + [201] + [403] * 10:
        service.answers = [(status, {})]
        assert Subscription.objects.exists()
        tell(bob)
        await deliver()
    assert not Subscription.objects.exists()


async def test_a_room_that_is_open_is_waited_for_and_not_for_ever(
    bob: User, service: Service, deliver: Deliver, rooms: Rooms
) -> None:
    browser_of(bob, service)
    rooms.said[bob.pk, ROOM] = Verdict.WAIT
    tell(bob)
    await deliver()
    assert service.taken == []
    forgotten = timezone.now() - timedelta(seconds=limits.PUSH_IN_VIEW_S + 1)
    Push.objects.update(created_at=forgotten, due_at=timezone.now())
    await deliver()
    assert len(service.taken) == 1


async def test_who_does_not_want_to_be_disturbed_is_not_for_as_long_as_that(
    bob: User, service: Service, deliver: Deliver, rooms: Rooms
) -> None:
    browser_of(bob, service)
    rooms.said[bob.pk, ROOM] = Verdict.HOLD
    tell(bob)
    long_ago = timezone.now() - timedelta(hours=5)
    Push.objects.update(created_at=long_ago, due_at=long_ago)
    await deliver()
    assert service.taken == []
    rooms.said.clear()
    Push.objects.update(due_at=long_ago)
    await deliver()
    assert len(service.taken) == 1


async def test_who_may_not_see_the_room_any_more_is_not_told(
    bob: User, service: Service, deliver: Deliver, rooms: Rooms
) -> None:
    browser_of(bob, service)
    rooms.said[bob.pk, ROOM] = Verdict.DROP
    tell(bob)
    await deliver()
    assert service.taken == []
    assert not Push.objects.exists()


async def test_nothing_goes_to_a_browser_whose_session_has_ended(
    bob: User, service: Service, deliver: Deliver
) -> None:
    ended, expired = browser_of(bob, service), browser_of(bob, service)
    tell(bob)
    assert ended.session and expired.session
    ended.session.delete()
    expired.session.expire_date = timezone.now() - timedelta(seconds=1)
    expired.session.save()
    await deliver()
    tell(bob)
    await deliver()
    assert service.taken == []


async def test_a_pause_holds_it_back_and_it_comes_afterwards(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    until = timezone.now() + timedelta(hours=2)
    Preferences.objects.create(user=bob, paused_until=until)
    tell(bob)
    await deliver()
    assert service.taken == []
    assert Push.objects.get().due_at == until
    Preferences.objects.update(paused_until=None)
    Push.objects.update(due_at=timezone.now())
    await deliver()
    assert len(service.taken) == 1


async def test_who_wants_no_text_on_the_screen_gets_none(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    Preferences.objects.create(user=bob, shows_text=False)
    tell(bob, body="a secret")
    await deliver()
    told = service.taken[0].told
    assert (told["title"], told["body"]) == ("livechat", "There is something new.")


async def test_long_texts_are_cut_and_fit_the_record(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    long = Word("t" * 100, "\U0001f600" * 500, "\U0001f600" * 9_000, URL, ROOM)
    notify([bob.pk], long)
    await deliver()
    (taken,) = service.taken
    assert len(taken.body) <= 4_096
    assert taken.told["body"] == "\U0001f600" * limits.PUSH_BODY_MAX_LENGTH


async def test_one_person_s_slow_browsers_leave_places_for_others(
    alice: User, bob: User, service: Service, deliver: Deliver
) -> None:
    for _ in range(9):
        browser_of(bob, service)
    browser_of(alice, service)
    tell(bob, alice)
    await deliver()
    while Push.objects.filter(state="waiting").exists():
        await deliver()
    assert len(service.taken) == 10


async def test_what_a_sender_left_behind_is_sent_by_the_next(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    tell(bob)
    Push.objects.update(due_at=timezone.now())
    assert len(claim(10, [])) == 1
    assert claim(10, []) == []
    Push.objects.update(due_at=timezone.now())
    await deliver()
    assert len(service.taken) == 1


async def test_only_the_newest_deliveries_are_kept(
    alice: User, bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(alice, service)
    tell(alice)
    await deliver()
    for _ in range(5):
        browser_of(bob, service)
    for _ in range(limits.PUSH_LOG_MAX // 5 + 1):
        send_test(bob.pk)
        while Push.objects.filter(state="waiting").exists():
            await deliver()
    assert Delivery.objects.filter(user=bob, is_test=True).count() == 20
    assert Delivery.objects.filter(user=alice).count() == 1


async def test_old_rows_are_swept(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    old = subscribed(bob)
    hour = timezone.now() - timedelta(hours=1)
    Subscription.objects.filter(pk=old.pk).update(created_at=hour)
    tell(bob)
    await deliver()
    Push.objects.update(expires_at=hour)
    sweep()
    assert not Push.objects.exists()
    assert Subscription.objects.count() == 1


async def test_who_is_not_to_be_disturbed_is_told_afterwards(
    bob: User, service: Service, deliver: Deliver
) -> None:
    browser_of(bob, service)
    availability.choose(bob, "dnd")
    tell(bob)
    await deliver()
    assert service.taken == []
    availability.choose(bob, "online")
    Push.objects.update(due_at=timezone.now())
    await deliver()
    assert len(service.taken) == 1
