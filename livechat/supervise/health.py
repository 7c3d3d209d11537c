"""Waits for the first request that succeeds, and says why when none does."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from livechat.supervise.rpc import NotAnswering, process_table
from livechat.supervise.site import Site

TIMEOUT_S = 60.0
_POLL_S = 0.05
_LOOK_EVERY_S = 1.0
_FAILED_STARTS = 3
_TAIL_LINES = 15


class NotHealthy(Exception):  # noqa: N818 - reads as the sentence that it is
    """The site did not come up; str() says which process, with its last lines."""


def wait_until_healthy(site: Site, alive: Callable[[], bool]) -> None:
    """Return as soon as `/health` answers 200 with the status "ok".

    Raises:
        NotHealthy: not within 60 s, or a process fails to start again and again.
    """
    deadline = time.monotonic() + TIMEOUT_S
    failures = _Failures(site)
    while not is_healthy(site):
        if time.monotonic() > deadline:
            raise NotHealthy(
                f"{site.url}/health did not answer within {TIMEOUT_S:.0f} s."
                + _tail(site.logs / "web.log")
            )
        if not alive():
            raise NotHealthy("supervisord ended; see " + str(site.logs))
        failures.look()
        time.sleep(_POLL_S)


def is_healthy(site: Site) -> bool:
    """Whether `/health` says so right now; takes at most 2 s."""
    connection = http.client.HTTPConnection(site.local_host, site.port, timeout=2)
    try:
        connection.request("GET", "/health", headers={"Host": site.public_host})
        response = connection.getresponse()
        body = json.loads(response.read(4096))
        return response.status == 200 and body.get("status") == "ok"
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return False
    finally:
        connection.close()


class _Failures:
    """Counts, once a second, in which processes supervisord sees a failed start."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seen: Counter[str] = Counter()
        self._next_look = 0.0

    def look(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_EVERY_S
        try:
            table = process_table(self._site.supervisor_socket)
        except NotAnswering:
            return
        self._seen.update(row.name for row in table if row.state == "BACKOFF")
        for name, count in self._seen.items():
            if count >= _FAILED_STARTS:
                log = self._site.logs / f"{name}.log"
                raise NotHealthy(f"{name} cannot start." + _tail(log))


def _tail(log: Path) -> str:
    if not log.is_file():
        return ""
    lines = log.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:]
    return "".join(f"\n  {line}" for line in (f"The end of {log}:", *lines))
