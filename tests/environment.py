"""A folder and a Redis of their own for each test process (loaded by `-p`).

Settings are read when Django is set up, which is before any conftest.py; so the
environment is made here, and every process that a test starts inherits it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

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

from livechat.supervise.redis_server import redis_url  # noqa: E402 - needs the folder

os.environ["REDIS_URL"] = redis_url(VAR)
