"""Waits that follow each other stay within what is promised of them together.

tests/chaos measures both on a running site (docs/guarantees.md, P8 and P15).
"""

from livechat.lib import limits


def test_whoever_vanishes_without_a_word_is_shown_for_25_seconds_at_most() -> None:
    noticed_s = limits.GATEWAY_PING_INTERVAL_S + limits.GATEWAY_PING_TIMEOUT_S
    told_s = limits.LEAVE_GRACE_S + limits.PRESENCE_INTERVAL_S
    assert noticed_s + told_s < 25


def test_a_post_without_an_answer_is_told_so_within_5_seconds() -> None:
    # Its last look at Redis takes up to half a second, its page some more.
    assert limits.ANSWER_TIMEOUT_S + 0.5 < 5
