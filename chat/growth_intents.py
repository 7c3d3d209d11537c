"""What the room worker is asked about texts that come piece by piece."""

from datetime import datetime

import msgspec


class AppendIntent(msgspec.Struct, frozen=True, array_like=True, tag="append"):
    """The next piece of a growing text."""

    room: int
    user: int
    epoch: int
    seq: int
    offset: int  # code points that are there before it
    text: str
    process: str
    address: str
    ref: str | None
    public_id: str = ""


class FinishIntent(msgspec.Struct, frozen=True, array_like=True, tag="finish"):
    """The end of a growing text."""

    room: int
    user: int
    epoch: int
    seq: int
    body: str | None  # the whole text; None: it is what came
    how: str  # one of Message.Growth but `open`
    process: str
    address: str
    ref: str | None
    public_id: str = ""


class SilenceIntent(msgspec.Struct, frozen=True, array_like=True, tag="silence"):
    """The room worker's own: a growing text's author says nothing any more."""

    room: int
    seq: int
    touched_at: datetime  # when they last did; they have, if it is another time by then
    user: int = 0
    epoch: int = 0
    process: str = ""
    address: str = ""  # nobody waits for the answer
    ref: str | None = None
    public_id: str = ""
