"""`scope["livechat.socket"]`: bytes of a hub, and a close from anywhere (rule D3)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tests.gateway.client import handshake, masked
from tests.gateway.servers import Server, wait_for

KIB, MIB = 1024, 1024 * 1024
Fresh = Callable[..., AbstractContextManager[Server]]


def write(server: Server, name: str, count: int, size: int) -> None:
    server.get(f"/command?name={name}&do=write&count={count}&size={size}")


def test_framed_bytes_arrive_as_messages(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/echo?name=framed")
        write(ours, "framed", 3, 200)
        assert [client.frame() for _ in range(3)] == [(1, b"r" * 200)] * 3
    assert ours.state("framed")["unsent"] == 0


def test_frames_stay_whole_and_in_order_when_the_client_is_slow(ours: Server) -> None:
    """Raw frames, pongs and the application's answers share one connection."""
    with ours.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=mixed")
        write(ours, "mixed", 12, 60_000)
        client.say("ping", 0x89)
        client.say("hello")
        write(ours, "mixed", 1, 60_000)
        assert ours.state("mixed")["unsent"] > 0
        frames = [client.frame() for _ in range(15)]
    assert frames.count((1, b"r" * 60_000)) == 13
    assert frames[:12] == [(1, b"r" * 60_000)] * 12
    assert (10, b"ping") in frames
    assert (1, b"text:5") in frames


def test_too_much_at_once_is_closed_with_4008(ours: Server) -> None:
    with ours.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=burst")
        write(ours, "burst", 160, 64 * KIB)
        state = wait_for(lambda: ended_state(ours, "burst"))
        assert state["code"] == 4008
        assert state["is_open"] is False
        # Not a byte was kept above the cap and one write.
        assert state["unsent"] <= 4 * MIB + 128 * KIB


def flush(server: Server, names: list[str], first: int, count: int, size: int) -> None:
    """Frames with rising numbers, to each of the sockets in one write."""
    numbers = f"first={first}&count={count}&size={size}"
    path = f"/command?name={names[0]}&do=crowd&with={','.join(names)}&{numbers}"
    server.get(path)


def numbers_of(frames: list[tuple[int, bytes]]) -> list[int]:
    """The numbers of whole frames; a pong is none of them."""
    return [int(data.split(b".")[0]) for opcode, data in frames if opcode == 1]


def test_a_slow_readers_frames_are_whole_and_in_order_while_others_are_fast(
    ours: Server,
) -> None:
    """The slow one's pong waits behind frames that are only half sent."""
    with (
        ours.connect(receive_buffer=4 * KIB) as slow,
        ours.connect() as fast,
    ):
        slow.open("/ws/echo?name=slow")
        fast.open("/ws/echo?name=fast")
        for first in range(0, 60, 3):
            flush(ours, ["slow", "fast"], first, 3, 15_000)
            assert numbers_of([fast.frame() for _ in range(3)]) == [
                *range(first, first + 3)
            ]
            if first == 30:
                assert ours.state("slow")["unsent"] > 0
                slow.say("ping", 0x89)
        assert ours.state("fast")["unsent"] == 0
        frames = [slow.frame() for _ in range(61)]
        assert numbers_of(frames) == list(range(60))
        assert {len(data) for opcode, data in frames if opcode == 1} == {15_001, 15_002}
        assert (10, b"ping") in frames
        # Drained, it is written to at once again.
        flush(ours, ["slow"], 60, 1, 100)
        assert ours.state("slow")["unsent"] == 0
        assert numbers_of([slow.frame()]) == [60]


def test_a_socket_that_closes_inside_a_flush_takes_nothing_from_the_others(
    ours: Server,
) -> None:
    """One is gone without a word, one is closed by the flush itself."""
    names = ["stays", "gone", "full", "remains"]
    with (
        ours.connect() as stays,
        ours.connect() as gone,
        ours.connect(receive_buffer=4 * KIB) as full,
        ours.connect() as remains,
    ):
        for name, client in zip(names, (stays, gone, full, remains), strict=True):
            client.open(f"/ws/echo?name={name}")
        write(ours, "full", 68, 60_000)
        gone.reset()
        flush(ours, names, 0, 10, 100_000)
        for client in (stays, remains):
            assert numbers_of([client.frame() for _ in range(10)]) == [*range(10)]
        assert wait_for(lambda: ended_state(ours, "full"))["code"] == 4008
        assert wait_for(lambda: ended_state(ours, "gone"))["code"] == 1006
        flush(ours, names, 10, 1, 100)
        assert numbers_of([stays.frame(), remains.frame()]) == [10, 10]


def ended_state(server: Server, name: str) -> Any:
    state: Any = server.state(name)
    return state if state["code"] is not None else None


def test_too_much_for_too_long_is_closed_with_4008(ours: Server) -> None:
    """Our test server allows 0.8 s above 1 MiB."""
    with ours.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=long")
        write(ours, "long", 50, 60_000)
        state = ours.state("long")
        assert MIB < state["unsent"] < 4 * MIB
        assert state["code"] is None
        assert wait_for(lambda: ended_state(ours, "long"))["code"] == 4008


def test_a_client_that_catches_up_stays(ours: Server) -> None:
    with ours.connect(receive_buffer=4 * KIB) as client:
        client.open("/ws/echo?name=catches-up")
        write(ours, "catches-up", 50, 60_000)
        assert [client.frame() for _ in range(50)] == [(1, b"r" * 60_000)] * 50
        client.say("here")
        assert client.frame() == (1, b"text:4")


def test_writing_to_a_closed_socket_does_nothing(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/echo?name=closed")
    wait_for(lambda: ended_state(ours, "closed"))
    write(ours, "closed", 3, 200)
    assert ours.state("closed")["is_open"] is False


def test_closing_twice_is_closing_once(ours: Server) -> None:
    with ours.connect() as client:
        client.open("/ws/echo?name=twice")
        ours.get("/command?name=twice&do=close&code=4001")
        ours.get("/command?name=twice&do=close&code=4003")
        assert client.close_code() == 4001
        client.send(masked(b"\x0f\xa1", 0x88))
        assert client.seconds_until_end(1) is not None


def test_closing_before_the_yes_refuses_the_handshake(fresh: Fresh) -> None:
    with (
        fresh("ours", GATEWAY_HANDSHAKE_DEADLINE_S="6") as server,
        server.connect() as client,
    ):
        client.send(handshake("/ws/never?name=early"))
        wait_for(lambda: server.state("early"))
        server.get("/command?name=early&do=close&code=4001")
        assert client.answer().status == 403


def test_the_address_is_the_clients(ours: Server) -> None:
    with ours.connect(source="127.0.0.5") as client:
        client.open("/ws/echo?name=addressed", X_Forwarded_For="1.1.1.1")
        assert ours.state("addressed")["address"] == "127.0.0.5"
        assert ours.state("addressed")["client"][0] == "127.0.0.5"
