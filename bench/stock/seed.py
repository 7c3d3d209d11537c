"""Makes the baseline's tables and users; prints a session and a token of each."""

import json
import os
import secrets
import sys

import django
from django.core.management import call_command

from bench.sessions import signed_in


def main(user_count: int) -> None:
    """Fill an empty database with `user_count` users, each with a live session."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.stock.settings")
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    print(json.dumps([_person(index) for index in range(user_count)]))


def _person(index: int) -> dict[str, str]:
    from django.contrib.auth import get_user_model

    from bench.stock.models import Token

    user = get_user_model()(username=f"member{index}")
    user.set_unusable_password()
    user.save()
    token = Token.objects.create(key=secrets.token_hex(20), user=user)
    return {"cookie": signed_in(user), "token": token.key}


if __name__ == "__main__":
    main(int(sys.argv[1]))
