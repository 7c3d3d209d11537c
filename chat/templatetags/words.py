"""Words of live fragments that Django's templates make: {% marked "…" %}."""

from django import template

from chat.happenings import audited as audited_words
from livechat.lib.words import Words
from livechat.lib.words import marked as marked_words

register = template.Library()


@register.simple_tag
def marked(msgid: str, *args: object) -> Words:
    """The sentence, marked; `args` in its places {0}, {1} and so on."""
    return marked_words(msgid, *args)


@register.filter
def audited(sentence: str) -> str:
    """The sentence of an audit log, in its reader's language."""
    return audited_words(sentence)
