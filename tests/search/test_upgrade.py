"""An existing site's database, brought up to date: with its index, which goes on."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

from tests.live import ROOT

FILL = """
import django; django.setup()
from accounts.models import User
from chat.models import Message, Room
from django.utils import timezone
from uuid import uuid4
user = User.objects.create(email="alice@example.org", display_name="Alice")
room = Room.objects.create(name="Lounge", creator=user, last_seq=1, last_changed_seq=1)
Message.objects.create(
    room=room, author=user, seq=1, changed_seq=1, client_id=uuid4(), kind="text",
    body="filesystem", html="<p>filesystem</p>", created_at=timezone.now(),
)
"""


def run(database: Path, *command: str) -> str:
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "livechat.settings",
        "LIVECHAT_VAR": str(database.parent),
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tables_that_are_remade_keep_the_index_right(tmp_path: Path) -> None:
    database = tmp_path / "site.sqlite3"
    run(database, "manage.py", "migrate", "--verbosity=0")
    run(database, "-c", FILL)
    # Back to how a site stood that has the index, and up to date again.
    run(database, "manage.py", "migrate", "--verbosity=0", "chat", "0017_erasure")
    run(database, "manage.py", "migrate", "--verbosity=0")
    run(database, "manage.py", "reindex_search", "--check")
    with closing(connect(database)) as opened:
        found = opened.execute("SELECT rowid FROM search_parts('filesys')").fetchall()
        kinds = "SELECT type, count(*) FROM sqlite_master WHERE name LIKE 'search_%' "
        kinds += "AND type IN ('trigger', 'view') GROUP BY type"
        assert dict(opened.execute(kinds).fetchall()) == {"trigger": 3, "view": 1}
    assert found == [(1,)]
