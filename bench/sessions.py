"""Sessions for people who are there: prints their keys, as a log-in would make them."""

import json
import os
import sys
from typing import Any

import django


def main(emails: list[str]) -> None:
    """Sign each of the people of our own database in, in order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    django.setup()
    from django.contrib.auth import get_user_model

    users = {user.get_username(): user for user in get_user_model().objects.all()}
    print(json.dumps([signed_in(users[email]) for email in emails]))


def signed_in(user: Any) -> str:
    """The key of a new session of the user."""
    from django.conf import settings
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
    )
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    main(sys.argv[1:])
