"""What a room worker cannot store: kept for the operator, and told to who sent it."""

from chat.answers import refused
from chat.inbox import Write
from chat.intake import Entry
from chat.posting import Outcome
from chat.worker_tables import DeadLetter
from livechat.lib.words import marked


def bury(entry: Entry, reason: str) -> None:
    """Keep the entry for the operator; a second call changes nothing."""
    DeadLetter.objects.get_or_create(
        shard=entry.shard,
        entry_id=entry.id.decode(),
        defaults={"payload": entry.payload, "error": reason},
    )


def internal(intent: Write, entry: Entry) -> Outcome:
    """Told to the sender of a dead letter, with the id under which it is kept."""
    message = marked("This message could not be stored (error {0}).", entry.id.decode())
    return Outcome(intent, refused(intent, None, "internal", message), None)


def storage_full(intent: Write) -> Outcome:
    """Told to everybody of a batch that found no space."""
    message = marked(
        "The server's disk is full; nothing can be stored until it has space."
    )
    return Outcome(intent, refused(intent, None, "storage_full", message), None)
