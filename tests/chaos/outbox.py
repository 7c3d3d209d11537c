"""What somebody meant to send and has no answer to: repeated until there is one."""

import hashlib
import random
import uuid
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 4.0  # without an answer, then the same key again


@dataclass(slots=True)
class Intent:
    """One thing that a person meant to do, once; its key never changes.

    A message, one that will come piece by piece (`op` "stream"), or the edit or
    deletion of the one with this `seq`.
    """

    key: str
    room: str
    body: str
    op: str = "send"
    seq: int = 0
    sends: int = 0
    due_at: float = 0.0  # the next send, on the loop's clock
    first_at: float = 0.0

    @property
    def hash(self) -> str:
        """Of the text, short; the history holds no texts."""
        return body_hash(self.body)

    @property
    def frame(self) -> dict[str, Any]:
        """As it goes over the socket; the answer names its key."""
        frame = {"type": self.op, "room": self.room, "ref": self.key}
        if self.op == "send":
            return {**frame, "client_id": self.key, "body": self.body}
        if self.op == "stream":
            return {**frame, "client_id": self.key}
        if self.op == "edit":
            return {**frame, "seq": self.seq, "body": self.body}
        return {**frame, "seq": self.seq}


def body_hash(body: str) -> str:
    """A short hash of a text."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def new_key(rng: random.Random) -> str:
    """A key that nobody else has."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def new_intent(room: str, rng: random.Random) -> Intent:
    """A message whose text holds its key, so that mixed-up bodies are seen."""
    key = new_key(rng)
    size = 2000 if rng.random() < 0.03 else rng.randrange(4, 40)
    return Intent(key, room, f"{key} {rng.randbytes(size).hex()}")


class Outbox:
    """Unanswered intents, oldest first."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}

    def __len__(self) -> int:
        return len(self.intents)

    def put(self, intent: Intent) -> None:
        """Keep it until `done`."""
        self.intents[intent.key] = intent

    def done(self, key: str) -> Intent | None:
        """The intent that is answered for good; None for a repeated answer."""
        return self.intents.pop(key, None)

    def due(self, now: float) -> list[Intent]:
        """What is to be sent now, oldest first."""
        return [one for one in self.intents.values() if one.due_at <= now]

    def all_due(self) -> None:
        """A new connection: everything goes again, at once."""
        for intent in self.intents.values():
            intent.due_at = 0.0
