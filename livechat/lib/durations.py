"""Times as people say them."""

from livechat.lib.words import Words, marked

# Seconds, then what one of them and several are called.
_UNITS = (
    (3600, marked("{0} hour"), marked("{0} hours")),
    (60, marked("{0} minute"), marked("{0} minutes")),
    (1, marked("{0} second"), marked("{0} seconds")),
)


def words_of(seconds: int) -> Words:
    """A time as people say it, such as `30 seconds` or `5 minutes`."""
    size, one, several = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    count = seconds // size
    return Words(one if count == 1 else several, count)
