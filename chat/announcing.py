"""What screen readers are told of new messages; of a burst one announcement."""

from collections.abc import Sequence

from django.utils.html import conditional_escape

from chat.fanout import partial
from livechat.lib.speech import Said
from livechat.lib.words import marked

ANNOUNCED_BY_NAME = 3  # people whose messages are counted each; of more all together


def spoken(told: Sequence[Said]) -> bytes:
    """What screen readers are told of new messages: one as it is, of more how many.

    Each person's part is marked, so that nobody hears of their own (chat/me.css).
    """
    by: dict[tuple[str, str], list[Said]] = {}
    for one in told:
        by.setdefault((one.who, one.name), []).append(one)
    if len(by) > ANNOUNCED_BY_NAME:
        people = len({who for who, _ in by})
        many = marked("{0} new messages from {1} people", len(told), people)
        parts = f"<p>{conditional_escape(many)}</p>"
    else:
        parts = "".join(_part(who, name, theirs) for (who, name), theirs in by.items())
    return partial("#announce", "innerHTML", parts).encode()


def _part(who: str, name: str, told: Sequence[Said]) -> str:
    text: str
    if not name:
        text = " ".join(one.text for one in told[-2:])
    elif len(told) == 1 and told[0].text:
        text = f"{name}: {told[0].text}"
    elif len(told) == 1:
        text = marked("{0} new message from {1}", 1, name)
    else:
        text = marked("{0} new messages from {1}", len(told), name)
    return f'<p data-by="{who}">{conditional_escape(text)}</p>'
