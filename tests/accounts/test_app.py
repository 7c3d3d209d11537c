"""The site as an app: what installs it and what stands in for it names nobody."""

from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from accounts.models import Community, User
from tests.chat.pages import client_of


def test_the_manifest_is_named_as_the_community_and_its_icons_are_there(
    alice: User,
) -> None:
    Community.objects.update(name="Tea Club of the North")
    answer = Client().get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    fields = answer.json()
    assert fields["name"] == "Tea Club of the North"
    assert len(fields["short_name"]) <= 12
    for icon in fields["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(path, str)
        with Image.open(path) as picture:
            assert "x".join(map(str, picture.size)) == icon["sizes"]


def test_the_offline_page_says_nothing_of_who_asked_and_takes_no_notice_away(
    alice: User,
) -> None:
    client = client_of(alice)
    client.get("/unread/next", {"way": "down"})  # leaves a notice for the next page
    page = client.get("/offline").content.decode()
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "You are offline" in page
    assert "Alice" not in page
    assert "alice@example.org" not in page
    assert "You have read everything." in client.get("/").content.decode()


def test_the_service_worker_keeps_the_offline_page_and_its_style(
    alice: User,
) -> None:
    script = Client().get("/sw.js").content.decode()
    assert '"/offline", "/static/css/app.css"' in script
