"""Small processes in the places of the web and the room worker, under the real tree.

`python -m tests.processes.standins` is `make run` with them, `… as web stubborn` with
these two in the places; `… web PORT` and so on are the processes themselves.
"""

import signal
import sys
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

from livechat.launch import launch
from livechat.supervise.processes import Program, private_redis
from livechat.supervise.site import Site

SELF = (sys.executable, "-m", "tests.processes.standins")


def programs(site: Site, acts: list[str]) -> list[Program]:
    """The real Redis, and stand-ins for the rest, played as `acts` says."""
    web_act, worker_act = acts or ["web", "roomworker"]
    return [
        *private_redis(site),
        Program("web", (*SELF, web_act, str(site.port)), start_s=1),
        Program("roomworker", (*SELF, worker_act, "play"), start_s=1),
    ]


class Health(BaseHTTPRequestHandler):
    """Answers as `/health` does."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')


def web() -> None:
    HTTPServer(("127.0.0.1", int(sys.argv[2])), Health).serve_forever()


def roomworker() -> None:
    signal.pause()


def stubborn() -> None:
    """Does not end when asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pause()


def broken() -> None:
    sys.exit("the stand-in cannot start: its shoes are missing")


def main() -> int:
    acts: dict[str, Callable[[], None]] = {
        "web": web,
        "roomworker": roomworker,
        "stubborn": stubborn,
        "broken": broken,
    }
    if len(sys.argv) > 1 and sys.argv[1] in acts:
        acts[sys.argv[1]]()
        return 0
    prepare = (sys.executable, "-c", "pass")
    build = partial(programs, acts=sys.argv[2:])
    return launch(build, prepare, stop_with_parent=True)


if __name__ == "__main__":
    sys.exit(main())
