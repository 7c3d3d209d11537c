"""Hostile texts about oneself, in each place that shows them: card, pane, ZIP."""

import io
from functools import partial
from zipfile import ZipFile

import pytest
from django.template.loader import get_template

from accounts.models import User
from accounts.profiles import Profile
from chat.exports import archive
from chat.models import Room
from chat.people import pane
from tests.abuse.naughty import TEXTS
from tests.abuse.rules import held, scripts_in
from tests.abuse.test_every_address import answered
from tests.chat.pages import client_of, room_of

FIELDS = ("about", "pronouns", "zone")
STATUS = ("text", "emoji")
HX = {"HX-Request": "true"}


@pytest.fixture
def room(alice: User, bob: User) -> Room:
    """A room of theirs."""
    return room_of(alice, bob)


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_about_oneself_gets_out_of_its_place(
    name: str, alice: User, bob: User, room: Room
) -> None:
    ask = partial(partial, answered)
    for field in FIELDS:
        form = {"display_name": "Bob", "theme": "system", field: TEXTS[name]}
        held(ask(client_of(bob), "POST", "/profile/", form), f"{field}: {name}")
    for field in STATUS:
        form = {"lasting": "1h", field: TEXTS[name]}
        held(ask(client_of(bob), "POST", "/profile/status/", form), f"{field}: {name}")
    other = client_of(alice)
    for path in (f"/people/{bob.public_id}", f"/api/people/{bob.public_id}"):
        assert held(ask(other, "GET", path, {}), f"{path}: {name}") == 200
    card = other.get(f"/people/{bob.public_id}", headers=HX).content.decode()
    fragment = get_template("chat/_people.html").render(pane(room, {}, {}))
    for html in (card, fragment):
        assert scripts_in(html) == []


def test_pages_of_ones_own_data_hold_nothing_that_runs(bob: User) -> None:
    name = "<script>alert(1)</script><xss onload=alert(1)>"
    User.objects.filter(pk=bob.pk).update(display_name=name)
    Profile.objects.create(user=bob, about=name)
    Room.objects.filter(pk=room_of(bob).pk).update(name=name)
    with ZipFile(io.BytesIO(b"".join(archive(bob)))) as file:
        pages = [file.read(one) for one in file.namelist() if one.endswith(".html")]
    assert len(pages) == 2
    for page in pages:
        assert scripts_in(page.decode()) == []
        assert b"<script" not in page
