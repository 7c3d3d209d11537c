"""A browser's half of web push: its subscription, and how it reads what comes."""

import secrets
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from livechat.lib.webpush import CURVE, decoded, encoded, point_of
from livechat.push.models import Subscription, endpoint_hash

# The same in each process, as test ids are made from it.
KEY = ec.derive_private_key(0xB0B, CURVE)
AUTH = bytes(range(16))
P256DH = encoded(point_of(KEY))


def new_endpoint(origin: str = "https://push.example.org") -> str:
    """An address that no other browser has."""
    return f"{origin}/send/{secrets.token_urlsafe(12)}"


def told_by_browser(endpoint: str = "", **keys: str) -> dict[str, Any]:
    """`PushSubscription.toJSON()` of this browser."""
    return {
        "endpoint": endpoint or new_endpoint(),
        "expirationTime": None,
        "keys": {"p256dh": P256DH, "auth": encoded(AUTH), **keys},
    }


def session_of(user: User) -> Session:
    """A session's row that has not ended."""
    return Session.objects.create(
        session_key=secrets.token_hex(16),
        session_data="",
        expire_date=timezone.now() + timedelta(days=1),
    )


def subscribed(
    user: User, endpoint: str = "", session: Session | None = None
) -> Subscription:
    """A subscription of the user, stored as if the page had sent it."""
    endpoint = endpoint or new_endpoint()
    return Subscription.objects.create(
        user=user,
        session=session,
        endpoint=endpoint,
        endpoint_hash=endpoint_hash(endpoint),
        p256dh=P256DH,
        auth=encoded(AUTH),
        name="Firefox on Linux",
    )


def opened(body: bytes) -> bytes:
    """What a body says to this browser (RFC 8291, from the receiver's side)."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    point, record = body[21 : 21 + length], body[21 + length :]
    assert len(record) <= size
    assert len(body) <= 4096
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    info = b"WebPush: info\0" + decoded(P256DH) + point
    secret = HKDF(SHA256(), 32, AUTH, info).derive(KEY.exchange(ec.ECDH(), theirs))
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
    assert plain[-1:] == b"\x02", "not marked as the last record"
    return plain[:-1]
