"""An edit and a deletion on an open page: the article changes where it stands."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.test_two_people_talk import say, set_up, shown

pytestmark = pytest.mark.journey

CALL = """async ([method, path, body]) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const room = "/api" + location.pathname.replace(/\\/$/, "") + "/messages";
  const answer = await fetch(room + path, {
    method, headers: {"X-CSRFToken": token, "Content-Type": "application/json"},
    body: body === null ? null : JSON.stringify({body}),
  });
  return [answer.status, (await answer.json()).seq];
}"""


def call(page: Page, method: str, path: str, body: str | None = None) -> int:
    """Ask the JSON API as the page's own person; the message's number."""
    status, seq = page.evaluate(CALL, [method, path, body])
    assert status in {200, 201}, (method, path, status)
    return int(seq)


def test_what_is_edited_or_deleted_changes_in_its_place(new_page: NewPage) -> None:
    page = new_page(0)
    set_up(page)
    say(page, "frist")
    expect(page.locator("#messages .chat.msg")).to_have_count(1)
    second = call(page, "POST", "", "second")
    # Several changes at once, of messages that are as new as that.
    seqs = [call(page, "POST", "", text) for text in ("a", "b", "c")]
    call(page, "PATCH", f"/{seqs[1]}", "**B**")
    call(page, "PATCH", f"/{second - 1}", "first")
    call(page, "DELETE", f"/{second}")
    gone = page.locator(f"#m-{second}")
    expect(gone).to_contain_text("This message was deleted.")
    expect(page.locator(f"#m-{second - 1} .msg__edited")).to_be_visible()
    assert shown(page) == ["first", "This message was deleted.", "a", "B", "c"]
    expect(page.locator(f"#m-{second - 1}")).to_have_attribute("data-day", "today")
    page.reload()
    assert shown(page) == ["first", "This message was deleted.", "a", "B", "c"]
    expect(page.locator(f"#m-{seqs[1]} .msg__edited")).to_have_text("edited")
    expect(gone).not_to_contain_text("second")
