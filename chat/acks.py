"""What a socket is told of what it wrote: an ack, or why not; on a page, its bubble."""

from typing import Any

from django.template.loader import get_template

from chat import fanout
from chat.inbox import Answer
from livechat.lib.codec import encode
from livechat.lib.connections import Connection
from livechat.lib.words import from_mark


def answer_to(connection: Connection, answer: Answer) -> None:
    """Tell a socket what became of its message."""
    if answer.code:
        state = "waiting" if answer.code in {"waiting", "busy"} else "refused"
        frame: dict[str, Any] = {
            "type": "error",
            "ref": answer.ref,
            "code": answer.code,
            "message": from_mark(answer.message),
            "room": answer.room,
            **_what(answer),
        }
        if answer.retry_after_ms is not None:
            frame["retry_after_ms"] = answer.retry_after_ms
        if answer.offset is not None:
            frame["offset"] = answer.offset
    else:
        state = "sent"
        frame = {
            "type": "ack",
            "ref": answer.ref,
            **_what(answer),
            "room": answer.room,
            "seq": answer.seq,
            "changed_seq": answer.changed_seq,
        }
    html = _page_answer(answer, state) if connection.html else b""
    connection.send(encode(frame), html)


def _what(answer: Answer) -> dict[str, Any]:
    """What an answer is about: a message by its client_id, a change by its number."""
    if answer.client_id:
        return {"client_id": answer.client_id}
    return {"seq": answer.seq}


def _page_answer(answer: Answer, state: str) -> bytes:
    if answer.client_id:
        return pending_fragment(answer, state)
    return fanout.toast(from_mark(answer.message)) if answer.code else b""


def pending_fragment(answer: Answer, state: str) -> bytes:
    """The sender's pending bubble in its present state.

    A repeat of a stored message takes the bubble away: the message itself is there, or
    comes with the replay.
    """
    target = f"#p-{answer.client_id}"
    if answer.repeated:
        return fanout.partial(target, "delete", "").encode()
    context = {
        "client_id": answer.client_id,
        "state": state,
        "text": from_mark(answer.message),
        "retry_after_s": -(-(answer.retry_after_ms or 0) // 1000),
        "room": answer.room,
        "body": answer.body,
    }
    html = get_template("chat/_pending_state.html").render(context)
    return fanout.partial(target, "outerMorph", html).encode()
