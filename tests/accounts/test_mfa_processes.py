"""What log-ins remember, over two processes: this one and the running site's."""

from urllib.parse import urlencode

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from accounts.models import User
from tests.accounts.test_mfa import code_of, is_in, with_password
from tests.chat.asking import ask
from tests.conftest import PASSWORD
from tests.live import Live

CSRF = "t" * 32
FORM = "application/x-www-form-urlencoded"


def send_code(live: Live, client: Client, code: str) -> None:
    """Send the code to the site's own process, in the session that `client` began."""
    session = client.cookies["sessionid"].value
    headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "Origin": live.url}
    form = urlencode({"code": code, "csrfmiddlewaretoken": CSRF}).encode()
    path = "/accounts/2fa/authenticate/"
    headers |= {"Content-Type": FORM}
    assert ask(live, path, method="POST", body=form, headers=headers).status != 403


def test_a_code_that_was_used_here_is_used_in_every_process(live: Live) -> None:
    user = User.objects.create_user("dora@example.org", PASSWORD, display_name="Dora")
    secret = str(totp.generate_totp_secret())
    totp.TOTP.activate(user, secret)
    first, second, third = (with_password(user) for _ in range(3))
    used = code_of(secret)
    first.post("/accounts/2fa/authenticate/", {"code": used})
    assert is_in(first)
    send_code(live, second, used)
    assert user.devices.count() == 1
    send_code(live, third, code_of(secret, steps=1))
    assert user.devices.count() == 2
