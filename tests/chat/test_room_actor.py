"""The rules of one room, decided over values alone: no database, no Redis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat.desk import Body, Desk, Sender
from chat.inbox import DeleteIntent, EditIntent, PostIntent, Write
from chat.models import Message, Room
from chat.room import Registry, RoomActor
from livechat.lib import limits
from livechat.lib.token_bucket import Level, Rate

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALICE, BOB, CHARLIE = 1, 2, 3


def _intent(user: int = ALICE, **fields: object) -> PostIntent:
    values = {
        "room": 7,
        "user": user,
        "epoch": 0,
        "client_id": uuid4(),
        "body": "hello",
        "reply_to": None,
        "process": "p",
        "address": "a",
        "ref": "r",
        **fields,
    }
    return PostIntent(**values)  # type: ignore[arg-type]  # a test's free fields


def _desk(
    intents: Sequence[Write],
    *,
    room: Room | None = None,
    bodies: Sequence[Body] | None = None,
    tokens: float = 10,
    now: datetime = NOW,
) -> Desk:
    texts = [getattr(one, "body", "") for one in intents]
    made = bodies or [Body(text, html=f"<p>{text}</p>") for text in texts]
    people = {
        pk: Sender(User(pk=pk, epoch=0), Level(tokens, now.timestamp()))
        for pk in (ALICE, BOB, CHARLIE)
    }
    return Desk(
        room=room or Room(pk=7, public_id="room", last_seq=0, last_changed_seq=0),
        roles={ALICE: "member", BOB: "member"},
        senders=people,
        epoch=3,
        first_changed_seq=0,
        bodies=dict(zip(intents, made, strict=True)),
        rate=Rate(10, 1),
        now=now,
    )


def _codes(intents: Sequence[Write], desk: Desk) -> list[str]:
    actor = RoomActor()
    return [actor.decide(one, desk).code for one in intents]


def test_messages_are_numbered_in_the_order_in_which_they_come() -> None:
    intents = [_intent(user) for user in (ALICE, BOB, ALICE)]
    desk = _desk(intents, room=Room(pk=7, last_seq=4, last_changed_seq=9))
    answers = [RoomActor().decide(one, desk) for one in intents]
    assert [(one.seq, one.changed_seq) for one in answers] == [
        (5, 10),
        (6, 11),
        (7, 12),
    ]
    assert [one.seq for one in desk.new.values()] == [5, 6, 7]
    assert (desk.room.last_seq, desk.room.last_changed_seq) == (7, 12)


def test_an_answer_finds_its_sender() -> None:
    intent = _intent(address="socket", ref="mine")
    answer = RoomActor().decide(intent, _desk([intent]))
    assert (answer.address, answer.ref, answer.room) == ("socket", "mine", "room")
    assert answer.client_id == str(intent.client_id)


@pytest.mark.parametrize(
    ("user", "private", "code"),
    [
        (CHARLIE, False, "forbidden"),
        (CHARLIE, True, "no_room"),
        (99, False, "forbidden"),  # nobody
    ],
)
def test_who_does_not_belong_stores_nothing(
    user: int, private: bool, code: str
) -> None:
    intent = _intent(user)
    desk = _desk([intent], room=Room(pk=7, is_private=private))
    assert _codes([intent], desk) == [code]
    assert not desk.new


@pytest.mark.parametrize("lost", ["muted", "left a public room"])
def test_what_was_stored_is_acked_again_to_who_may_write_no_more(lost: str) -> None:
    """The first ack may have been lost; a refusal would be untrue."""
    intent, new = _intent(), _intent()
    desk = _desk([intent, new])
    first = RoomActor().decide(intent, desk)
    if lost == "muted":
        desk.muted.add(ALICE)
    else:
        del desk.roles[ALICE]
    again = RoomActor().decide(intent, desk)
    assert (again.code, again.seq, again.repeated) == ("", first.seq, True)
    assert _codes([new], desk) == ["forbidden"]
    assert len(desk.new) == 1


@pytest.mark.parametrize("lost", ["session", "account", "private room", "banned"])
def test_nothing_is_told_of_what_was_stored_to_who_may_not_see_it(lost: str) -> None:
    intent = _intent()
    desk = _desk([intent])
    RoomActor().decide(intent, desk)
    del desk.roles[ALICE]
    if lost == "session":
        desk.senders[ALICE].user.epoch += 1
    elif lost == "account":
        desk.senders[ALICE].user.is_active = False
    elif lost == "banned":
        desk.banned.add(ALICE)
    else:
        desk.room.is_private = True
    answer = RoomActor().decide(intent, desk)
    assert (bool(answer.code), answer.seq) == (True, 0)


def test_a_session_that_ended_or_a_dead_account_is_refused() -> None:
    old, dead = _intent(ALICE, epoch=3), _intent(BOB)
    desk = _desk([old, dead])
    desk.senders[BOB].user.is_active = False
    assert _codes([old, dead], desk) == ["forbidden", "forbidden"]


def test_a_text_that_is_refused_costs_no_token() -> None:
    intent = _intent()
    desk = _desk([intent], bodies=[Body("", code="empty", message="Write something.")])
    assert _codes([intent], desk) == ["empty"]
    assert not desk.senders[ALICE].spent


@pytest.mark.parametrize(("reply_to", "code"), [(0, "no_message"), (3, "no_message")])
def test_a_reply_needs_a_message(reply_to: int, code: str) -> None:
    intent = _intent(reply_to=reply_to)
    desk = _desk([intent], room=Room(pk=7, last_seq=2))
    assert _codes([intent], desk) == [code]


def test_a_reply_may_answer_a_message_of_the_same_batch() -> None:
    intents = [_intent(), _intent(reply_to=1)]
    assert _codes(intents, _desk(intents)) == ["", ""]


def test_an_empty_bucket_tells_how_long_to_wait_and_holds_nobody_else_up() -> None:
    intents = [_intent(ALICE), _intent(ALICE), _intent(BOB)]
    desk = _desk(intents, tokens=1)
    actor = RoomActor()
    answers = [actor.decide(one, desk) for one in intents]
    assert [one.code for one in answers] == ["", "rate_limited", ""]
    assert answers[1].retry_after_ms == 1001
    assert answers[1].body == "hello"
    assert [one.seq for one in desk.new.values()] == [1, 2]


def test_a_repeat_gives_the_same_numbers_and_costs_nothing() -> None:
    intent = _intent()
    desk = _desk([intent], tokens=1)
    actor = RoomActor()
    first, second = actor.decide(intent, desk), actor.decide(intent, desk)
    assert (first.seq, first.repeated) == (1, False)
    assert (second.seq, second.code, second.repeated) == (1, "", True)
    assert len(desk.new) == 1


def test_a_client_id_for_another_text_is_refused_and_the_first_text_stands() -> None:
    key: UUID = uuid4()
    intents = [_intent(client_id=key), _intent(client_id=key, body="other")]
    desk = _desk(intents)
    assert _codes(intents, desk) == ["", "key_reused"]
    assert [one.body for one in desk.new.values()] == ["hello"]


def test_a_muted_member_is_told_so_and_others_write_on() -> None:
    intents = [_intent(ALICE), _intent(BOB)]
    desk = _desk(intents)
    desk.muted.add(BOB)
    assert _codes(intents, desk) == ["", "forbidden"]
    assert [one.author_id for one in desk.new.values()] == [ALICE]


def test_to_who_is_banned_a_public_room_is_none() -> None:
    intents = [_intent(CHARLIE), _intent(CHARLIE)]
    desk = _desk(intents)
    assert _codes(intents, desk) == ["forbidden", "forbidden"]
    desk.banned.add(CHARLIE)
    assert _codes(intents, desk) == ["no_room", "no_room"]


def test_two_people_may_use_the_same_client_id() -> None:
    key = uuid4()
    intents = [_intent(user, client_id=key) for user in (ALICE, BOB)]
    assert _codes(intents, _desk(intents)) == ["", ""]


def _continues(second: PostIntent, later: timedelta) -> bool:
    first = _intent(ALICE)
    actor = RoomActor()
    desk = _desk([first])
    actor.decide(first, desk)
    next_desk = _desk([second], room=desk.room, now=NOW + later)
    actor.decide(second, next_desk)
    return next_desk.states[0].continues


def test_messages_of_one_author_within_minutes_are_one_group() -> None:
    window = timedelta(seconds=limits.GROUP_WINDOW_S)
    assert _continues(_intent(ALICE), window - timedelta(seconds=1))
    assert not _continues(_intent(ALICE), window)
    assert not _continues(_intent(BOB), timedelta(seconds=1))
    assert not _continues(_intent(ALICE), timedelta(seconds=-1))


def test_a_system_message_begins_a_new_group() -> None:
    intent = _intent()
    room = Room(pk=7, last_seq=1, last_changed_seq=1)
    desk = _desk([intent], room=room)
    system = Message(seq=1, author_id=ALICE, kind="system", created_at=NOW)
    actor = RoomActor()
    actor.recent.begin(system)
    actor.decide(intent, desk)
    assert not desk.states[0].continues


def test_actors_without_work_are_dropped_and_made_again() -> None:
    now = [0.0]
    registry = Registry(clock=lambda: now[0])
    actor = registry.actor(7)
    now[0] = actor.used_at + limits.ROOM_IDLE_STOP_S - 1
    registry.stop_idle()
    assert registry.actor(7) is actor
    now[0] += 2
    registry.stop_idle()
    assert len(registry) == 0
    assert registry.actor(7) is not actor


def test_the_state_of_a_room_tells_numbers_and_counts_and_no_text() -> None:
    intents = [_intent(ALICE), _intent(BOB), _intent(CHARLIE)]
    desk = _desk(intents)
    actor = RoomActor()
    for intent in intents:
        actor.decide(intent, desk)
    state = actor.get_state(desk.room, member_count=2, epoch=3)
    assert (state.room, state.shard, state.epoch) == ("room", 7, 3)
    assert (state.last_seq, state.last_changed_seq, state.member_count) == (2, 2, 2)
    assert (state.recent, state.accepted, state.refused) == ((1, 2), 2, 1)
    assert "hello" not in str(state)


def test_an_actor_remembers_the_newest_messages_and_no_more() -> None:
    count = limits.ROOM_RECENT_MESSAGES + 2
    intents = [_intent() for _ in range(count)]
    desk = _desk(intents)
    desk.rate = Rate(count, count)
    desk.senders[ALICE].level = Level(count, NOW.timestamp())
    actor = RoomActor()
    for intent in intents:
        actor.decide(intent, desk)
    recent = actor.get_state(desk.room, member_count=2, epoch=3).recent
    assert recent == tuple(range(3, count + 1))


def test_an_actor_does_not_trust_its_memory_once_another_has_written() -> None:
    intent = _intent()
    desk = _desk([intent])
    actor = RoomActor()
    actor.decide(intent, desk)
    assert actor.recent.is_true_of(desk.room)
    desk.room.last_seq += 1  # somebody joined
    assert not actor.recent.is_true_of(desk.room)
    assert actor.get_state(desk.room, member_count=3, epoch=3).recent == ()
    actor.recent.begin(Message(seq=2, kind="system", created_at=NOW))
    assert actor.get_state(desk.room, member_count=3, epoch=3).recent == (2,)


def test_the_actors_that_were_used_last_come_first() -> None:
    registry = Registry()
    for room in (7, 8, 9):
        registry.actor(room).used_at = -room
    assert list(registry.last_used(2)) == [7, 8]


def _edit(seq: int, body: str, user: int = ALICE) -> EditIntent:
    return EditIntent(7, user, 0, seq, body, "p", "a", "r")


def _delete(seq: int, user: int = ALICE) -> DeleteIntent:
    return DeleteIntent(7, user, 0, seq, "p", "a", "r")


def test_each_state_of_a_message_is_told_as_it_was_and_the_last_one_is_stored() -> None:
    intents: list[Write] = [_intent(), _edit(1, "two"), _edit(1, "three"), _delete(1)]
    desk = _desk(intents)
    assert _codes(intents, desk) == [""] * 4
    told = [(one.changed_seq, one.body, one.html) for one in desk.states]
    assert told == [
        (1, "hello", "<p>hello</p>"),
        (2, "two", "<p>two</p>"),
        (3, "three", "<p>three</p>"),
        (4, "", ""),
    ]
    assert list(desk.new) == [1]
    assert desk.new[1] is desk.states[-1]
    assert not desk.changed
    assert (desk.new[1].created_changed_seq, desk.room.last_seq) == (1, 1)


def test_a_message_of_the_log_is_changed_and_not_stored_anew() -> None:
    intents: list[Write] = [_edit(1, "two")]
    desk = _desk(intents, room=Room(pk=7, last_seq=1, last_changed_seq=8))
    desk.found[1] = Message(seq=1, changed_seq=5, author=User(pk=ALICE), body="one")
    assert _codes(intents, desk) == [""]
    assert not desk.new
    assert desk.changed[1].changed_seq == 9
    assert desk.changed[1].created_changed_seq == 5
    assert desk.changed[1].edited_at == NOW


def test_an_edit_costs_a_token_and_neither_a_repeat_nor_a_deletion_does() -> None:
    intents: list[Write] = [
        _intent(),
        _edit(1, "two"),
        _edit(1, "two"),
        _edit(1, "three"),
        _delete(1),
    ]
    desk = _desk(intents, tokens=2)
    assert _codes(intents, desk) == ["", "", "", "rate_limited", ""]


def test_what_happened_in_a_room_is_nobodys_to_change() -> None:
    intents: list[Write] = [_edit(1, "x"), _delete(1)]
    desk = _desk(intents)
    desk.roles[ALICE] = "admin"
    desk.found[1] = Message(seq=1, changed_seq=1, author_id=ALICE, kind="system")
    assert _codes(intents, desk) == ["forbidden", "forbidden"]


def test_a_refused_change_names_its_message() -> None:
    answer = RoomActor().decide(_edit(4, "x"), _desk([_edit(4, "x")]))
    assert (answer.code, answer.seq, answer.client_id) == ("no_message", 4, "")
