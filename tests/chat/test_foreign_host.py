"""A request for another site than this one: a page that says so, a line in the log."""

import urllib.error
import urllib.request

import pytest

from tests.live import Live


def ask(live: Live, path: str, host: str) -> tuple[int, str]:
    """The status and text of the answer to a request with that Host."""
    request = urllib.request.Request(live.url + path, headers={"Host": host})  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("host", ["scanner.example", "x" * 250, "localhost.evil:1"])
def test_a_foreign_host_gets_a_page_and_leaves_one_line(live: Live, host: str) -> None:
    before = len(live.log("web"))
    status, page = ask(live, "/accounts/login/", host)
    assert status == 400
    assert "This site has another address" in page
    assert host not in page
    said = live.log("web")[before:]
    assert said.count("refused a request for the host") == 1
    assert "Traceback" not in said
    assert len(said) < 500


def test_the_api_and_static_files_are_refused_to_a_foreign_host(live: Live) -> None:
    for path in ("/api/rooms", "/static/css/app.css"):
        assert ask(live, path, "scanner.example")[0] == 400
