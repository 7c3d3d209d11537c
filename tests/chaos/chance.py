"""Chance that a seed decides, so that a run can be run again."""

import random


def seeded(*parts: object) -> random.Random:
    """A generator of its own for each use: one more draw here moves nothing there."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - no secret
