"""Slash commands: what a person's text does instead of, or before, being posted.

Each runs through the same actions and access as its page. An app adds one of its own
with `command`; what nobody knows is refused, and the text stays with its writer. What
one says is for its writer alone, so it is in the language that is active.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts.models import User
from chat import members, reminders, room_settings
from chat.access import require, room_or_404
from chat.changes import NotPossible, TooManyChanges
from chat.forms import AddMemberForm, TopicForm
from chat.inbox import Refused, post_message
from chat.models import Room
from livechat.lib.text import as_markdown
from livechat.lib.words import Words, marked

SLASH = "/"


@dataclass(frozen=True, slots=True)
class Order:
    """One command on its way: who gives it, where, and the words behind its name.

    `client_id` is that of the text, so that a repeat can be told from a second order.
    """

    user: User
    room: Room
    words: str
    client_id: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """A text to post in the room, or what only the writer is told.

    `in_log`: the room's log says so to everybody, so no page need say it again.
    """

    post: str = ""
    notice: str = ""
    in_log: bool = False


Run = Callable[[Order], Outcome]


@dataclass(frozen=True, slots=True)
class Command:
    """What `/name` does, and what one writes behind it, as an example."""

    name: str
    words: str
    about: Words  # one sentence
    run: Run

    @property
    def usage(self) -> str:
        """How it is written, with the slash."""
        words = gettext(self.words) if self.words else ""
        return f"{SLASH}{self.name} {words}".rstrip()


COMMANDS: dict[str, Command] = {}


def command(name: str, words: str, about: Words) -> Callable[[Run], Run]:
    """Registers the function as the command of this name."""

    def register(run: Run) -> Run:
        COMMANDS[name] = Command(name, words, about, run)
        return run

    return register


def obey(user: User, public_id: str, body: str, client_id: UUID) -> Outcome:
    """What becomes of a text that begins with a slash; two slashes post it with one.

    Raises:
        Refused: the command is unknown, or does not do that here.
    """
    if (text := reworded(body, user.display_name)) is not None:
        return Outcome(post=text)
    name, _, words = body[1:].partition(" ")
    found = COMMANDS.get(name.strip().lower())
    if found is None:
        sentence = gettext(
            "There is no command /{name}. Write /help for those that there are, or // "
            "to begin a message with a slash."
        )
        raise _wrong(sentence.format(name=name.strip()[:20]))
    try:
        room = room_or_404(user, public_id)
        require(user, "post", room)
        return found.run(Order(user, room, words.strip(), client_id))
    except Http404 as error:
        raise Refused("no_room", str(error)) from error
    except TooManyChanges as error:
        wait_ms = error.retry_after_s * 1000
        raise Refused("rate_limited", str(error), wait_ms) from error
    except PermissionDenied as error:
        raise Refused("forbidden", str(error)) from error
    except NotPossible as error:
        raise _wrong(str(error)) from error


def reworded(body: str, name: str) -> str | None:
    """The text to post, where that needs no look; None for other commands.

    `name`: the writer's. So what does not look stays in its order with other messages.
    """
    if not body.startswith(SLASH):
        return body
    if body.startswith(SLASH * 2):
        return body.replace(SLASH, "", 1)
    verb, _, words = body[1:].partition(" ")
    if verb.lower() == "me" and words.strip():
        return f"*{as_markdown(name)} {' '.join(words.split())}*"
    return None


def say(user: User, room: Room, *, body: str, client_id: UUID) -> str:
    """Post the text, or run the command that it is; return what its writer is told.

    Raises:
        Refused: with the reason; nothing was stored.
    """
    if body.startswith(SLASH):
        outcome = obey(user, room.public_id, body, client_id)
        if not outcome.post:
            return "" if outcome.in_log else outcome.notice
        body = outcome.post
    post_message(user, room, body=body, client_id=client_id)
    return ""


def _wrong(sentence: str) -> Refused:
    return Refused("bad_command", sentence)


def needs(order: Order, name: str) -> None:
    """Nothing, when there are words.

    Raises:
        Refused: with how the command of the name is written.
    """
    if not order.words:
        sentence = gettext("Write more than that: {usage}")
        raise _wrong(sentence.format(usage=COMMANDS[name].usage))


@command(
    "me",
    marked("waves"),
    marked("Say what you do: your name and the words, in italics."),
)
def me(order: Order) -> Outcome:
    """Nothing without words; with them `reworded` has made a text of it."""
    needs(order, "me")
    return Outcome()


@command(
    "topic", marked("what is going on"), marked("Set the line under the room's name.")
)
def topic(order: Order) -> Outcome:
    """Set the room's topic."""
    needs(order, "topic")
    form = TopicForm({"topic": order.words})
    if not form.is_valid():
        raise _wrong(str(form.errors["topic"][0]))
    room_settings.update_room(order.user, order.room, **form.cleaned_data)
    return Outcome(notice=gettext("The topic is set."), in_log=True)


@command("invite", marked("Name"), marked("Add somebody to this room."))
def invite(order: Order) -> Outcome:
    """Make somebody a member of the room."""
    needs(order, "invite")
    require(order.user, "add_member", order.room)
    form = AddMemberForm({"name": order.words.removeprefix("@")})
    if not form.is_valid():
        raise _wrong(str(form.errors["name"][0]))
    who: User = form.cleaned_data["name"]
    members.add_member(order.user, order.room, who)
    sentence = gettext("{name} belongs to this room now.")
    return Outcome(notice=sentence.format(name=who), in_log=True)


@command(
    "remind",
    marked("in 20 minutes tea"),
    marked("Be reminded of something; only you see it."),
)
def remind(order: Order) -> Outcome:
    """Set a reminder for the writer, from when and of what."""
    needs(order, "remind")
    now = reminders.local_now(order.user)
    due_at, text = reminders.understood(order.words, now)
    made = reminders.set_reminder(
        order.user, text, due_at, room=order.room, client_id=order.client_id
    )
    when = date_format(made.due_at.astimezone(now.tzinfo), gettext("l, j F, H:i"))
    notice = gettext(
        "You will be reminded on {when} ({zone}): {text}\n"
        "Your name, below on the left, leads to all of them."
    )
    return Outcome(notice=notice.format(when=when, zone=now.tzinfo, text=made.text))


@command("help", "", marked("List these commands, for your eyes only."))
def help_(order: Order) -> Outcome:
    """Tell the writer which commands there are."""
    lines = [f"{one.usage} — {gettext(one.about)}" for one in COMMANDS.values()]
    lines.append("// — " + gettext("Begin a message with a slash."))
    return Outcome(notice="\n".join(lines))
