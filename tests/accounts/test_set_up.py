"""The first visit: one form makes the one owner."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.actions import AlreadySetUp, set_up_site
from accounts.models import Community, User
from accounts.signals import site_set_up
from tests.conftest import PASSWORD

FORM = {"name": "Alice", "email": "Alice@Example.org", "password": PASSWORD}


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/", "/invites/"])
@pytest.mark.django_db
def test_an_empty_site_leads_every_page_to_its_set_up(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"] == "/setup/"


@pytest.mark.django_db
def test_an_empty_site_answers_programs_without_a_redirect() -> None:
    assert Client().get("/api/who").status_code == 401


@pytest.mark.django_db
def test_the_first_visitor_becomes_the_owner_and_is_signed_in() -> None:
    heard: list[User] = []

    def listen(user: User, **kwargs: object) -> None:
        heard.append(user)

    site_set_up.connect(listen)
    client = Client()
    assert client.get("/setup/").status_code == 200
    response = client.post("/setup/", FORM)
    site_set_up.disconnect(listen)

    owner = User.objects.get()
    assert response["Location"] == "/"
    assert (owner.role, owner.email) == (User.Role.OWNER, "alice@example.org")
    assert heard == [owner]
    assert Community.objects.count() == 1
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "\u200b"},
        {"name": "x" * 51},
        {"name": "a\x00b"},
        {"email": "nobody"},
        {"password": "short"},
        {"password": "x" * 257},
        {"password": "alice@example.org"},
    ],
)
@pytest.mark.django_db
def test_a_wrong_field_is_answered_with_the_form_and_makes_nobody(
    wrong: dict[str, str],
) -> None:
    response = Client().post("/setup/", FORM | wrong)
    assert response.status_code == 422
    assert not User.objects.exists()


def test_the_set_up_page_is_gone_once_there_is_an_owner(alice: User) -> None:
    assert Client().get("/setup/").status_code == 404
    assert Client().post("/setup/", FORM).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_set_ups_at_once_one_makes_the_owner() -> None:
    start = Barrier(2)

    def set_up(name: str) -> bool:
        start.wait(5)
        try:
            set_up_site(name=name, email=f"{name}@example.org", password=PASSWORD)
        except AlreadySetUp:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(set_up, ["alice", "bob"]))

    assert outcomes == [False, True]
    assert User.objects.filter(role=User.Role.OWNER).count() == 1
