"""Links with a secret under abuse: bent, guessed, forged, used again, made in storms.

Lines A21, A29, A31, J9, R15, X1 and Z8 of the cases, for links to the site, into a
room, and for a new password.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.links import password_path
from accounts.models import Invite, User
from chat.models import Membership, Room
from chat.moderation_tables import RoomInvite
from chat.room_invites import make_link
from tests.abuse.naughty import PATH_PARTS, TEXTS, VALUES, json_of
from tests.abuse.rules import held
from tests.chat.pages import client_of, room_of

Bend = Callable[[str], str]

# Each is no longer the code, however alike it looks.
BENT: dict[str, Bend] = {
    "upper case": str.upper,
    "swapped case": str.swapcase,
    "the first half": lambda code: code[: len(code) // 2],
    "all but the last": lambda code: code[:-1],
    "one more": lambda code: code + "A",
    "twice": lambda code: code * 2,
    "backwards": lambda code: code[::-1],
    "a space behind": lambda code: code + " ",
    "a line end behind": lambda code: code + "\n",
    "NUL behind": lambda code: code + "\0",
    "zero width inside": lambda code: code[:3] + "\u200b" + code[3:],
    "full width": lambda code: chr(ord(code[0]) + 0xFEE0) + code[1:],
    "a slash before": lambda code: "/" + code,
    "dots": lambda code: "../join/" + code,
    "a query": lambda code: code + "?x=1#" + code,
    "its hash": lambda code: RoomInvite.objects.get().code_hash,
    "a star": lambda code: code[:4] + "*",
    "percent": lambda code: code[:4] + "%",
}


DOORS = ["/invite/{}", "/join/{}", "/accounts/password/reset/key/{}-{}/"]


@pytest.fixture
def vault(alice: User) -> Room:
    return room_of(alice, name="Vault", is_private=True)


@pytest.fixture
def code(alice: User, vault: Room) -> str:
    """Of a link into the vault that lets one person in."""
    return make_link(alice, vault, days=1, uses=1)[1]


@pytest.fixture
def client(bob: User) -> Client:
    found = client_of(bob)
    found.raise_request_exception = False
    return found


def is_unused(bob: User) -> bool:
    here = Membership.objects.filter(user=bob).exists()
    return not here and RoomInvite.objects.get().uses == 0


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_a_bent_code_opens_no_room_and_uses_nothing_up(
    client: Client, bob: User, vault: Room, code: str, bend: Bend
) -> None:
    bent = bend(code)
    path = f"/join/{quote(bent, safe='')}"
    if bent.partition("?")[0] == code:
        path = f"/join/{quote(bent, safe='?#')}"
        bent = quote(bent)
    for ask in (partial(client.get, path), partial(client.post, path)):
        answer: Any = ask()
        if "?" not in path:
            assert answer.status_code in {400, 404}
            assert "Vault" not in answer.content.decode()
    api = partial(post_json, client, "/api/join", {"code": bent})
    if "?" not in path:
        assert held(api, bent) in {400, 404}
        assert is_unused(bob)


def post_json(client: Client, path: str, body: Any) -> Any:
    """As a program does it, which needs no more than its cookie here."""
    return client.post(path, json_of(body), content_type="application/json")


NO_CODES = {**VALUES, **TEXTS}


@pytest.mark.parametrize("value", NO_CODES.values(), ids=NO_CODES)
def test_what_is_no_code_opens_nothing(
    client: Client, bob: User, code: str, value: Any
) -> None:
    ask = partial(post_json, client, "/api/join", {"code": value})
    assert held(ask, "join") in {400, 404, 413}
    assert is_unused(bob)


@pytest.mark.parametrize("part", [*PATH_PARTS, "%2e", "%0d%0aSet-Cookie:xss=1"])
@pytest.mark.parametrize(
    "door", ["/invite/{}", "/join/{}", "/accounts/password/reset/key/{}-{}/"]
)
def test_what_is_no_code_is_no_door(
    client: Client, bob: User, code: str, door: str, part: str
) -> None:
    Invite.issue(bob)
    path = door.format(part, part)
    for one in (client, Client(raise_request_exception=False)):
        for method in ("GET", "POST"):
            held(partial(request, one, method, path), f"{method} {path[:60]}")
    assert is_unused(bob)
    assert Invite.objects.get().uses == 0


def request(client: Client, method: str, path: str) -> Any:
    return client.generic(method, path, "", "application/x-www-form-urlencoded")


def test_the_link_is_shown_once_and_nowhere_else(
    alice: User, vault: Room, client: Client
) -> None:
    """A31: not to who made it, not in the list, the audit log, or the API."""
    owner = client_of(alice)
    places = ("invites", "audit", "", "members")
    form = {"days": "1", "uses": "1"}
    for path in (f"/rooms/{vault.public_id}/invites", "/invites/"):
        page = owner.post(path, form).content.decode()
        link = page.partition('id="new-link"')[2].partition('href="')[2]
        code = link.partition('"')[0].rpartition("/")[2]
        assert len(code) > 20
        pages = [f"/rooms/{vault.public_id}/{place}" for place in places]
        pages += ["/invites/", f"/api/rooms/{vault.public_id}/invites"]
        for later in pages:
            assert code not in owner.get(later).content.decode()


@pytest.mark.parametrize("door", ["/join/{}", "/invite/{}"])
def test_a_door_tells_its_address_to_no_other_site(
    alice: User, code: str, door: str
) -> None:
    site_code = Invite.issue(alice)[1]
    answer = Client().get(
        door.format(code if "join" in door else site_code), follow=True
    )
    assert answer.status_code == 200
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "no-store" in answer["Cache-Control"] or "private" in answer["Cache-Control"]


@pytest.mark.parametrize("field", ["days", "uses"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1e9", "9" * 30, "", "x", "１２"])
def test_a_link_without_sense_is_not_made(
    alice: User, vault: Room, field: str, number: str
) -> None:
    owner = client_of(alice)
    form = {"days": "1", "uses": "1", field: number}
    for path in (f"/rooms/{vault.public_id}/invites", "/invites/"):
        held(partial(post_form, owner, path, form), f"{path} {field}={number}")
    body = {"days": 1, "uses": 1, field: number}
    answer = post_json(owner, f"/api/rooms/{vault.public_id}/invites", body)
    assert answer.status_code == 400
    made = [*RoomInvite.objects.all(), *Invite.objects.all()]
    assert all(1 <= one.max_uses <= 1_000 for one in made)


def post_form(client: Client, path: str, form: dict[str, str]) -> Any:
    return client.post(path, form)


def test_r15_a_storm_of_links_is_stopped(alice: User, vault: Room) -> None:
    owner = client_of(alice)
    path = f"/api/rooms/{vault.public_id}/invites"
    answers = [post_json(owner, path, {}) for _ in range(40)]
    assert [one.status_code for one in answers].count(429) >= 8
    assert int(answers[-1]["Retry-After"]) >= 1


def test_a_used_link_lets_nobody_in_again_not_even_who_left(
    alice: User, bob: User, charlie: User, client: Client, vault: Room, code: str
) -> None:
    """X1: one use is one use."""
    assert client.post(f"/join/{code}").status_code == 302
    assert client.post(f"/join/{code}").status_code in {302, 404}  # is in already
    client.post(f"/rooms/{vault.public_id}/leave")
    for user in (bob, charlie):
        assert client_of(user).post(f"/join/{code}").status_code == 404
    assert set(vault.memberships.values_list("user", flat=True)) == {alice.pk}


def test_a_link_for_a_password_is_worthless_for_anybody_else(
    alice: User, bob: User
) -> None:
    """A21: the secret of one with the number of the other."""
    cache.clear()
    mine, theirs = password_path(bob), password_path(alice)
    uid, secret = theirs.rpartition("/key/")[2].split("-")[0], mine.partition("-")[2]
    forged = f"/accounts/password/reset/key/{uid}-{secret}"
    page = Client().get(forged, follow=True)
    assert b'name="password1"' not in page.content
