"""A message as the protocol has it, for the socket and the API alike."""

from typing import Any

from chat.links import fields as link_fields
from chat.models import Message
from chat.reactions import reacted


def message_fields(message: Message) -> dict[str, Any]:
    """The fields of the protocol's `message`, without `type` and `room`.

    Once it has changed, those of `changed`: then it says how it has.
    """
    author = message.author
    fields = {
        "seq": message.seq,
        "changed_seq": message.changed_seq,
        "kind": message.told_kind,
        "author": {
            "id": author.public_id,
            "name": author.display_name,
            "bot": author.is_bot,
        },
        "client_id": str(message.client_id),
        "body": message.body,
        "html": message.html,
        "event": message.told,
        "reply_to": message.reply_to,
        "thread": message.thread,
        "in_room": message.in_room,
        "attachments": [],
        "links": link_fields(message),
        "created_at": message.created_at.isoformat(),
    }
    if message.reply_count:
        last_at = message.last_reply_at and message.last_reply_at.isoformat()
        fields["replies"] = {"count": message.reply_count, "last_at": last_at}
    if message.stream:
        fields["stream"] = message.stream
    if message.created_changed_seq is not None:
        edited_at = message.edited_at and message.edited_at.isoformat()
        deleted = message.deleted_at is not None
        fields |= {
            "edited_at": edited_at,
            "deleted": deleted,
            "reactions": reacted(message),
            "pinned": message.pinned_at is not None,
        }
    return fields
