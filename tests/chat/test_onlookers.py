"""What rooms say to a push about them: open, closed, or not to be seen any more."""

import pytest

from accounts.models import User
from chat import presence
from chat.onlookers import verdicts
from livechat.push.sender import Verdict
from tests.chat.pages import room_of


def meta(user: User, state: str = "online") -> dict[str, presence.Meta]:
    found = presence.Meta(
        ref=user.public_id, user=user.public_id, name="x", joined_at="", process="p",
        state=state,
    )  # fmt: skip
    return {found.ref: found}


@pytest.fixture
def nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "looking", lambda room: {})


@pytest.mark.usefixtures("nobody_is_there")
def test_who_may_see_the_room_is_told(alice: User, bob: User, charlie: User) -> None:
    private = room_of(alice, bob, is_private=True).public_id
    public = room_of(alice, name="Other").public_id
    pairs = {
        (user.pk, room) for user in (bob, charlie) for room in (private, public, "none")
    }
    found = verdicts(pairs)
    told = {pair for pair, verdict in found.items() if verdict is Verdict.SEND}
    assert told == {
        (bob.pk, private),
        (bob.pk, public),
        (charlie.pk, public),
    }
    assert found.keys() == told
    bob.is_active = False
    bob.save()
    assert verdicts({(bob.pk, public)}) == {}


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("online", Verdict.WAIT),
        ("invisible", Verdict.WAIT),
        ("dnd", Verdict.HOLD),
        ("idle", Verdict.SEND),
    ],
)
def test_who_has_the_room_open_waits(
    alice: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    verdict: Verdict,
) -> None:
    room = room_of(alice, bob).public_id
    monkeypatch.setattr(presence, "looking", lambda room: meta(bob, state))
    found = verdicts({(alice.pk, room), (bob.pk, room)})
    assert found == {(alice.pk, room): Verdict.SEND, (bob.pk, room): verdict}
