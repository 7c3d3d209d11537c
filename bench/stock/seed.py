"""Makes the baseline's tables and users; prints one session key a user, as JSON."""

import json
import os
import sys

import django
from django.core.management import call_command


def main(user_count: int) -> None:
    """Fill an empty database with `user_count` users, each with a live session."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.stock.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps([_signed_in(index) for index in range(user_count)]))


def _signed_in(index: int) -> str:
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
    )
    from django.contrib.sessions.backends.db import SessionStore

    user = get_user_model()(username=f"member{index}")
    user.set_unusable_password()
    user.save()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    main(int(sys.argv[1]))
