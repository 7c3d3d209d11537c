"""Public ids: short random strings, so that no global counter is ever shown."""

import secrets

# No vowels and no look-alikes: no words, nothing to misread aloud.
ALPHABET = "23456789bcdfghjkmnpqrstvwxyzBCDFGHJKMNPQRSTVWXZ"
LENGTH = 12  # 47^12 is 2^66: a public id is a name, never a permission


def public_id() -> str:
    """A new random id of LENGTH characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
