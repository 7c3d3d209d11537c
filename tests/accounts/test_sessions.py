"""Who is asking, and how a session, a token or an account ends."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts import actions, sessions
from accounts.links import password_path
from accounts.models import Revocation, Token, User, secret_hash
from accounts.sessions import Principal, principal_of
from tests.accounts.conftest import client_of
from tests.conftest import PASSWORD
from tests.environment import POSTGRES_URL

NEW_PASSWORD = "another horse, another staple"


def key_of(client: Client) -> str:
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def principal_in(client: Client) -> Principal:
    principal = principal_of(cookie=key_of(client), bearer=None)
    assert principal is not None
    return principal


def newest_revocation_ends(principal: Principal) -> bool:
    newest = Revocation.objects.order_by("pk").last()
    return newest is not None and sessions.ends(newest, principal)


def test_a_cookie_names_its_user(bob: User) -> None:
    client = client_of(bob)
    principal = principal_in(client)
    assert (principal.user_id, principal.public_id) == (bob.pk, bob.public_id)
    assert (principal.name, principal.role) == ("Bob", "member")
    assert principal.session_hash == secret_hash(key_of(client))
    assert key_of(client) not in repr(principal)


def test_a_cookie_costs_two_queries_and_a_token_one(
    bob: User, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    cookie, bearer = key_of(client_of(bob)), Token.issue(bob)
    with django_assert_num_queries(2):  # type: ignore[operator] # a callable fixture
        principal_of(cookie=cookie, bearer=None)
    with django_assert_num_queries(1):  # type: ignore[operator] # a callable fixture
        principal_of(cookie=cookie, bearer=bearer)


def test_many_sockets_are_looked_at_again_with_three_queries(
    alice: User, bob: User, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    here, there = client_of(bob), client_of(alice)
    token = principal_of(cookie=None, bearer=Token.issue(bob))
    lost = principal_of(cookie=None, bearer=Token.issue(alice, name="lost"))
    assert token is not None
    assert lost is not None
    stays, ends = principal_in(here), principal_in(there)
    Token.objects.filter(name="lost").delete()
    there.logout()
    with django_assert_num_queries(3):  # type: ignore[operator] # a callable fixture
        assert sessions.valid_among([token, lost, stays, ends]) == {token, stays}


def test_a_bad_token_hides_a_good_cookie(bob: User) -> None:
    cookie = key_of(client_of(bob))
    assert principal_of(cookie=cookie, bearer="") is None
    assert principal_of(cookie=cookie, bearer="lc_wrong") is None


def test_no_spelling_of_a_token_but_its_own_is_taken(bob: User) -> None:
    token = Token.issue(bob)
    good = principal_of(cookie=None, bearer=token)
    assert good is not None
    assert good.user_id == bob.pk
    stored = Token.objects.get().secret_hash
    for wrong in (
        "",
        "lc_",
        "null",
        "[]",
        token[:-1],
        token[3:],
        token + " ",
        " " + token,
        token + "\n",
        token.swapcase(),
        token + "\x00",
        token + "\ud800",
        stored,
        "lc_" + stored,
        "x" * 1_000_000,
    ):
        assert principal_of(cookie=None, bearer=wrong) is None


@hypothesis_settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rubbish=st.text(max_size=80))
def test_rubbish_is_nobody(db: None, rubbish: str) -> None:
    assert principal_of(cookie=rubbish, bearer=None) is None
    assert principal_of(cookie=None, bearer=rubbish) is None


def test_a_session_row_that_was_forged_is_nobody(bob: User) -> None:
    logging.disable(logging.WARNING)
    later = timezone.now() + timedelta(days=1)
    Session.objects.create(session_key="f" * 32, session_data="x:y", expire_date=later)
    assert principal_of(cookie="f" * 32, bearer=None) is None
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("active", [True, False])
def test_only_active_users_are_anybody(bob: User, active: bool) -> None:
    cookie, bearer = key_of(client_of(bob)), Token.issue(bob)
    User.objects.filter(pk=bob.pk).update(is_active=active)
    assert (principal_of(cookie=cookie, bearer=None) is not None) is active
    assert (principal_of(cookie=None, bearer=bearer) is not None) is active


def test_an_expired_session_is_nobody(bob: User) -> None:
    cookie = key_of(client_of(bob))
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert principal_of(cookie=cookie, bearer=None) is None


@pytest.mark.parametrize(
    ("headers", "bearer"),
    [
        ([], None),
        ([(b"authorization", b"Bearer abc")], "abc"),
        ([(b"Authorization", b"bearer abc")], "abc"),
        ([(b"authorization", b"Basic abc")], ""),
        ([(b"authorization", b"")], ""),
        ([(b"authorization", b"\xff\xfe")], ""),
        ([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer a")], ""),
    ],
)
def test_the_bearer_is_read_from_one_header(
    headers: list[tuple[bytes, bytes]], bearer: str | None
) -> None:
    assert sessions.bearer_of(headers) == bearer


@pytest.mark.parametrize(
    ("cookie", "key"),
    [
        (b"sessionid=abc", "abc"),
        (b"theme=dark; sessionid=abc; x", "abc"),
        (b"sessionid=abc; sessionid=abd", None),
        (b"SESSIONID=abc", None),
        (b"xsessionid=abc", None),
        (b"", None),
        (b";;=;\xff", None),
    ],
)
def test_the_cookie_is_read_when_there_is_one(cookie: bytes, key: str | None) -> None:
    name = settings.SESSION_COOKIE_NAME.encode()
    value = cookie.replace(b"sessionid", name)
    assert sessions.cookie_of([(b"cookie", value)]) == key
    assert sessions.cookie_of([(b"cookie", value), (b"cookie", name + b"=z")]) in {
        None,
        "z",
    }


def test_log_out_ends_this_session_and_no_other(bob: User) -> None:
    here, there = client_of(bob), client_of(bob)
    ended, stays = principal_in(here), principal_in(there)
    follower = sessions.Follower()
    follower.start()

    here.post("/accounts/logout/")

    assert not Session.objects.filter(session_key=ended.session_key).exists()
    [revocation] = follower.news()
    assert sessions.ends(revocation, ended)
    assert not sessions.ends(revocation, stays)
    assert not sessions.still_valid(ended)
    assert sessions.still_valid(stays)


def test_a_new_password_ends_the_other_sessions(bob: User) -> None:
    here, there = client_of(bob), client_of(bob)
    other = principal_in(there)
    form = {
        "oldpassword": PASSWORD,
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert newest_revocation_ends(other)
    assert not sessions.still_valid(other)
    assert sessions.still_valid(principal_in(here))
    assert there.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200


def test_a_reset_by_link_ends_every_session_and_works_once(bob: User) -> None:
    there = client_of(bob)
    other = principal_in(there)
    link, client = password_path(bob), Client()
    form_path = client.get(link)["Location"]
    assert "set-password" in form_path
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(form_path, form).status_code == 302

    bob.refresh_from_db()
    assert bob.check_password(NEW_PASSWORD)
    assert newest_revocation_ends(other)
    assert not sessions.still_valid(other)
    assert "Location" not in Client().get(link)


def test_after_all_sessions_ended_one_may_sign_in_again(bob: User) -> None:
    before = principal_in(client_of(bob))
    sessions.end_all_sessions(bob)
    after = principal_in(client_of(User.objects.get(pk=bob.pk)))
    assert newest_revocation_ends(before)
    assert not newest_revocation_ends(after)
    assert sessions.still_valid(after)
    assert not sessions.still_valid(before)


def test_the_end_of_all_sessions_leaves_those_of_others(bob: User, alice: User) -> None:
    hers = client_of(alice)
    sessions.end_all_sessions(bob)
    assert sessions.still_valid(principal_in(hers))


def test_a_deleted_token_ends_its_sockets(bob: User) -> None:
    principal = principal_of(cookie=None, bearer=Token.issue(bob))
    assert principal is not None
    assert sessions.still_valid(principal)
    bob.tokens.all().delete()
    assert newest_revocation_ends(principal)
    assert not sessions.still_valid(principal)


def test_deactivation_ends_sessions_and_tokens(bob: User) -> None:
    client, bearer = client_of(bob), Token.issue(bob)
    principal = principal_in(client)
    actions.deactivate(bob)
    assert newest_revocation_ends(principal)
    assert principal_of(cookie=None, bearer=bearer) is None
    assert not Token.objects.exists()
    assert client.get("/profile/").status_code == 302


def test_a_deleted_account_leaves_word_for_its_sockets(bob: User) -> None:
    by_cookie = principal_in(client_of(bob))
    by_token = principal_of(cookie=None, bearer=Token.issue(bob))
    assert by_token is not None
    bob.delete()
    rows = sessions.Follower().news()
    assert any(sessions.ends(row, by_cookie) for row in rows)
    assert any(sessions.ends(row, by_token) for row in rows)
    assert not sessions.still_valid(by_cookie)
    assert not sessions.still_valid(by_token)


def test_ending_a_session_that_is_not_there_changes_nothing(db: None) -> None:
    sessions.end_session("0" * 32)
    assert sessions.Follower().news() == []


def keys_of_news(follower: sessions.Follower) -> list[int]:
    return [row.pk for row in follower.news()]


def test_revocations_come_once_and_in_order_and_old_ones_go(bob: User) -> None:
    follower = sessions.Follower()
    for _ in range(3):
        sessions.revoke(bob.pk, session_hash="a" * 64)
    first, second, third = keys_of_news(follower)
    assert first < second < third
    follower.done(follower.news()[0])
    assert keys_of_news(follower) == [second, third]
    follower.start()
    assert keys_of_news(follower) == []

    Revocation.objects.update(created_at=timezone.now() - timedelta(days=2))
    sessions.revoke(bob.pk, epoch=1)
    assert Revocation.objects.count() == 1


def test_a_revocation_that_commits_behind_a_higher_one_comes_all_the_same(
    bob: User,
) -> None:
    follower = sessions.Follower(last=3)
    fields: dict[str, Any] = {"user": bob, "session_hash": "a" * 64}
    follower.done(Revocation.objects.create(pk=9, **fields))
    late = Revocation.objects.create(pk=8, **fields)
    assert follower.news() == [late]
    follower.done(late)
    assert follower.news() == []
    assert follower.count == 2


def test_a_revocation_long_below_the_last_is_not_read_again(bob: User) -> None:
    follower = sessions.Follower()
    fields: dict[str, Any] = {
        "user": bob,
        "created_at": timezone.now() - 2 * sessions.LATE_COMMIT,
    }
    Revocation.objects.create(pk=7, **fields)
    follower.done(Revocation.objects.create(pk=8, **fields))
    assert follower.news() == []


@pytest.mark.skipif(not POSTGRES_URL, reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_of_two_revocations_that_meet_both_come(bob: User) -> None:
    follower, written, go_on = sessions.Follower(), Event(), Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                sessions.revoke(bob.pk, session_hash="a" * 64)
                written.set()
                go_on.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(slowly)
        assert written.wait(20)
        sessions.revoke(bob.pk, session_hash="b" * 64)
        [quick] = follower.news()
        follower.done(quick)
        go_on.set()
        slow.result(20)
    [late] = follower.news()
    assert late.pk < quick.pk


def test_a_password_set_by_the_command_line_ends_sessions(bob: User) -> None:
    principal = principal_in(client_of(bob))
    bob.set_password(NEW_PASSWORD)
    bob.save()
    call_command("clearsessions")
    assert not sessions.still_valid(principal)
