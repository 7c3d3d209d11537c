"""What a change tells of the room itself, so far as the fan-out has to know."""

import msgspec


class Event(msgspec.Struct, frozen=True, array_like=True):
    """What happened; whoever hears of it knows the kinds."""

    kind: str
    user: str = ""  # public id of whom it is about
    role: str = ""  # that they have from now on
    hidden: bool = False  # whether who goes may not see the room any more
