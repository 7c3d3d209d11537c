"""Who is asking, by cookie or bearer token, and the end of a session.

The rule it guards: a session or token that ended opens nothing, and its sockets hear
of it through a Revocation row that is written with the change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import credentials
from accounts.models import Revocation, User, secret_hash
from livechat.lib.failpoints import failpoint
from livechat.lib.redis import publish

CHANNEL = "revocations"
KEEP_REVOCATIONS = timedelta(days=1)  # far above every poll and re-check
# From a row's creation to its commit, at most; livechat/database.py ends transactions
# that are left alone before that.
LATE_COMMIT = timedelta(seconds=10)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Principal:
    """Who opened a socket, and by what; holds until `still_valid` says no.

    `session_hash` is the hash of the session's key or of the token's secret.
    """

    user_id: int
    public_id: str
    name: str
    role: str
    is_bot: bool
    epoch: int
    availability: str  # as they have chosen to be seen, and until when
    available_until_s: int
    choices: int  # of that, so far
    session_hash: str
    language: str  # their own choice, "" for none
    # Empty for a token. The key is as good as the cookie, so it stays out of logs.
    session_key: str = field(default="", repr=False)


def bearer_of(headers: Headers) -> str | None:
    """The token of the Authorization header; None when there is no such header.

    A header that is no single `Bearer <token>` gives "", which is nobody: whoever
    sends one does not want their cookie to count.
    """
    values = _values(headers, b"authorization")
    if not values:
        return None
    return token_in(values[0]) if len(values) == 1 else ""


def token_in(authorization: str) -> str:
    """The token of an Authorization header's value, "" when it is no Bearer."""
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def cookie_of(headers: Headers) -> str | None:
    """The session cookie's value; None when there is none, or more than one."""
    pairs = [
        pair.strip().partition("=")
        for line in _values(headers, b"cookie")
        for pair in line.split(";")
    ]
    found = [value for name, _, value in pairs if name == settings.SESSION_COOKIE_NAME]
    return found[0] if len(found) == 1 else None


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def principal_of(*, cookie: str | None, bearer: str | None) -> Principal | None:
    """Who this is, or None. A bearer, even a bad one, wins: no cookie counts then.

    One query for a token, two for a session. Never raises because of its input.
    """
    if bearer is not None:
        user = credentials.holder_of_token(bearer)
        return _principal(user, secret_hash(bearer), "") if user else None
    user = None if cookie is None else credentials.user_of_session(cookie)
    return _principal(user, secret_hash(cookie), cookie) if user and cookie else None


def _principal(user: User, credential_hash: str, key: str) -> Principal:
    return Principal(
        user_id=user.pk,
        public_id=user.public_id,
        name=user.display_name,
        role=user.role,
        is_bot=user.is_bot,
        epoch=user.epoch,
        availability=user.availability,
        available_until_s=user.available_until_s,
        choices=user.choices,
        session_hash=credential_hash,
        language=user.language,
        session_key=key,
    )


def still_valid(principal: Principal) -> bool:
    """Whether the session or token still stands for this user; see `valid_among`."""
    return bool(valid_among([principal]))


def valid_among(principals: Iterable[Principal]) -> set[Principal]:
    """Those whose session or token still stands for their user; three queries at most.

    Not after log-out, expiry, a new password, deactivation and the token's end.
    """
    asked = set(principals)
    keys = [one.session_key for one in asked if one.session_key]
    hashes = [one.session_hash for one in asked if not one.session_key]
    by_key = credentials.users_of_sessions(keys) if keys else {}
    by_hash = credentials.users_of_tokens(hashes) if hashes else {}
    return {one for one in asked if _stands(one, by_key, by_hash)}


def _stands(
    principal: Principal, by_key: dict[str, User], by_hash: dict[str, User]
) -> bool:
    if principal.session_key:
        user = by_key.get(principal.session_key)
        return user is not None and user.pk == principal.user_id
    user = by_hash.get(principal.session_hash)
    now = (user.pk, user.epoch) if user else None
    return now == (principal.user_id, principal.epoch)


def ends(revocation: Revocation, principal: Principal) -> bool:
    """Whether the revocation means this principal's sockets.

    Someone who has signed in again since has the new epoch, and stays.
    """
    if revocation.session_hash:
        return revocation.session_hash == principal.session_hash
    same_user = revocation.user_id == principal.user_id
    return same_user and principal.epoch < revocation.epoch


def end_session(session_key: str) -> None:
    """Delete the session and close its sockets; a second call does nothing more."""
    user_id = str(SessionStore(session_key).load().get(SESSION_KEY, ""))
    with transaction.atomic():
        Session.objects.filter(session_key=session_key).delete()
        if user_id.isdigit():
            revoke(int(user_id), session_hash=secret_hash(session_key))


def end_all_sessions(user: User) -> None:
    """End every session of the user; tokens stay, but their sockets reconnect.

    The new epoch alone makes each session worthless, also one that is made while
    this runs; the rows are deleted so that nothing of them is kept.
    """
    keys = list(_session_keys(user.pk))
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user.pk).first()
        user.refresh_from_db(fields=["epoch"])
        user.epoch += 1
        user.save(update_fields=["epoch"])
        Session.objects.filter(session_key__in=keys).delete()
        revoke(user.pk, epoch=user.epoch)


def end_other_sessions(user: User, *, but: str | None) -> None:
    """End every session of the user except the one with the key `but`."""
    keys = [key for key in _session_keys(user.pk) if key != but]
    with transaction.atomic():
        Session.objects.filter(session_key__in=keys).delete()
        for key in keys:
            revoke(user.pk, session_hash=secret_hash(key))


def _session_keys(user_id: int) -> Iterator[str]:
    """Keys of the user's sessions: Django keeps no index, so all are read."""
    store = SessionStore()
    sessions = Session.objects.filter(expire_date__gt=timezone.now())
    for session in sessions.iterator():
        if store.decode(session.session_data).get(SESSION_KEY) == str(user_id):
            yield session.session_key


def revoke(user_id: int, *, session_hash: str = "", epoch: int = 0) -> None:
    """Write the revocation, and tell the web processes once it is committed.

    With a `session_hash` that session or token, else all of the user below `epoch`.
    """
    old = timezone.now() - KEEP_REVOCATIONS
    Revocation.objects.filter(created_at__lt=old).delete()
    revocation = Revocation.objects.create(
        user_id=user_id, session_hash=session_hash, epoch=epoch
    )
    transaction.on_commit(partial(failpoint, "revoke.after_commit"))
    transaction.on_commit(partial(publish, CHANNEL, str(revocation.pk).encode()))


@dataclass(slots=True)
class Follower:
    """Reads each revocation once, also one that comes after another with a higher id.

    PostgreSQL gives an id when the row is written and shows the row when it commits, so
    of two that meet the lower id may be seen later. `count` rises with each that is
    done.
    """

    last: int = 0
    count: int = 0
    _young: dict[int, datetime] = field(default_factory=dict)

    def start(self) -> None:
        """Leave out what is there by now; two queries."""
        newest = Revocation.objects.order_by("-pk").values_list("pk", flat=True)
        self.last = newest.first() or 0
        self._young = {}
        self._young = {row.pk: row.created_at for row in self.news()}

    def news(self) -> list[Revocation]:
        """The revocations that are not done, lowest id first; one query."""
        young = Q(created_at__gt=timezone.now() - LATE_COMMIT)
        rows = Revocation.objects.filter(Q(pk__gt=self.last) | young).order_by("pk")
        return [row for row in rows if row.pk not in self._young]

    def done(self, revocation: Revocation) -> None:
        """Never give this one again."""
        self.last = max(self.last, revocation.pk)
        self.count += 1
        forgotten = timezone.now() - 2 * LATE_COMMIT
        self._young = {
            pk: created_at
            for pk, created_at in self._young.items()
            if created_at > forgotten
        } | {revocation.pk: revocation.created_at}
