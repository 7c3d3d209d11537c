"""The attributes by which hooks.js finds what a key clicks."""

from django import template
from django.utils.html import format_html

from chat.formats import FORMATS, Format
from chat.shortcuts import SHORTCUTS, Shortcut, told

register = template.Library()


@register.simple_tag
def key(name: str) -> str:
    """`data-key` and `data-in` of a shortcut of the list."""
    one = SHORTCUTS[name]
    return format_html('data-key="{}" data-in="{}"', " ".join(one.keys), one.within)


@register.simple_tag
def all_formats() -> tuple[Format, ...]:
    """What the menu of formats lists."""
    return FORMATS


@register.simple_tag
def all_shortcuts() -> list[Shortcut]:
    """What the sheet lists."""
    return told()
