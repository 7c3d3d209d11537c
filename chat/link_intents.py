"""What the room worker is asked about the cards of links."""

import msgspec


class CardIntent(msgspec.Struct, frozen=True, array_like=True, tag="card"):
    """The fetcher's own: what was found behind a link of a message."""

    room: int
    seq: int
    url: str
    title: str
    description: str
    site: str
    user: int = 0
    epoch: int = 0
    process: str = ""
    address: str = ""  # nobody waits for the answer
    ref: str | None = None
    public_id: str = ""


class RemoveCardsIntent(msgspec.Struct, frozen=True, array_like=True, tag="cards_off"):
    """Its author wants no cards under a message."""

    room: int
    user: int
    epoch: int
    seq: int
    process: str
    address: str
    ref: str | None
    public_id: str = ""
