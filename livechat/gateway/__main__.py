"""`python -m livechat.gateway`: the web process.

uvloop's policy is set before anything imports Twisted's reactor, because Daphne takes
its loop from the policy while it is being imported.
"""

import argparse
import asyncio
import importlib
import logging
import os
import resource
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import uvloop

from livechat.gateway.bounds import BadBoundError, Bounds

if TYPE_CHECKING:
    import socket

EXIT_GRACE_S = 2.0  # for threads of the application; a stuck one is left behind


def main() -> None:
    """Serves until SIGTERM or SIGINT; prints the address once it listens."""
    options = _options()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    bounds = _bounds()
    _raise_descriptor_limit()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    server_module = importlib.import_module("livechat.gateway.server")
    listener = _listener(server_module, options)
    module_name, _, attribute = options.app.partition(":")
    module = importlib.import_module(module_name)
    server = server_module.GatewayServer(
        getattr(module, attribute or "application"),
        bounds=bounds,
        body_limit=getattr(module, "body_limit", None),
        on_shutdown=getattr(module, "on_shutdown", None),
    )
    _check_loop(server.loop)
    _say_where(listener)
    server.run(listener)
    _leave()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m livechat.gateway")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", default=8000, type=int, help="0: any free port")
    parser.add_argument("--app", default="livechat.asgi:application")
    parser.add_argument(
        "--reuse-port", action="store_true", help="let more processes share the port"
    )
    return parser.parse_args()


def _bounds() -> Bounds:
    try:
        return Bounds.from_env(os.environ)
    except BadBoundError as problem:
        _give_up(str(problem))


def _listener(
    server_module: ModuleType, options: argparse.Namespace
) -> "socket.socket":
    try:
        found: socket.socket = server_module.listen_on(
            options.bind, options.port, reuse_port=options.reuse_port
        )
    except OSError as problem:
        where = f"{options.bind} port {options.port}"
        _give_up(f"Cannot listen on {where}: {problem}. Choose another with --port.")
    return found


def _give_up(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(2)


def _raise_descriptor_limit() -> None:
    """Each connection is a descriptor, and the usual soft limit is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _check_loop(loop: Any) -> None:
    if not isinstance(loop, uvloop.Loop):
        _give_up(
            f"Twisted's reactor runs on {type(loop).__name__}, not on uvloop: "
            "something imported it before the gateway did."
        )


def _say_where(listener: "socket.socket") -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"gateway listening on http://{shown}:{port}\n")
    sys.stdout.flush()


def _leave() -> None:
    """Ends the process even when a thread of the application never ends."""
    last_word = threading.Timer(EXIT_GRACE_S, os._exit, [0])
    last_word.daemon = True
    last_word.start()


if __name__ == "__main__":
    main()
