"""A message by a plain form: posted once, or shown again with the reason."""

from uuid import uuid4

from accounts.models import User
from chat.models import Message
from tests.chat.pages import client_of, room_of
from tests.chat.refusing import full_disk
from tests.live import Live


def test_a_plain_form_posts_and_a_repeat_posts_nothing(live: Live, alice: User) -> None:
    lounge = room_of(alice)
    client = client_of(alice)
    address = f"/rooms/{lounge.public_id}/messages"
    fields = {"client_id": str(uuid4()), "body": "hello **there**"}
    for _ in range(2):
        answer = client.post(address, fields)
        assert answer.headers["Location"] == f"/rooms/{lounge.public_id}/#end"
    assert Message.objects.get().html == "<p>hello <strong>there</strong></p>"


def test_a_refused_text_is_there_again_under_the_same_id(
    live: Live, alice: User
) -> None:
    lounge = room_of(alice)
    client_id = str(uuid4())
    answer = client_of(alice).post(
        f"/rooms/{lounge.public_id}/messages",
        {"client_id": client_id, "body": "long " * 2000},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert client_id in page
    assert "long long" in page
    assert 'role="alert"' in page
    assert not Message.objects.exists()


def test_a_full_bucket_says_when_to_try_again(live: Live, alice: User) -> None:
    lounge = room_of(alice)
    client = client_of(alice)
    answers = [
        client.post(
            f"/rooms/{lounge.public_id}/messages",
            {"client_id": str(uuid4()), "body": f"text {number}"},
        )
        for number in range(14)
    ]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1


def test_a_full_disk_keeps_the_text_in_the_box_and_says_what_the_api_says(
    live: Live, alice: User
) -> None:
    lounge = room_of(alice)
    address = f"/rooms/{lounge.public_id}/messages"
    fields = {"client_id": str(uuid4()), "body": "the last straw"}
    client = client_of(alice)
    with full_disk(fields["body"]):
        page = client.post(address, fields)
        api = client.post(f"/api{address}", fields, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (507, "storage_full")
    assert page.status_code == 507
    text = page.content.decode()
    assert fields["client_id"] in text
    assert fields["body"] in text
    assert 'role="alert"' in text
    assert client.post(address, fields).status_code == 302  # there is space again


def test_a_form_without_its_id_is_not_understood(alice: User) -> None:
    lounge = room_of(alice)
    address = f"/rooms/{lounge.public_id}/messages"
    for client_id in ("", "x", "1" * 400):
        fields = {"client_id": client_id, "body": "hello"}
        assert client_of(alice).post(address, fields).status_code == 422
