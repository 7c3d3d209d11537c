"""Mentions, settled in the transaction that writes the text.

The renderer marks each `@name` outside code, whoever it may be. Here those who belong
to the room become chips and rows; all others stay text, so that nobody learns from it
whether somebody exists. A name resolves to one person, by its skeleton: a look-alike is
the same name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from html import escape, unescape

from accounts.models import User
from chat.desk import Desk
from chat.mention_tables import EVERYBODY_KEY, Mention
from chat.models import Membership, Message, Room
from chat.telling import blockers, blockers_in, tell_named, written_at
from livechat.lib import limits
from livechat.lib.text import skeleton

EVERYBODY = frozenset({"here", "room"})
MARK = re.compile(r'<span class="mention">@([^<]*)</span>')

People = Mapping[str, User]  # by skeleton


def settle(desks: Sequence[Desk]) -> None:
    """Turn marks into chips, and keep who is mentioned; no query without a mark."""
    for desk in desks:
        _forget(desk)
        marked = [one for one in desk.states if MARK.search(one.html)]
        if marked:
            _settle(desk, marked)


def names_in(html: str) -> list[str]:
    """The names that a rendered text marks, MENTIONS_MAX at most, each once."""
    found = dict.fromkeys(unescape(name) for name in MARK.findall(html))
    return list(found)[: limits.MENTIONS_MAX]


def _forget(desk: Desk) -> None:
    """Whoever a text named that is another one now; a reaction changes no text."""
    edited = {one.seq for one in desk.versions}
    if gone := (edited | desk.purged | desk.ended) & desk.changed.keys():
        Mention.objects.filter(room=desk.room, seq__in=gone).delete()


def _settle(desk: Desk, marked: Sequence[Message]) -> None:
    names = {name for one in marked for name in names_in(one.html)}
    people = _people(desk.room, names)
    final = {id(one) for one in (*desk.new.values(), *desk.changed.values())}
    first = {id(one) for one in written_at(desk)}
    for message in marked:
        here = names_in(message.html)
        told = {_spelled(name, people) for name in here} - {None, message.author}
        everybody = bool(EVERYBODY & set(here)) and _may_tell_all(desk, message)
        chip = partial(_chip, people=people, tells_all=everybody)
        message.html = MARK.sub(chip, message.html)
        if id(message) in final and not message.deleted_at:
            users = _hearing(message, [one for one in told if one])
            _keep(message, users, everybody=everybody)
            if id(message) in first:  # an edit tells nobody again
                _tell(message, [one.pk for one in users], everybody=everybody)


def _people(room: Room, names: Iterable[str]) -> dict[str, User]:
    """The members that these names can mean; one query."""
    wanted = {spelling for name in names for spelling in _spellings(name)}
    found = Membership.objects.filter(
        room=room, user__is_active=True, user__name_skeleton__in=wanted
    )
    return {one.user.name_skeleton: one.user for one in found.select_related("user")}


def _spellings(name: str) -> tuple[str, str]:
    """A name as it is, and with blanks: `@Ada_Lovelace` is Ada Lovelace."""
    return skeleton(name), skeleton(name.replace("_", " "))


def _spelled(name: str, people: People) -> User | None:
    return next((people[one] for one in _spellings(name) if one in people), None)


def _may_tell_all(desk: Desk, message: Message) -> bool:
    """Everybody in a small room; in a larger one who runs it or its talk."""
    if desk.roles.get(message.author_id) in {"admin", "moderator"}:
        return True
    members = Membership.objects.filter(room=desk.room)[: limits.EVERYBODY_MAX + 1]
    return len(members) <= limits.EVERYBODY_MAX


def _chip(mark: "re.Match[str]", people: People, tells_all: bool) -> str:
    name = unescape(mark[1])
    if name in EVERYBODY:
        return _span("everybody", name) if tells_all else f"@{mark[1]}"
    user = _spelled(name, people)
    return _span(user.public_id, user.display_name) if user else f"@{mark[1]}"


def _span(who: str, name: str) -> str:
    return f'<span class="mention" data-user="{who}">@{escape(name)}</span>'


def _hearing(message: Message, told: Sequence[User]) -> list[User]:
    """Those who do not block the author, whose word is not for them."""
    deaf = blockers(message.author_id, [one.pk for one in told])
    return [one for one in told if one.pk not in deaf]


def _keep(message: Message, told: Sequence[User], *, everybody: bool) -> None:
    """One row for each whom it names; one for all when it names everybody besides."""
    users = [None] if everybody else told
    rows = [Mention(room=message.room, seq=message.seq, user=user) for user in users]
    Mention.objects.bulk_create(rows)


def _tell(message: Message, users: Sequence[int], *, everybody: bool) -> None:
    message.mentioned = (*users, *([EVERYBODY_KEY] if everybody else []))
    if everybody:
        message.unheard_by = blockers_in(message.room, message.author_id)
    if not message.room.people_key:  # those of a direct message are told of it anyway
        tell_named(message, users)
