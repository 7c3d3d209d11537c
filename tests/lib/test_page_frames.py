"""Fragments of one room in few frames: what changes an element comes after it."""

from websockets.frames import Frame
from websockets.protocol import CLIENT, Protocol

from livechat.lib import limits
from livechat.lib.feed import Publication
from livechat.lib.page_frames import page_frames


def new(number: int) -> Publication:
    return Publication(number, b"", f"<n{number}>".encode())


def changed(number: int, of: int) -> Publication:
    return Publication(number, b"", f"<c{of}>".encode(), appends=False)


def opening(number: int) -> Publication:
    return Publication(number, b"", f"<s{number}>".encode(), opens=True)


def pages(*publications: Publication) -> list[str]:
    """The payloads of the frames."""
    protocol = Protocol(CLIENT, max_size=None)
    data = page_frames(publications, lambda number: f"@{number}".encode())
    protocol.receive_data(data)
    frames = [one for one in protocol.events_received() if isinstance(one, Frame)]
    return [bytes(one.data).decode() for one in frames]


def test_new_messages_travel_in_one_frame_with_one_cursor() -> None:
    assert pages(new(1), new(2), new(3)) == ["<n1><n2><n3>@3"]


def test_a_change_travels_behind_the_frame_that_brought_what_it_changes() -> None:
    assert pages(new(1), changed(2, of=1), new(3)) == ["<n1>@1", "<c1><n3>@3"]


def test_what_goes_into_a_new_section_travels_behind_its_frame() -> None:
    assert pages(new(1), opening(2), new(3), new(4)) == ["<n1><s2>@2", "<n3><n4>@4"]


def test_changes_of_what_is_there_need_no_frame_of_their_own() -> None:
    assert pages(changed(8, of=1), changed(9, of=2), new(10)) == ["<c1><c2><n10>@10"]


def test_the_cursor_is_the_highest_number_of_the_frame() -> None:
    assert pages(changed(9, of=1), new(8)) == ["<c1><n8>@9"]


def large(number: int, *, now: int = 0) -> Publication:
    """A new message that fills a frame, and has changed since as number `now`."""
    html = f"<n{number}>".encode() + b"." * limits.PAGE_FRAME_BYTES
    return Publication(now or number, b"", html)


def cursors(*publications: Publication) -> list[int]:
    return [int(one.rpartition("@")[2]) for one in pages(*publications)]


def test_a_large_replay_is_several_frames_each_with_its_cursor() -> None:
    assert cursors(large(1), large(2), new(3), new(4)) == [1, 2, 4]


def test_a_cursor_stays_below_what_comes_in_a_later_frame() -> None:
    # The first message was edited last; a page that is cut here lacks 2 and 3.
    assert cursors(large(1, now=4), large(2), large(3)) == [1, 2, 4]


def test_a_piece_of_a_growing_text_takes_no_cursor_back() -> None:
    piece = Publication(1, b"", b"<p1>", appends=False)
    assert cursors(large(1), piece, new(2)) == [1, 2]
