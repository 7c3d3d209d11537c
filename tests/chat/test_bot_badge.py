"""A bot is called one wherever its name stands, and people are not."""

from accounts.models import User
from tests.chat.pages import client_of, fill, room_of

IN_MESSAGE = '<span class="badge msg__bot">bot</span>'
ELSEWHERE = '<span class="badge">bot</span>'


def test_a_bot_is_told_from_people(alice: User, bob: User) -> None:
    room = room_of(alice, bob)
    fill(room, alice, 1)
    fill(room, bob, 1)
    client = client_of(alice)
    path = f"/rooms/{room.public_id}"
    pages = (f"{path}/", f"{path}/members", f"/people/{bob.public_id}")

    def counted() -> list[tuple[int, int]]:
        found = [client.get(page).content.decode() for page in pages]
        return [(page.count(IN_MESSAGE), page.count(ELSEWHERE)) for page in found]

    assert counted() == [(0, 0), (0, 0), (0, 0)]
    User.objects.filter(pk=bob.pk).update(is_bot=True)
    assert counted() == [(1, 1), (0, 1), (0, 1)]


def test_a_card_asks_before_it_blocks(alice: User, bob: User) -> None:
    page = client_of(alice).get(f"/people/{bob.public_id}").content.decode()
    asked, button = page.index("You can unblock them"), page.index('value="yes"')
    assert page.index("<details>") < asked < button
