"""Backpressure both ways: nobody's slowness costs memory, and nothing is lost (P10)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.gateway.client import masked
from tests.gateway.servers import Server, wait_for

KIB, MIB = 1024, 1024 * 1024
Fresh = Callable[..., AbstractContextManager[Server]]


def test_a_flood_of_tiny_frames_waits_outside_and_arrives_whole(ours: Server) -> None:
    """In one read of the kernel are 10,000 of them; 64 may wait for the application."""
    frames = masked("") * 200_000
    with ours.connect() as client:
        client.open("/ws/deaf?name=tiny")
        before = ours.rss_kib()
        # Both kernels' buffers take some of it, the server 64 frames.
        client.send(frames[: 60 * KIB])
        assert ours.rss_kib() - before <= 512
        ours.get("/command?name=tiny&do=close&code=4000")
    wait_for(lambda: not ours.state("tiny")["is_open"])


def test_what_waited_outside_is_delivered_when_there_is_room(ours: Server) -> None:
    count = 3_000
    with ours.connect() as client:
        client.open("/ws/echo?name=waited")
        client.send(masked("x" * 200) * count)
        assert [client.frame() for _ in range(count)] == [(1, b"text:200")] * count
    assert ours.state("waited")["received"] == count


def test_a_client_that_neither_reads_nor_stops_writing_is_ended(fresh: Fresh) -> None:
    """Its inbox is full, its application waits in send(): both must not be for ever."""
    with fresh("ours") as server, server.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=both")
        before = server.peak_kib()
        client.send_until_blocked(masked("") * 10_000, 64 * MIB, quiet_s=0.9)
        assert server.peak_kib() - before < 8 * KIB
        assert wait_for(lambda: server.state("both")["code"]) == 4008


def test_a_client_that_reads_a_byte_at_a_time_is_too_slow(ours: Server) -> None:
    with ours.connect(receive_buffer=2 * KIB) as client:
        client.open("/ws/talker?name=sipper&count=500&size=65536")
        client.socket.settimeout(0.2)
        code = wait_for(lambda: client.take(1) and ours.state("sipper")["code"])
    assert code == 4008


def test_a_client_that_reads_gets_all_of_it(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/talker?name=reader&count=100&size=65536")
        frames = [client.frame() for _ in range(100)]
    assert frames == [(1, b"t" * 65_536)] * 100


def test_a_close_reaches_an_application_before_what_it_has_not_read(
    ours: Server,
) -> None:
    """A revoked client's waiting messages are not acted upon."""
    with ours.connect() as client:
        client.open("/ws/deaf?name=revoked")
        client.send(masked("act on this") * 10 + masked("p", 0x89))
        assert client.frame() == (10, b"p")
        ours.get("/command?name=revoked&do=close&code=4003")
        assert client.close_code() == 4003
    assert ours.state("revoked")["received"] == 0


def test_a_stalled_client_is_closed_in_time_and_its_application_at_once(
    ours: Server,
) -> None:
    with ours.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=stalled")
        ours.get("/command?name=stalled&do=write&count=40&size=30000")
        assert ours.state("stalled")["unsent"] > 0
        ours.get("/command?name=stalled&do=close&code=4003")
        assert ours.state("stalled")["code"] == 4003
        assert ours.state("stalled")["is_open"] is False
        wait_for(lambda: not is_connected(ours, client.socket.getsockname()[1]), 2)


def is_connected(server: Server, client_port: int) -> bool:
    """True while the server's side of a loopback connection is established."""
    pair = f":{server.port:04X} 0100007F:{client_port:04X} 01"
    with open("/proc/net/tcp") as table:  # noqa: PTH123 - not a file of ours
        return pair in table.read()
