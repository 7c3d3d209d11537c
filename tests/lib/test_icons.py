"""Every sign that a page shows is there to be shown."""

import re

import pytest

from livechat.env import PROJECT_DIR
from livechat.lib.icons import icon

NAMED = re.compile(r'\{% icon "([^"]+)"')


def test_the_signs_that_templates_name_are_all_drawn() -> None:
    drawn = (PROJECT_DIR / "static" / "icons.svg").read_text()
    pages = [page.read_text() for page in (PROJECT_DIR / "templates").rglob("*.html")]
    named = {name for page in pages for name in NAMED.findall(page)}
    assert len(named) > 20
    assert [name for name in named if f'id="{name}"' not in drawn] == []


@pytest.mark.parametrize(
    ("size", "names"), [("", "icon"), ("small", "icon icon--small")]
)
def test_a_sign_has_its_size_and_is_nothing_to_a_screen_reader(
    size: str, names: str
) -> None:
    html = icon("bell", size)
    assert f'class="{names}" aria-hidden="true"' in html
    assert '#bell"' in html
