"""The client that docs/protocol.md shows, run as it stands there."""

import re
import subprocess
import sys
from collections.abc import Callable

from accounts.models import User
from chat import actions
from chat.models import Message
from livechat.env import PROJECT_DIR
from tests.live import Live


def test_the_client_of_the_protocol_posts_and_hears_its_ack(
    live: Live, person: Callable[[str], tuple[User, str]]
) -> None:
    alice, token = person("Alice")
    room = actions.create_room(alice, name="Lounge")
    done = run_example(live.url, token, room.public_id)
    assert done.returncode == 0, done.stderr
    assert "'type': 'ack'" in done.stdout
    assert Message.objects.get(room=room).body == "Hello"


def test_the_client_of_the_protocol_is_told_that_a_room_is_not_charlies(
    live: Live, person: Callable[[str], tuple[User, str]]
) -> None:
    (alice, _), (_, token) = person("Alice"), person("Charlie")
    room = actions.create_room(alice, name="Attic", is_private=True)
    done = run_example(live.url, token, room.public_id)
    assert "'code': 'no_room'" in done.stdout
    assert not Message.objects.exists()


def run_example(url: str, token: str, room: str) -> "subprocess.CompletedProcess[str]":
    text = (PROJECT_DIR / "docs/protocol.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    placeholders = '"http://127.0.0.1:8000", "lc_…", "…"'
    assert placeholders in code
    code = code.replace(placeholders, f'"{url}", "{token}", "{room}"')
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20
    )
