"""What notifications say is in the language of whoever's browser it is."""

import pytest

from accounts.models import Device, User
from livechat.lib import limits
from livechat.lib.words import marked
from livechat.push.models import Preferences, Push
from livechat.push.outbox import Word, notify
from tests.push.conftest import Deliver, browser_of
from tests.push.service import Service
from tests.push.test_sender import tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(alice: User, bob: User, service: Service) -> dict[str, User]:
    """Alice reads English, Bob German; by the path of their push service."""
    found = {}
    for user, language in ((alice, "en"), (bob, "de")):
        user.language = language
        user.save(update_fields=["language"])
        path = browser_of(user, service).endpoint.removeprefix(service.url)
        found[path] = user
    return found


async def test_one_word_is_told_to_each_in_their_language(
    both: dict[str, User], service: Service, deliver: Deliver
) -> None:
    word = Word("r", marked("Reminder"), "Reminder", "/notifications")
    notify([user.pk for user in both.values()], word)
    await deliver()
    told = {both[one.path].language: one.told for one in service.taken}
    assert (told["en"]["title"], told["de"]["title"]) == ("Reminder", "Erinnerung")
    assert told["de"]["body"] == "Reminder", "what somebody wrote stays as it is"


async def test_what_stands_instead_of_a_text_is_in_the_language_of_its_reader(
    both: dict[str, User], service: Service, deliver: Deliver
) -> None:
    for user in both.values():
        Preferences.objects.create(user=user, shows_text=False)
    tell(*both.values(), body="a secret")
    await deliver()
    told = {both[one.path].language: one.told["body"] for one in service.taken}
    assert told == {"en": "There is something new.", "de": "Es gibt etwas Neues."}


async def test_who_chose_no_language_is_told_in_the_browsers_own(
    bob: User, service: Service, deliver: Deliver
) -> None:
    session = browser_of(bob, service).session
    assert session is not None
    Device.objects.create(user=bob, session=session, name="Firefox", language="de")
    browser_of(bob, service)  # of which nothing is known
    notify([bob.pk], Word("r", marked("Reminder"), "x", "/notifications"))
    await deliver()
    titles = sorted(one.told["title"] for one in service.taken)
    assert titles == ["Erinnerung", "Reminder"]


async def test_a_marked_title_is_never_cut_within_its_mark(
    both: dict[str, User], service: Service, deliver: Deliver
) -> None:
    word = Word("t", marked("{0} in {1}", "n" * 50, "r" * 50), "x", "/notifications")
    notify([user.pk for user in both.values()], word)
    assert {len(one.title) for one in Push.objects.all()} == {
        limits.PUSH_TITLE_MAX_LENGTH
    }
    await deliver()
    titles = {one.told["title"] for one in service.taken}
    assert titles == {f"{'n' * 50} in {'r' * 26}"}
