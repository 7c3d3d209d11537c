"""allauth's pages as they are offered here: equal answers, limits, nothing extra."""

import re

import pytest
from allauth.account import urls as allauth_urls
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import entrance
from accounts.entrance import OFFERED
from accounts.links import password_path
from accounts.models import User
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"


def answer_to(email: str, password: str) -> str:
    """The page that a failed sign-in shows, without what differs by itself."""
    page = Client().post(LOGIN, {"login": email, "password": password})
    assert page.status_code == 200
    text = page.content.decode().replace(email, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_a_member_signs_in_with_the_address_in_any_case(bob: User) -> None:
    client = Client()
    form = {"login": "BOB@Example.ORG", "password": PASSWORD}
    assert client.post(LOGIN, form)["Location"] == "/"
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\e.x"])
def test_sign_in_leads_nowhere_else(bob: User, target: str) -> None:
    form = {"login": bob.email, "password": PASSWORD, "next": target}
    assert Client().post(LOGIN, form)["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_look_the_same(bob: User) -> None:
    known = answer_to(bob.email, "wrong")
    assert known == answer_to("nobody@example.org", "wrong")


def test_someone_who_was_deactivated_cannot_sign_in(bob: User) -> None:
    User.objects.update(is_active=False)
    client = Client()
    client.post(LOGIN, {"login": bob.email, "password": PASSWORD})
    assert client.get("/profile/").status_code == 302


def test_many_wrong_passwords_are_stopped(bob: User) -> None:
    for _ in range(6):
        Client().post(LOGIN, {"login": bob.email, "password": "wrong"})
    page = Client().post(LOGIN, {"login": bob.email, "password": PASSWORD})
    assert page.status_code == 200
    assert "Too many failed login attempts" in page.content.decode()


def test_a_reset_answers_the_same_for_an_unknown_address(bob: User) -> None:
    for email in (bob.email, "nobody@example.org"):
        page = Client().post("/accounts/password/reset/", {"email": email})
        assert page["Location"] == "/accounts/password/reset/done/"
    assert [message.to for message in mail.outbox] == [
        [bob.email],
        ["nobody@example.org"],
    ]


@pytest.mark.parametrize("path", ["password/reset/", "password/reset/done/", "email/"])
def test_no_mail_is_promised_where_none_is_sent(
    bob: User, settings: Settings, path: str
) -> None:
    client = Client()
    client.force_login(bob)
    page = client.get(f"/accounts/{path}").content.decode()
    assert "Ask an admin of" in page
    assert f'action="/accounts/{path}"' not in page
    assert "link is on its way" not in page
    settings.EMAIL_URL = "smtp://mail.example.org"
    page = client.get(f"/accounts/{path}").content.decode()
    assert "This site sends no mail" not in page


def test_a_reset_answers_when_the_mail_server_is_away(
    bob: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = Client().post("/accounts/password/reset/", {"email": bob.email})
    assert page.status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/code/",
        "/accounts/login/code/confirm/",
        "/accounts/phone/verify/",
        "/accounts/signup/passkey/",
        "/accounts/social/login/cancelled/",
    ],
)
def test_what_is_not_offered_is_not_there(alice: User, path: str) -> None:
    assert Client().get(path).status_code == 404


def test_every_offered_page_is_one_of_allauth() -> None:
    assert {pattern.name for pattern in allauth_urls.urlpatterns} >= OFFERED


@pytest.mark.parametrize(
    "path",
    ["/accounts/email/", "/accounts/password/change/", "/accounts/reauthenticate/"],
)
def test_pages_of_members_lead_strangers_to_sign_in(alice: User, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)


@pytest.mark.parametrize("uid", ["0", "zzzzzzzzzzzzz", "1", "_"])
def test_a_reset_link_that_was_guessed_opens_nothing(alice: User, uid: str) -> None:
    response = Client().get(f"/accounts/password/reset/key/{uid}-abc-def/")
    assert response.status_code in {200, 404}


def test_a_link_is_worthless_after_the_address_changed(bob: User) -> None:
    link = password_path(bob)
    bob.email = "robert@example.org"
    bob.save()
    assert "Location" not in Client().get(link)


def test_the_old_address_works_until_the_new_one_is_confirmed(bob: User) -> None:
    client = client_of(bob)
    form = {"action_add": "", "email": "robert@example.org"}
    assert client.post("/accounts/email/", form).status_code == 302
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"

    [link] = re.findall(r"/accounts/confirm-email/\S+", str(mail.outbox[-1].body))
    client.post(link)
    bob.refresh_from_db()
    assert bob.email == "robert@example.org"
    assert EmailAddress.objects.get(user=bob).email == "robert@example.org"


def test_an_address_that_was_taken_meanwhile_is_not_confirmed(bob: User) -> None:
    client = client_of(bob)
    client.post("/accounts/email/", {"action_add": "", "email": "dora@example.org"})
    [link] = re.findall(r"/accounts/confirm-email/\S+", str(mail.outbox[-1].body))
    dora = User(email="dora@example.org", display_name="Dora")
    dora.save()
    assert client.post(link).status_code < 400
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


def test_nobody_takes_over_an_address_by_asking_for_it(bob: User, alice: User) -> None:
    client = client_of(bob)
    client.post("/accounts/email/", {"action_add": "", "email": alice.email})
    for message in mail.outbox:
        for link in re.findall(r"/accounts/confirm-email/\S+", str(message.body)):
            Client().post(link)
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/login/", {"login": "bob@example.org", "password": PASSWORD}),
        ("/accounts/logout/", {}),
        ("/accounts/signup/", {}),
        ("/accounts/email/", {"action_add": "", "email": "x@example.org"}),
        ("/accounts/password/change/", {}),
        ("/accounts/password/reset/", {"email": "bob@example.org"}),
        ("/profile/", {"display_name": "X", "theme": "dark"}),
        ("/theme/", {"theme": "dark"}),
        ("/invites/", {"days": "1", "uses": "1"}),
        ("/invites/1/revoke/", {}),
        ("/admin/accounts/community/add/", {}),
        ("/api/who", {}),
    ],
)
def test_a_form_without_its_token_is_refused(
    alice: User, path: str, form: dict[str, str]
) -> None:
    client = client_of(alice, enforce_csrf_checks=True)
    if path in {"/accounts/login/", "/accounts/signup/"}:
        client = Client(enforce_csrf_checks=True)
    assert client.post(path, form).status_code == 403


@pytest.mark.django_db
def test_the_set_up_form_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    form = {"name": "Alice", "email": "alice@example.org", "password": PASSWORD}
    assert client.post("/setup/", form).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize("signed_in", [True, False])
def test_every_page_of_accounts_opens_or_leads_on(bob: User, signed_in: bool) -> None:
    for pattern in entrance.urlpatterns:
        client = client_of(bob) if signed_in else Client()
        names = pattern.pattern.regex.groupindex
        values = {"key": "abc-def", "uidb36": "1"}
        path = reverse(pattern.name, kwargs={name: values[name] for name in names})
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code in {200, 302, 404, 405}, path
