"""Accounts under abuse: hostile words in every form of the entrance, and in names.

Lines U5, U7, U9, J9, A5, A7, A9, A21, A27 and H29 of the cases. The site's own pages,
such as the profile, are in test_every_address.py with all others.
"""

from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.links import password_path
from accounts.models import Community, User
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held
from tests.chat.pages import client_of
from tests.conftest import PASSWORD

FORM = "application/x-www-form-urlencoded"
HIDDEN = ("\u202e", "\u2066", "\u2067", "\u200b", "\ufeff", "\u00ad", "\0", "\x07")
DORA = {"display_name": "Dora", "email": "dora@example.org", "password1": PASSWORD}

# Whose form it is, and what would do in it.
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "login/": ("", {"login": "bob@example.org", "password": PASSWORD}),
    "signup/": ("", DORA),
    "password/reset/": ("", {"email": "bob@example.org"}),
    "2fa/passkeys/login/": ("", {"credential": "{}"}),
    "reauthenticate/": ("bob", {"password": PASSWORD}),
    "email/": ("bob", {"email": "bobby@example.org", "action_add": ""}),
    "password/change/": (
        "bob",
        {"oldpassword": PASSWORD, "password1": "x" * 20, "password2": "x" * 20},
    ),
    "2fa/totp/activate/": ("bob", {"code": "123456"}),
}
FIELDS = [(page, field) for page, (_, form) in FORMS.items() for field in form]


@pytest.fixture(autouse=True)
def site(alice: User, bob: User) -> None:
    """A site that lets anybody sign up; nobody has tried anything yet."""
    Community.objects.update(sign_up=Community.SignUp.OPEN)
    cache.clear()


def send(client: Client, path: str, form: dict[str, str]) -> Any:
    """The answer to a form, also to one that no browser can send."""
    cache.clear()  # what is tried too often is refused without a look at it
    return client.generic("POST", path, urlencode(form, errors="surrogatepass"), FORM)


def known() -> list[tuple[Any, ...]]:
    """Who there is, and what they log in with."""
    fields = "pk", "email", "display_name", "password", "is_active", "epoch"
    return list(User.objects.order_by("pk").values_list(*fields))


@pytest.mark.parametrize(("page", "field"), FIELDS)
def test_hostile_words_at_the_entrance_are_answered_and_let_nobody_in(
    bob: User, page: str, field: str
) -> None:
    whose, form = FORMS[page]
    for name, text in TEXTS.items():
        client = client_of(bob) if whose else Client()
        client.raise_request_exception = False
        spoilt = {**form, field: text}
        before = known()
        ask = partial(send, client, f"/accounts/{page}", spoilt)
        status = held(ask, f"{page} {field}: {name}")
        assert status in {200, 302, 400, 422}, f"{page} {field}: {name}"
        if status != 302:
            assert known() == before, f"{page} {field}: {name}"
        User.objects.exclude(pk__in=[one[0] for one in before]).delete()
        if "action_add" in form or field == "password1":
            User.objects.filter(pk=bob.pk).update(password=bob.password)


DEEP = ["[" * 5_000, '{"a":' * 5_000, "9" * 5_000, '{"id": ' + "9" * 5_000 + "}"]


@pytest.mark.parametrize("value", DEEP, ids=range(len(DEEP)))
def test_j5_a_passkey_of_deep_or_long_json_is_refused(value: str) -> None:
    client = Client(raise_request_exception=False)
    ask = partial(send, client, "/accounts/2fa/passkeys/login/", {"credential": value})
    assert held(ask, value[:20]) in {200, 302}
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_name_of_a_newcomer_is_refused_or_stored_without_what_is_hidden(
    text: str,
) -> None:
    client = Client()
    client.raise_request_exception = False
    ask = partial(send, client, "/accounts/signup/", {**DORA, "display_name": text})
    status = held(ask, text[:20])
    found = User.objects.filter(email=DORA["email"]).first()
    assert (found is not None) == (status == 302)
    if found:
        assert found.display_name.strip() == found.display_name != ""
        assert not any(sign in found.display_name for sign in (*HIDDEN, "\n", "\r"))
        for path in ("/", "/profile/", f"/people/{found.public_id}"):
            held(partial(_get, client, path), f"{path} of {text[:20]!r}")


def _get(client: Client, path: str) -> Any:
    return client.get(path)


ALIKE = [
    "Аlice",
    "ＡＬＩＣＥ",
    "ALICE",
    "Alice.",
    " Alice ",
    "A\u200blice",
    "Al1ce",
    "ALİCE",
]


@pytest.mark.parametrize("name", ALIKE)
def test_u5_nobody_takes_a_name_that_looks_like_somebody_elses(
    bob: User, name: str
) -> None:
    before = known()
    send(Client(), "/accounts/signup/", {**DORA, "display_name": name})
    send(client_of(bob), "/profile/", {"display_name": name, "theme": "dark"})
    assert known() == before


@pytest.mark.parametrize(
    "email", ["BOB@EXAMPLE.ORG", "bob@example.org ", "Bob@Example.org"]
)
def test_u7_an_address_in_another_case_is_the_same_account(email: str) -> None:
    before = known()
    send(Client(), "/accounts/signup/", {**DORA, "email": email})
    assert known() == before


@pytest.mark.parametrize(
    "email", ["bob@example.örg", "bob@exampl\u00e9.org", "bοb@example.org"]
)
def test_u7_an_address_that_only_looks_alike_opens_no_other_account(email: str) -> None:
    send(Client(), "/accounts/password/reset/", {"email": email})
    assert "bob@example.org" not in {to for one in mail.outbox for to in one.to}
    client = Client()
    send(client, "/accounts/login/", {"login": email, "password": PASSWORD})
    assert client.get("/profile/").status_code == 302


HOSTS = [
    "evil.example",
    "testserver.evil.example",
    "testserver@evil.example",
    "[::1",
    "",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a21_a_forged_host_puts_no_address_into_a_mail(host: str) -> None:
    for header in ("Host", "X-Forwarded-Host", "Forwarded"):
        value = f"host={host}" if header == "Forwarded" else host
        Client().post(
            "/accounts/password/reset/",
            {"email": "bob@example.org"},
            headers={header: value},
        )
        cache.clear()
    told = [f"{one.subject}{one.body}" for one in mail.outbox]
    assert len(told) == 2, "none for a Host that is not ours"
    assert all("http://testserver/accounts/" in one for one in told)
    assert not [one for one in told if "evil" in one]


def test_a21_a_link_for_a_password_works_once_and_shows_its_secret_to_nobody(
    bob: User,
) -> None:
    link = password_path(bob)
    first = Client()
    page = first.get(link)
    assert link not in page["Location"]  # the address bar and the Referer lose it
    shown = first.get(page["Location"])
    assert shown["Referrer-Policy"] in {"same-origin", "no-referrer"}
    form = dict.fromkeys(("password1", "password2"), "another long password")
    assert first.post(page["Location"], form).status_code == 302
    second = Client().get(link, follow=True)
    assert b'name="password1"' not in second.content


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/profile/"])
def test_a27_no_page_of_an_account_stands_in_somebody_elses_frame(
    bob: User, path: str
) -> None:
    for client in (Client(), client_of(bob)):
        answer = client.get(path)
        assert answer["X-Frame-Options"] == "DENY"


def test_a5_the_cookie_of_a_session_is_for_this_site_alone(bob: User) -> None:
    client = Client()
    send(client, "/accounts/login/", {"login": bob.email, "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True,
        "Lax",
        "/",
    )
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    "cookie",
    ["x" * 100_000, "", "null", "\u0661", "a;b", "'; DROP TABLE django_session; --"],
)
def test_h29_a_cookie_that_is_none_of_ours_is_nobody(bob: User, cookie: str) -> None:
    own = client_of(bob).cookies["sessionid"].value
    assert with_cookie(own).status_code == 200
    for spoilt in (cookie, f"{own}{cookie or ' x'}"):
        answer = with_cookie(spoilt)
        is_asked = answer.headers.get("Location", "").startswith("/accounts/login/")
        assert is_asked or answer.status_code == 400


def with_cookie(cookie: str) -> Any:
    """The answer to a browser that says this is its session."""
    client = Client()
    client.raise_request_exception = False
    raw = f"sessionid={cookie}".encode().decode("latin-1")
    return client.get("/profile/", headers={"Cookie": raw})


@pytest.mark.parametrize(
    ("path", "field"), [("login/", "login"), ("password/reset/", "email")]
)
def test_a9_an_address_that_is_known_is_answered_like_one_that_is_not(
    path: str, field: str
) -> None:
    """To the letter, but for the address and the page's token."""
    answers = []
    for email in ("bob@example.org", "eve@example.org"):
        wrong = {**FORMS[path][1], field: email, "password": "wrong"}
        page = send(Client(), f"/accounts/{path}", wrong).content.decode()
        lines = page.replace(email, "").splitlines()
        answers.append([one for one in lines if "csrfmiddlewaretoken" not in one])
    assert answers[0] == answers[1]


def test_a7_guesses_from_many_sides_lock_nobody_out_of_a_browser_that_is_in(
    bob: User,
) -> None:
    inside = client_of(bob)
    form = {"login": bob.email, "password": "wrong"}
    for _ in range(12):
        Client().post("/accounts/login/", form)
    assert inside.get("/profile/").status_code == 200
