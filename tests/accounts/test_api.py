"""Who may call the JSON API."""

import pytest
from django.test import Client

from accounts.models import Token, User
from tests.accounts.conftest import client_of

WHO = "/api/who"


def test_a_token_names_its_user_and_needs_no_form_token(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {Token.issue(bob)}"}
    assert client.get(WHO, headers=headers).json() == {"name": "Bob"}
    assert client.post(WHO, headers=headers).json() == {"name": "Bob"}


def test_a_cookie_names_its_user_and_needs_the_form_token(bob: User) -> None:
    client = client_of(bob, enforce_csrf_checks=True)
    assert client.get(WHO).json() == {"name": "Bob"}
    refused = client.post(WHO)
    assert refused.status_code == 403
    assert "error" in refused.json()

    client.get("/profile/")
    token = client.cookies["csrftoken"].value
    allowed = client.post(WHO, headers={"X-CSRFToken": token})
    assert allowed.json() == {"name": "Bob"}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer null", "Bearer []", "Basic eDp5", "lc_x", "é"],
)
def test_a_bad_token_is_401_even_beside_a_good_cookie(
    bob: User, authorization: str
) -> None:
    answer = client_of(bob).get(WHO, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert set(answer.json()) == {"error"}


def test_strangers_get_401_as_json(alice: User) -> None:
    answer = Client().post(WHO)
    assert (answer.status_code, set(answer.json())) == (401, {"error"})


def test_a_token_of_someone_deactivated_is_401(bob: User) -> None:
    headers = {"Authorization": f"Bearer {Token.issue(bob)}"}
    User.objects.update(is_active=False)
    assert Client().get(WHO, headers=headers).status_code == 401
