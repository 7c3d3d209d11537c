"""Web push's encryption and signature, by the example of its RFC."""

import secrets

import pytest

from livechat.env import new_private_key
from livechat.lib import webpush
from livechat.lib.webpush import BadKey, Receiver, decoded, encoded
from tests.push.browser import AUTH, P256DH, opened
from tests.push.service import claims_of

# RFC 8291, section 5 and appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
POINT = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6S"
    "RpkNtoIAiw4"
)
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6"
    "e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZ"
    "wbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_comes_out_to_the_byte() -> None:
    receiver = webpush.receiver_of(POINT, "BTBZMqHH6r4Tts7J_aSIgg")
    salt = decoded("DGv6ra1nlYgDCS1FRnbzlw")
    body = webpush.sealed(TEXT, receiver, salt=salt, sender=webpush.private_key(SENDER))
    assert encoded(body) == BODY


@pytest.mark.parametrize("length", [0, 1, webpush.PAYLOAD_MAX_BYTES])
def test_a_browser_reads_what_was_sealed_for_it(length: int) -> None:
    payload = secrets.token_bytes(length)
    body = webpush.sealed(payload, Receiver(decoded(P256DH), AUTH))
    assert opened(body) == payload
    assert len(body) <= 4096


def test_a_payload_that_does_not_fit_is_not_sealed() -> None:
    receiver = Receiver(decoded(P256DH), AUTH)
    with pytest.raises(ValueError, match="does not fit"):
        webpush.sealed(bytes(webpush.PAYLOAD_MAX_BYTES + 1), receiver)


def test_two_letters_of_the_same_text_have_nothing_in_common() -> None:
    receiver = Receiver(decoded(P256DH), AUTH)
    one, other = webpush.sealed(TEXT, receiver), webpush.sealed(TEXT, receiver)
    assert one[:16] != other[:16]
    assert one[21:86] != other[21:86]


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        ("x", "y"),
        (P256DH, ""),
        (P256DH, encoded(bytes(15))),
        (P256DH[:-4], encoded(AUTH)),
        (encoded(bytes(65)), encoded(AUTH)),
        (encoded(b"\x04" + bytes(64)), encoded(AUTH)),  # not on the curve
        (encoded(decoded(P256DH)[:33]), encoded(AUTH)),
        ("ü" * 87, encoded(AUTH)),
        (P256DH.replace(P256DH[5], "+"), encoded(AUTH)),
    ],
)
def test_keys_of_no_browser_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadKey):
        webpush.receiver_of(p256dh, auth)


def test_the_authorization_is_signed_by_the_key_that_browsers_know() -> None:
    scalar = new_private_key()
    header = webpush.authorization(scalar, "https://push.example", "mailto:a@b.c", 7.5)
    claims, key = claims_of(header)
    assert key == webpush.public_key(scalar)
    assert claims == {
        "aud": "https://push.example",
        "exp": 7 + 12 * 3600,
        "sub": "mailto:a@b.c",
    }
