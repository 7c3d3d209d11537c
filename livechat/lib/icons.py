"""The signs of the pages: `{% icon "bell" %}`, one of static/icons.svg.

A tag and no template, as a page has dozens of them.
"""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> str:
    """The sign of that name; `size`: small or large, else as high as the text.

    With the space that sets it off the word after it.
    """
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>\n',
        f" icon--{size}" if size else "",
        static("icons.svg"),
        name,
    )
