"""Whose a session's key or a token is, as the database says it at this moment.

The rule it guards: nothing is remembered from one question to the next, so that what
has ended opens nothing. Each new socket asks; that is why the SQL is prepared.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from accounts.models import Token, User, secret_hash
from livechat.lib.prepared import Prepared

# Django's own alphabet (contrib.sessions.backends.base), and ours (Token.issue).
SESSION_KEY_SHAPE = re.compile(r"[a-z0-9]{32}")
TOKEN_SHAPE = re.compile(r"lc_[A-Za-z0-9_-]{43}")
USER_ID_DIGITS_MAX = 18  # what a database's largest integer surely holds

# What a socket needs of its user, and a session's proof: the rest is not read.
# In the order of the model's own fields, which `from_db` counts on.
FIELDS = (
    "id",
    "password",
    "public_id",
    "display_name",
    "role",
    "is_bot",
    "epoch",
    "availability",
    "available_until_s",
    "choices",
    "language",
)

_session = Prepared(
    lambda key: Session.objects.filter(
        session_key=key, expire_date__gt=Now()
    ).values_list("session_data"),
    str,
)
_user = Prepared(
    lambda pk: User.objects.filter(pk=pk, is_active=True).values_list(*FIELDS), int
)
_token = Prepared(
    lambda secret: Token.objects.filter(
        secret_hash=secret, user__is_active=True
    ).values_list(*(f"user__{name}" for name in FIELDS)),
    str,
)


def user_of_session(key: str) -> User | None:
    """The active user, with FIELDS, who is signed in by the key (two queries)."""
    if not SESSION_KEY_SHAPE.fullmatch(key):
        return None
    row = _session.row(key)
    return user_in(SessionStore().decode(row[0])) if row else None


def user_in(session: dict[str, Any]) -> User | None:
    """The session's active user, by the checks of django.contrib.auth.get_user."""
    user_id = str(session.get(SESSION_KEY, ""))
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    if not (user_id.isascii() and user_id.isdigit()):
        return None
    row = _user.row(int(user_id)) if len(user_id) <= USER_ID_DIGITS_MAX else None
    user = _from(row) if row else None
    given = str(session.get(HASH_SESSION_KEY, ""))
    return user if user and _proves(given, user) else None


def _proves(given: str, user: User) -> bool:
    wanted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(given, one) for one in wanted)


def holder_of_token(bearer: str) -> User | None:
    """The active user, with FIELDS, whom the token stands for (one query)."""
    if not TOKEN_SHAPE.fullmatch(bearer):
        return None
    row = _token.row(secret_hash(bearer))
    return _from(row) if row else None


def _from(row: tuple[Any, ...]) -> User:
    user = User.from_db(None, FIELDS, row)
    user.is_bot = bool(user.is_bot)  # SQLite says 0 or 1
    return user


def user_of_token(bearer: str) -> User | None:
    """The active user, whole, whom the token stands for, or None (one query)."""
    if not TOKEN_SHAPE.fullmatch(bearer):
        return None
    tokens = Token.objects.select_related("user")
    token = tokens.filter(secret_hash=secret_hash(bearer), user__is_active=True).first()
    return token.user if token else None


def users_of_sessions(keys: Iterable[str]) -> dict[str, User]:
    """By key the active user who is signed in by it; two queries for all of them."""
    store = SessionStore()
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=Now())
    sessions = {one.session_key: store.decode(one.session_data) for one in alive}
    ids = {str(data.get(SESSION_KEY, "")) for data in sessions.values()}
    known = User.objects.filter(
        pk__in=[one for one in ids if one.isascii() and one.isdigit()], is_active=True
    )
    users = {str(user.pk): user for user in known}
    found = {
        key: users[user_id]
        for key, data in sessions.items()
        if (user_id := str(data.get(SESSION_KEY, ""))) in users
    }
    return {key: user for key, user in found.items() if _holds(sessions[key], user)}


def _holds(session: dict[str, Any], user: User) -> bool:
    known = session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    return known and _proves(str(session.get(HASH_SESSION_KEY, "")), user)


def users_of_tokens(hashes: Iterable[str]) -> dict[str, User]:
    """By the hash of the secret the active user of the token; one query for all."""
    tokens = Token.objects.filter(secret_hash__in=hashes, user__is_active=True)
    return {one.secret_hash: one.user for one in tokens.select_related("user")}
