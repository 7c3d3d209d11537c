"""The emoji that this server knows, by their characters and by words.

The list is emojibase's, as it came (scripts/vendor.py); it is read at the first need.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "data/emoji/compact.json"
COMPONENTS = 2  # the group of skin tones alone, which are no emoji by themselves
WIDE_TEXT = "\u3030\u303d\u3297\u3299"
VARIATION = "\ufe0f"  # asks for a coloured picture; keyboards write it or not

# What most people look for, in the order of a small picker.
COMMON = (
    "👍 ❤️ 😂 🎉 🙏 👀 🔥 🚀 ✅ 👏 💯 😮 😢 🤔 👎 ❌ "
    "😀 😅 😊 😍 😎 🥳 😴 😭 😡 🤯 🤝 💪 👋 🙌 🤞 ✨ "
    "⭐ 💡 ⚡ ☕ 🍕 🍰 🍻 🌱 🌈 🌞 🐛 🐢 🦀 📌 📈 🔒 "
    "⏳ ❓ ❗ ➕ ➖ 🔁 🧪 🛠️ 🎯 🏁 💬 📣 💔 🖤 💙 💚"
)


@dataclass(frozen=True, slots=True)
class Emoji:
    """One emoji: its characters, what it is called, and the words that find it."""

    text: str
    name: str
    words: str  # in lower case, with a space before each


def emoji(text: str) -> Emoji | None:
    """The emoji with these characters; None when they are no emoji, or several."""
    return _by_text().get(text.replace(VARIATION, ""))


def common() -> list[Emoji]:
    """A small choice, those that people use most."""
    return [one for text in COMMON.split() if (one := emoji(text)) is not None]


def find(query: str, limit: int) -> list[Emoji]:
    """At most `limit` emoji, each with a word that begins with each word asked for."""
    wanted = [f" {word}" for word in query.lower().split()]
    if not wanted:
        return common()[:limit]
    found = [one for one in _plain() if all(word in one.words for word in wanted)]
    # Those that are called so come before those that are only found by it.
    found.sort(key=lambda one: not f" {one.name}".startswith(wanted[0]))
    return found[:limit]


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    rows = json.loads(FILE.read_text())
    return tuple(one for one in rows if one.get("group", COMPONENTS) != COMPONENTS)


@cache
def _plain() -> tuple[Emoji, ...]:
    """Each emoji once, without its tones, in the list's order."""
    rows = sorted(_entries(), key=lambda one: int(one["order"]))
    return tuple(_emoji(one) for one in rows)


@cache
def _by_text() -> dict[str, Emoji]:
    toned = (skin for one in _entries() for skin in one.get("skins", ()))
    every: Iterable[Emoji] = (*_plain(), *(_emoji(one) for one in toned))
    return {one.text.replace(VARIATION, ""): one for one in every}


def _emoji(entry: dict[str, Any]) -> Emoji:
    words = [*entry["label"].lower().split(), *entry.get("tags", ())]
    return Emoji(qualified(entry["unicode"]), entry["label"], f" {' '.join(words)}")


def qualified(text: str) -> str:
    """An emoji as Unicode's own list spells it, which is what programs look up.

    The list here puts VARIATION behind characters that are pictures by themselves, too.
    Those are the wide ones, but for four that are Japanese text (UAX #11, UTS #51).
    """
    return re.sub(f"(.){VARIATION}", _spelled, text)


def _spelled(found: "re.Match[str]") -> str:
    one = found[1]
    is_picture = unicodedata.east_asian_width(one) == "W" and one not in WIDE_TEXT
    return one if is_picture else found[0]
