"""Who is let in: our own page with its cookie, or a program with its token."""

import pytest
from websockets.exceptions import InvalidStatus

from accounts.models import User
from tests.chat.asking import asked, cookie_of
from tests.chat.conftest import Person
from tests.live import Live

JSON = "v=1&format=json"


async def refused(
    live: Live,
    token: str = "",
    query: str = JSON,
    headers: dict[str, str] | None = None,
) -> int:
    """The HTTP status with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with live.client(token, query=query, headers=headers or {}):
            pass
    return caught.value.response.status_code


@pytest.fixture
def signed_in(live: Live, person: Person) -> tuple[User, str]:
    """bob and his session cookie."""
    bob, _ = person("Bob")
    return bob, cookie_of(bob)


async def test_our_own_page_is_let_in_by_its_cookie(
    live: Live, signed_in: tuple[User, str]
) -> None:
    bob, session = signed_in
    headers = {"Cookie": f"sessionid={session}", "Origin": live.url}
    async with live.client("", headers=headers) as client:
        assert (await client.expect("hello"))["user"]["id"] == bob.public_id


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1:1",
        "http://127.0.0.1:PORT.evil.example",
        "http://127.0.0.1:PORT/",
        "HTTP://127.0.0.1:PORT",
    ],
)
async def test_a_cookie_without_our_own_origin_opens_nothing(
    live: Live, signed_in: tuple[User, str], origin: str
) -> None:
    headers = {"Cookie": f"sessionid={signed_in[1]}"}
    if origin:
        headers["Origin"] = origin.replace("PORT", str(live.port))
    assert await refused(live, headers=headers) == 403


async def test_a_token_needs_no_origin_and_minds_none(
    live: Live, person: Person
) -> None:
    bob, bobs = person("Bob")
    for headers in ({}, {"Origin": "http://elsewhere.example"}):
        async with live.client(bobs, headers=headers) as client:
            assert (await client.expect("hello"))["user"]["id"] == bob.public_id


async def test_a_bad_token_is_not_saved_by_a_good_cookie(
    live: Live, signed_in: tuple[User, str]
) -> None:
    headers = {"Cookie": f"sessionid={signed_in[1]}", "Origin": live.url}
    assert await refused(live, "lc_" + "x" * 43, headers=headers) == 403


async def test_a_token_counts_in_the_header_only(live: Live, person: Person) -> None:
    bob, bobs = person("Bob")
    for query in (f"{JSON}&token={bobs}", f"{JSON}&access_token={bobs}"):
        assert await refused(live, query=query) == 403
        assert await refused(live, query=query, headers={"Origin": live.url}) == 403
    assert (await asked(live, f"/api/rooms?token={bobs}")).status == 401
    cookie = {"Cookie": f"sessionid={bobs}", "Origin": live.url}
    assert await refused(live, headers=cookie) == 403


async def test_nobody_is_let_in_anonymously(live: Live) -> None:
    for headers in ({}, {"Origin": live.url}, {"Cookie": "sessionid=" + "a" * 32}):
        assert await refused(live, headers=headers) == 403


@pytest.mark.parametrize(
    "query",
    [
        "v=2&format=json",
        "v=0&format=json",
        "v=&format=json",
        "v=1&v=1&format=json",
        "v=1&format=xml",
        "v=1&format=JSON",
        "v=1&format=",
        "v=1&format=json&format=html",
    ],
)
async def test_another_version_or_format_is_refused(
    live: Live, person: Person, query: str
) -> None:
    _, bobs = person("Bob")
    assert await refused(live, bobs, query) == 403


async def test_a_deactivated_users_token_and_cookie_open_nothing(
    live: Live, person: Person
) -> None:
    bob, bobs = person("Bob")
    session = cookie_of(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert await refused(live, bobs) == 403
    headers = {"Cookie": f"sessionid={session}", "Origin": live.url}
    assert await refused(live, headers=headers) == 403
    assert (await asked(live, "/api/rooms", bobs)).status == 401
