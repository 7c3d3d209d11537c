"""The yardstick as a side of the comparison: it has a fan-out and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.job import Target
from bench.servers import Server


@dataclass
class Loop:
    """A loop in C with one `send` a delivery: see bench/native/loop.c."""

    folder: Path
    program: Path
    name: str = "loop"
    message_marker: str = '"type":"message"'
    ready_marker: str = ""
    window: int = 8

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)

    def start(self) -> Server:
        port = servers.free_port()
        log = self.folder / "loop.log"
        process = servers.spawn([str(self.program), str(port)], log)
        server = Server(port, [process], {"web": [process.pid]})
        servers.wait_for_port(port, process, log)
        return server

    def targets(self, count: int, port: int) -> list[Target]:
        return [Target("/")] * count

    def doors(self, count: int, port: int, credential: str) -> list[Target]:
        return self.targets(count, port)

    def template(self) -> str:
        return '{"body":"%(body)s"}'
