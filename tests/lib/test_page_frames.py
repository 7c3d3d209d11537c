"""Fragments of one room in few frames: what changes an element comes after it."""

from websockets.frames import Frame
from websockets.protocol import CLIENT, Protocol

from livechat.lib.feed import Publication, page_frames


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
