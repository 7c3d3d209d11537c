"""Links with a secret in them: each is shown once, and only its hash is stored."""

from urllib.parse import quote

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Invite, User, secret_hash

# Where a visitor's session keeps the hash of the invite that they came by.
SESSION_FIELD = "invite"


def password_path(user: User) -> str:
    """The path where the user chooses a new password, once, within an hour.

    It is worthless after use, after any new password, address or log-in of theirs.
    """
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    # allauth's address takes the key in two parts, which it joins with a hyphen.
    path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
    return str(path.replace("UID-KEY", quote(key)))


def invite_path(code: str) -> str:
    """The path that a guest opens to sign up."""
    return reverse("invite", args=[code])


def remember_invite(request: HttpRequest, code: str) -> bool:
    """Keep the invite in the visitor's session; False when it is not usable."""
    code_hash = secret_hash(code)
    if not Invite.objects.usable().filter(code_hash=code_hash).exists():
        return False
    request.session[SESSION_FIELD] = code_hash
    return True


def invite_of(request: HttpRequest) -> Invite | None:
    """The usable invite that the visitor came by (one query if they did)."""
    code_hash = request.session.get(SESSION_FIELD)
    if not code_hash:
        return None
    invites = Invite.objects.usable().select_related("created_by")
    return invites.filter(code_hash=code_hash).first()
