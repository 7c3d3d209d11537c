"""`.env.example` lists every setting that the code reads, and no other."""

import re

from livechat.env import PROJECT_DIR

APPS = (
    "livechat",
    "accounts",
    "media",
    "chat",
    "search",
    "assistant",
    "studio",
)
READ = re.compile(r'\benv_(?:str|int|bool|list|secret|private_key)\(\s*"([A-Z_]+)"')
LISTED = re.compile(r"^# ([A-Z_]+)=", re.MULTILINE)


def settings_that_are_read() -> set[str]:
    files = (path for app in APPS for path in (PROJECT_DIR / app).rglob("*.py"))
    return {name for path in files for name in READ.findall(path.read_text())}


def test_every_setting_is_in_the_example_and_every_example_is_a_setting() -> None:
    listed = LISTED.findall((PROJECT_DIR / ".env.example").read_text())
    # TEST_DATABASE is no setting of a running site: only the test suite reads it.
    assert sorted(settings_that_are_read() - {"TEST_DATABASE"}) == sorted(listed)
