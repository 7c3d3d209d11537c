"""A folder, a database and a Redis of their own for each test process (loaded by `-p`).

Settings are read when Django is set up, which is before any conftest.py; so the
environment is made here, and every process that a test starts inherits it. A lane
(scripts/lanes.py) may name another database and another kind of Redis.
"""

import atexit
import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

VAR = Path(tempfile.mkdtemp(prefix="lc-test-"))
atexit.register(shutil.rmtree, VAR, ignore_errors=True)

# Settings of whoever runs the tests must not change them.
for name in ("DATABASE_URL", "REDIS_URL", "SITE_URL", "PORT", "BIND", "EMAIL_URL"):
    os.environ.pop(name, None)
os.environ["LIVECHAT_VAR"] = str(VAR)
# An async test may use the ORM between two frames; tests/live.py takes this away from
# the processes under test, where it would hide a blocked event loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
os.environ["TEST_DATABASE"] = str(VAR / "test.sqlite3")

# A lane's PostgreSQL: Django makes one test database in it for each test process.
POSTGRES_URL = os.environ.get("TEST_DATABASE_URL", "")
if POSTGRES_URL:
    os.environ["DATABASE_URL"] = POSTGRES_URL

# A lane's redis-server: started by us over TCP, as somebody else's would be.
REDIS_SERVER = os.environ.get("TEST_REDIS_SERVER", "")


def database_url(name: str) -> str:
    """What DATABASE_URL has to be for the database with this name."""
    if POSTGRES_URL:
        return urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
    return f"sqlite://{name}"


def _tcp_redis_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"redis://:{secrets.token_urlsafe(16)}@127.0.0.1:{port}/0"


from livechat.supervise.redis_server import redis_url  # noqa: E402 - needs the folder

os.environ["REDIS_URL"] = _tcp_redis_url() if REDIS_SERVER else redis_url(VAR)
