"""The room worker's rules of the cards of links: what is waited for, comes and goes.

The rule it guards: a card stands only under a text that has its link; what was found
for an earlier text, or a deleted one, changes nothing.
"""

from chat import link_tables, links
from chat.answers import acked, refused
from chat.desk import Desk
from chat.inbox import Answer
from chat.link_intents import CardIntent, RemoveCardsIntent
from chat.models import Message
from livechat.lib.words import marked

FROM_BEFORE = marked(
    "This is from before the room became public. It can be deleted only."
)


def written(message: Message, desk: Desk) -> None:
    """A text is new: keep the cards of links that it still has, wait for the others."""
    wanted = links.wanted(message, message.author)
    there = links.kept(message)
    message.links = links.stored({one: there[one] for one in wanted if one in there})
    # What an earlier text has waited for is not waited for any more.
    if wanted or message.seq not in desk.new:
        desk.awaited[message.seq] = [one for one in wanted if one not in there]


def deleted(message: Message, desk: Desk) -> None:
    """Of a text that is gone no card is left, and none will come."""
    message.links = ""
    desk.awaited[message.seq] = []


def arrive(intent: CardIntent, desk: Desk) -> Answer:
    """Put the card under the message, if its text still has the link."""
    desk.arrived.add((intent.seq, intent.url))
    message = desk.found.get(intent.seq)
    if message is None or not _is_open(message, desk):
        return refused(
            intent, desk.room, "no_message", marked("It is not there any more.")
        )
    wanted, there = links.wanted(message, message.author), links.kept(message)
    if intent.url not in wanted or intent.url in there:
        return refused(intent, desk.room, "no_message", "It waits for no such link.")
    card = links.Card(intent.url, intent.title, intent.description, intent.site)
    cards = {**there, intent.url: card}
    changed = desk.change(message)
    changed.links = links.stored({one: cards[one] for one in wanted if one in cards})
    return acked(intent, desk.room, changed)


def remove(intent: RemoveCardsIntent, desk: Desk) -> Answer:
    """Take all cards away for good; the author asks. A repeat changes nothing."""
    message = desk.found[intent.seq]
    if not links.cards(message):
        return acked(intent, desk.room, message, repeated=True)
    if message.seq < desk.room.public_from_seq:
        return refused(intent, desk.room, "forbidden", FROM_BEFORE)
    changed = desk.change(message)
    wanted = links.wanted(message, message.author) or links.kept(message)
    changed.links = links.stored(dict.fromkeys(wanted))
    desk.awaited[message.seq] = []
    return acked(intent, desk.room, changed)


def store(desk: Desk) -> None:
    """Write down what the desk's messages wait for; no statement without links."""
    room = desk.room.pk
    if old := desk.awaited.keys() - desk.new.keys():
        link_tables.forget(room, old)
    if asked := [(seq, one) for seq, urls in desk.awaited.items() for one in urls]:
        link_tables.ask_for(room, asked)
    if desk.arrived:
        link_tables.arrived(room, desk.arrived)


def _is_open(message: Message, desk: Desk) -> bool:
    """Whether its change may go to everybody who is live in the room."""
    return message.deleted_at is None and message.seq >= desk.room.public_from_seq
