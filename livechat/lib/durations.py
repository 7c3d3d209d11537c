"""Times as people say them."""


def words_of(seconds: int) -> str:
    """A time as people say it, such as `30 seconds` or `5 minutes`."""
    for size, word in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {word}{'s' if count != 1 else ''}"
    raise AssertionError("every number is a number of seconds")
