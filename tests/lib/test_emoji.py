"""Emoji as Unicode's list spells them."""

import pytest

from livechat.lib.emoji import VARIATION, emoji, find


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("\U0001f44d", "\U0001f44d"),  # a picture by itself
        ("\U0001f44d\ufe0f", "\U0001f44d"),
        ("\u2764", "\u2764\ufe0f"),  # text without the selector
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("\U0001f6e0", "\U0001f6e0\ufe0f"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("\u3297", "\u3297\ufe0f"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("\U0001f1e9\U0001f1ea", "\U0001f1e9\U0001f1ea"),
        ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        ("\U0001f441\ufe0f\u200d\U0001f5e8", "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f"),
    ],
)
def test_an_emoji_has_one_spelling(sent: str, kept: str) -> None:
    found = emoji(sent)
    assert found is not None
    assert found.text == kept


def test_the_small_choice_is_spelled_so_too() -> None:
    assert f"\U0001f44d{VARIATION}" not in [one.text for one in find("thumbs", 20)]
    assert find("thumbs up", 20)[0].text == "\U0001f44d"
