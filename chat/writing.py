"""What a socket's person writes, as intents for the room worker."""

from uuid import uuid4

from accounts.sessions import Principal
from chat import intents
from chat.access import may_stream
from chat.inbox import (
    AppendIntent,
    DeleteIntent,
    EditIntent,
    FinishIntent,
    PostIntent,
    ReactIntent,
    Write,
)

Piecewise = intents.Stream | intents.Append | intents.Finish
Writing = intents.Send | intents.Edit | intents.Delete | intents.React | Piecewise


def may_write_so(intent: Writing, who: Principal) -> bool:
    """Whether the person may write in this way; the worker asks if they may here."""
    return not isinstance(intent, Piecewise) or may_stream(who)


def write_of(
    intent: Writing, room: int, who: Principal, socket: tuple[str, str]
) -> Write:
    """The intent for the worker; `socket`: its process and itself, for the answer."""
    if isinstance(intent, intents.Send | intents.Stream):
        return _post(intent, room, who, socket)
    person = (room, who.user_id, who.epoch, intent.seq)
    address = (*socket, intent.ref, intent.room)
    match intent:
        case intents.Edit():
            edit = intent.client_id or uuid4()
            return EditIntent(*person, intent.body, *address, edit)
        case intents.Delete():
            return DeleteIntent(*person, *address)
        case intents.React():
            return ReactIntent(*person, intent.emoji, intent.on, *address)
        case intents.Append():
            return AppendIntent(*person, intent.offset, intent.text, *address)
        case intents.Finish():
            how = intent.reason or "done"
            return FinishIntent(*person, intent.body, how, *address)


def _post(
    intent: intents.Send | intents.Stream,
    room: int,
    who: Principal,
    socket: tuple[str, str],
) -> PostIntent:
    process, address = socket
    return PostIntent(
        room=room,
        user=who.user_id,
        epoch=who.epoch,
        client_id=intent.client_id,
        body=intent.body if isinstance(intent, intents.Send) else "",
        reply_to=intent.reply_to,
        process=process,
        address=address,
        ref=intent.ref,
        public_id=intent.room,
        grows=isinstance(intent, intents.Stream),
        in_room=not isinstance(intent, intents.Send) or intent.in_room is not False,
    )
