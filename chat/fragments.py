"""The HTML of messages, made once for everybody, with the places where it belongs.

The rule it guards: none of it knows its viewer, and a text that is gone is told to
every place of a page that could show it.
"""

from django.template.loader import get_template

from chat.diagrams import diagrams
from chat.happenings import happened
from chat.links import cards
from chat.models import Message
from chat.quotes import Quote, line, quoted
from chat.reactions import chips
from livechat.lib import limits
from livechat.lib.jinja import macro
from livechat.lib.markdown import plain_text
from livechat.lib.speech import Said
from livechat.lib.words import mark_of

ANNOUNCEMENT_LENGTH = 120  # characters that a screen reader hears of a message


def partial(target: str, swap: str, html: str) -> str:
    """A fragment that htmx places by itself."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


def replaced(message: Message) -> bytes:
    """The message's fragment in place of its former state."""
    html = _in_thread(message)
    if message.in_room:
        html += partial(f"#m-{message.seq}", "outerMorph", message_html(message))
    html += _forgotten(message)
    return html.encode()


def has_grown(message: Message) -> bool:
    """Whether this is the end of a text that grew: of changes only that is spoken."""
    grown = message.stream not in ("", Message.Growth.OPEN)
    is_as_written = message.edited_at is None and message.deleted_at is None
    return message.in_room and grown and is_as_written


# A list of pins that is open asks for itself again; a closed one does when it opens.
_PINS_ARE_STALE = partial(
    "#pins:popover-open .pins",
    "beforeend",
    '<i hx-get="pins" hx-trigger="load" hx-target="#pins"></i>',
)


def _forgotten(message: Message) -> str:
    """The end of a former text wherever else a page shows it.

    `data-quotes` is a line of the text in a reply, and `data-holds` something that is
    done with it, such as a form of its author's. What was spoken last may be it.
    """
    if message.edited_at is None and message.deleted_at is None:
        return ""
    seq, html = message.seq, quote_html(line(message))
    quotes = partial(f"[data-quotes='{seq}']", "innerHTML", html)
    quiet = partial("#announce", "textContent", "")
    if message.deleted_at is None:
        return quotes + quiet
    return quotes + quiet + partial(f"[data-holds='{seq}']", "delete", "")


def quote_html(quote: Quote) -> str:
    """What stands in a `data-quotes`."""
    template = get_template("chat/_quote.jinja", using="fragments")
    return template.render({"quote": quote})


def placed(message: Message) -> str:
    """The message's fragment, with the place in the page where it belongs."""
    chunk = message.seq // limits.CHUNK_SIZE
    article = message_html(message) if message.in_room else ""
    if opens(message):
        article = f'<section class="chunk" id="c-{chunk}">{article}</section>'
        target = "messages"
    else:
        target = f"c-{chunk}"
    html = partial(f"#{target}", "beforeend", article) if article else ""
    if message.thread is not None:
        html += _joined(message)
    if (message.told or {}).get("type") in {"pinned", "unpinned"}:
        html += _PINS_ARE_STALE
    return html


def _joined(message: Message) -> str:
    """A new reply in its thread, where that is open, and the thread's line.

    Whoever opens a thread may have it already.
    """
    gone = partial(f"#r-{message.seq}", "delete", "")
    article = message_html(message, in_pane=True)
    # Once it comes into view, the thread is asked for again, and so has been seen.
    # That stands behind the replies: hooks.js looks at their neighbours for the day.
    asks = f'hx-get="{message.thread}/thread?since={message.changed_seq}"'
    seen = (
        f'<i class="log__seen" {asks} hx-trigger="intersect once" hx-swap="none"></i>'
    )
    return (
        gone
        + partial(f"#replies-{message.thread}", "beforeend", article)
        + partial(f"#thread-seen-{message.thread}", "innerHTML", seen)
        + _counted(message)
    )


def _in_thread(message: Message) -> str:
    """The new state of a message where its thread is open."""
    article = message_html(message, in_pane=True)
    html = partial(f"#r-{message.seq}", "outerMorph", article)
    return html if message.thread is None else html + _counted(message)


def _counted(message: Message) -> str:
    """The line under the first message of a reply's thread: how many, and the last.

    In place of the former line, if the page has one: what it says there of its reader's
    unread replies stays (`hx-preserve`).
    """
    root = message.root
    if root is None:
        return ""
    if not root.reply_count:
        return partial(f"#th-{root.seq}", "delete", "")
    template = get_template("chat/_thread.jinja", using="fragments")
    html = template.render({"root": root})
    first = f"#m-{root.seq}:not(:has(> .msg__thread)) > .msg__footer"
    return partial(f"#th-{root.seq}", "outerHTML", html) + partial(
        first, "beforebegin", html
    )


def said(message: Message) -> Said:
    """What a screen reader says of a message."""
    who = message.author
    if message.kind == Message.Kind.SYSTEM:  # its sentence names who did it
        return Said(who.public_id, "", mark_of(happened(message)))
    text = plain_text(message.html, max_length=ANNOUNCEMENT_LENGTH)
    return Said(who.public_id, who.display_name, text)


def is_heard(message: Message) -> bool:
    """Whether a new message is spoken: not before it is whole, nor aside."""
    return message.in_room and message.stream != Message.Growth.OPEN


def opens(message: Message) -> bool:
    """Whether a new section of the page begins with the message."""
    return message.seq % limits.CHUNK_SIZE == 0


def message_html(message: Message, *, in_pane: bool = False) -> str:
    """The article of one message, the same for page and fan-out.

    In the pane of its thread it has another id, and no group with who wrote before.
    """
    if message.reply_to is not None and message.quote is None:
        quoted([message])
    article = macro("chat/_message.jinja", "article")
    html = article(
        message,
        message.created_at.isoformat(),
        chips(message),
        cards(message),
        diagrams(message),
        happened(message),
        in_pane,
    )
    return str(html)  # a macro's markup escapes what is put to it
