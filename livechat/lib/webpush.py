"""Web push by its RFCs: what only one browser can read, and a word of who sends it.

8291 and 8188 say how a payload is encrypted for a browser, 8292 how the push service
knows that the sender is the site that the browser has subscribed to (VAPID).
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from livechat.lib.words import marked

CURVE = ec.SECP256R1()
RECORD_BYTES = 4096  # of one record; a push service takes no larger body
POINT_BYTES = 65  # of a public key, not compressed
AUTH_BYTES = 16
SALT_BYTES = 16
HEAD_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
PAYLOAD_MAX_BYTES = RECORD_BYTES - HEAD_BYTES - 16 - 1  # the tag, the last record's 2
TOKEN_LIFETIME_S = 12 * 3600  # of a VAPID token; services refuse more than a day


class BadKey(ValueError):  # noqa: N818 - it names what is wrong, as a sentence
    """A key that no browser would have given."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A browser's two secrets: its point on the curve (65 bytes), and 16 bytes more."""

    point: bytes
    auth: bytes


def receiver_of(p256dh: str, auth: str) -> Receiver:
    """The browser's keys as it writes them, base64url.

    Raises:
        BadKey: they are no point of the curve, or no 16 bytes.
    """
    try:
        receiver = Receiver(decoded(p256dh), decoded(auth))
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver.point)
    except ValueError as error:
        raise BadKey(
            marked("The keys are not those of a browser's subscription.")
        ) from error
    if (len(receiver.point), len(receiver.auth)) != (POINT_BYTES, AUTH_BYTES):
        raise BadKey(marked("The keys are not those of a browser's subscription."))
    return receiver


def sealed(
    payload: bytes,
    receiver: Receiver,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The payload, at most PAYLOAD_MAX_BYTES, as one aes128gcm record (RFC 8291, 3).

    `salt` and `sender` are made anew for each; they are there for the RFC's example.
    """
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise ValueError(f"a payload of {len(payload)} bytes does not fit a record")
    salt = salt or os.urandom(SALT_BYTES)
    sender = sender or ec.generate_private_key(CURVE)
    own = point_of(sender)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver.point)
    info = b"WebPush: info\0" + receiver.point + own
    secret = _hkdf(receiver.auth, sender.exchange(ec.ECDH(), theirs), info, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own)]) + own
    return head + AESGCM(key).encrypt(nonce, payload + b"\x02", None)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


@cache
def private_key(scalar: str) -> ec.EllipticCurvePrivateKey:
    """The site's key from the 32 bytes (base64url) that the setting or file holds.

    Raises:
        BadKey: it is no number that a key of this curve can be.
    """
    try:
        return ec.derive_private_key(int.from_bytes(decoded(scalar), "big"), CURVE)
    except ValueError as error:
        raise BadKey("expected 32 bytes in base64url, a P-256 private key") from error


def public_key(scalar: str) -> str:
    """What a browser needs to subscribe (`applicationServerKey`), base64url."""
    return encoded(point_of(private_key(scalar)))


def authorization(scalar: str, audience: str, subject: str, now_s: float) -> str:
    """The Authorization header for a push service with this origin (RFC 8292, 3)."""
    claims = {"aud": audience, "exp": int(now_s) + TOKEN_LIFETIME_S, "sub": subject}
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    signed = ".".join(encoded(json.dumps(one).encode()) for one in parts)
    der = private_key(scalar).sign(signed.encode(), ec.ECDSA(SHA256()))
    r, s = decode_dss_signature(der)
    signature = encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={public_key(scalar)}"


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The 65 bytes of its public half."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(data: bytes) -> str:
    """base64url without the `=` at its end."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url with or without its `=`.

    Raises:
        ValueError: it has other characters.
    """
    data = text.rstrip("=").encode("ascii")
    if not data.replace(b"-", b"").replace(b"_", b"").isalnum():
        raise ValueError("not base64url")
    return urlsafe_b64decode(data + b"=" * (-len(data) % 4))
