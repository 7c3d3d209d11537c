"""Messages that are reported: who may, who sees it, what is done, and who is told."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from chat.changes import NotPossible
from chat.directs import begin_direct
from chat.models import Membership, Message, Room
from chat.moderation_tables import AuditEntry, Report
from chat.reports import open_reports, report, settle
from chat.room_settings import update_room
from tests.chat.pages import client_of, fill, room_of


@pytest.fixture
def lounge(bob: User, charlie: User) -> Room:
    """bob's; charlie has written three messages in it. alice runs the site."""
    room = room_of(bob, charlie)
    fill(room, charlie, 3)
    return room


@pytest.fixture
def dora(lounge: Room) -> User:
    user = User.objects.create_user("dora@example.org", display_name="Dora")
    Membership.objects.create(room=lounge, user=user)
    return user


def text_of(room: Room, seq: int) -> str:
    return Message.objects.get(room=room, seq=seq).body


def test_a_member_reports_by_the_page_and_is_told_what_came_of_it(
    lounge: Room, bob: User, dora: User
) -> None:
    client, address = client_of(dora), f"/rooms/{lounge.public_id}"
    assert "text 2" in client.get(f"{address}/reports/new").content.decode()
    page = client.get(f"{address}/messages/2/report").content.decode()
    assert "text 2" in page
    form = {"reason": "abuse", "note": "  Very\u00a0rude "}
    for _ in range(2):  # a second time changes nothing
        answer = client.post(f"{address}/messages/2/report", form)
        assert answer.headers["Location"] == "/reports/own"
    made = Report.objects.get()
    assert (made.reason, made.note, made.outcome) == ("abuse", "Very rude", "")
    assert "not looked at yet" in client.get("/reports/own").content.decode()
    queue = client_of(bob).get(f"{address}/reports").content.decode()
    assert "text 2" in queue
    assert "Very rude" in queue
    assert "Dora" not in queue  # who reported is nobody's to know
    client_of(bob).post(f"{address}/reports/{made.pk}", {"outcome": "deleted"})
    assert text_of(lounge, 2) == ""
    assert "the message was deleted" in client.get("/reports/own").content.decode()
    assert "Nothing is waiting" in (
        client_of(bob).get(f"{address}/reports").content.decode()
    )


def test_a_deletion_by_report_is_a_change_of_the_log(
    lounge: Room, bob: User, dora: User
) -> None:
    made = report(dora, lounge, 2, reason="spam")
    settle(bob, made.pk, lounge, "deleted")
    room, message = Room.objects.get(), Message.objects.get(room=lounge, seq=2)
    assert (room.last_seq, room.last_changed_seq) == (3, 4)
    assert (message.changed_seq, message.first_changed_seq) == (4, 2)
    assert message.deleted_at is not None
    said = AuditEntry.objects.get().sentence
    assert said == "Bob deleted a reported message of Charlie."
    settle(bob, made.pk, lounge, "dismissed")  # too late
    assert Report.objects.get().outcome == "deleted"
    assert Room.objects.get().last_changed_seq == 4


def test_muting_by_report_is_a_mute_like_any_other(
    lounge: Room, bob: User, charlie: User, dora: User
) -> None:
    made = report(dora, lounge, 1, reason="spam")
    settle(bob, made.pk, lounge, "muted")
    assert lounge.memberships.get(user=charlie).is_muted
    assert Message.objects.get(room=lounge, seq=4).body == "Bob muted Charlie."
    assert text_of(lounge, 1) == "text 1"


def test_all_reports_of_a_message_are_settled_at_once(
    lounge: Room, bob: User, dora: User
) -> None:
    eve = User.objects.create_user("eve@example.org", display_name="Eve")
    Membership.objects.create(room=lounge, user=eve)
    made = report(dora, lounge, 1, reason="spam")
    report(eve, lounge, 1, reason="abuse")
    settle(bob, made.pk, lounge, "dismissed")
    assert list(Report.objects.values_list("outcome", flat=True)) == ["dismissed"] * 2


def test_nobody_decides_about_a_message_of_their_own(
    lounge: Room, bob: User, charlie: User, dora: User, alice: User
) -> None:
    Membership.objects.filter(user=charlie).update(role="moderator")
    made = report(dora, lounge, 1, reason="spam")
    assert not open_reports(charlie, lounge).exists()
    with pytest.raises(Http404):
        settle(charlie, made.pk, lounge, "dismissed")
    assert Report.objects.get().outcome == ""
    with pytest.raises(NotPossible, match="This message is yours"):
        report(charlie, lounge, 1, reason="spam")


def test_who_may_not_report_and_what_cannot_be_reported(
    lounge: Room, bob: User, dora: User, alice: User
) -> None:
    with pytest.raises(PermissionDenied):  # reads along, and does not belong
        report(alice, lounge, 1, reason="spam")
    with pytest.raises(Http404):
        report(dora, lounge, 9, reason="spam")
    update_room(bob, lounge, topic="Now a line of the log")
    with pytest.raises(NotPossible, match="nothing to report"):
        report(dora, Room.objects.get(), 4, reason="spam")
    assert not Report.objects.exists()


def test_what_is_not_a_members_to_read_is_not_theirs_to_report(
    lounge: Room, dora: User
) -> None:
    Membership.objects.filter(user=dora).update(reads_from_seq=3)
    with pytest.raises(Http404):
        report(dora, lounge, 2, reason="spam")
    assert report(dora, lounge, 3, reason="spam").message.seq == 3


@pytest.mark.parametrize(
    "form",
    [{}, {"reason": "boredom"}, {"reason": "spam", "note": "x" * 301}],
)
def test_a_report_without_sense_is_refused(
    lounge: Room, dora: User, form: dict[str, str]
) -> None:
    address = f"/rooms/{lounge.public_id}/messages/1/report"
    answer = client_of(dora).post(address, form)
    assert answer.status_code == 422
    assert not Report.objects.exists()


@pytest.mark.parametrize("outcome", ["", "shot", "resolved_at"])
def test_an_outcome_without_sense_is_refused(
    lounge: Room, bob: User, dora: User, outcome: str
) -> None:
    made = report(dora, lounge, 1, reason="spam")
    address = f"/rooms/{lounge.public_id}/reports/{made.pk}"
    assert client_of(bob).post(address, {"outcome": outcome}).status_code == 422
    assert Report.objects.get().outcome == ""


def test_a_report_of_another_room_is_not_settled_through_ones_own(
    lounge: Room, dora: User
) -> None:
    made = report(dora, lounge, 1, reason="spam")
    own = room_of(dora, name="Own")
    address = f"/rooms/{own.public_id}/reports/{made.pk}"
    answer = client_of(dora).post(address, {"outcome": "deleted"})
    assert answer.status_code == 404
    assert text_of(lounge, 1) == "text 1"
    assert Report.objects.get().outcome == ""


# The site's queue


def direct_report(bob: User, charlie: User) -> tuple[Room, Report]:
    room, _ = begin_direct(bob, [charlie])
    fill(room, charlie, 2)
    return room, report(bob, room, 1, reason="abuse")


def test_an_admin_of_the_site_sees_of_a_direct_message_what_was_reported(
    alice: User, bob: User, charlie: User
) -> None:
    room, made = direct_report(bob, charlie)
    client = client_of(alice)
    page = client.get("/reports").content.decode()
    assert "text 1" in page
    assert "text 2" not in page
    assert room.public_id not in page
    assert "Mute" not in page
    client.post(f"/reports/{made.pk}", {"outcome": "muted"})
    assert "delete the message, or leave it" in client.get("/reports").content.decode()
    client.post(f"/reports/{made.pk}", {"outcome": "deleted"})
    assert (text_of(room, 1), text_of(room, 2)) == ("", "text 2")
    assert client.get(f"/rooms/{room.public_id}/").status_code == 404


def test_the_sites_queue_is_not_there_for_others(bob: User, charlie: User) -> None:
    room, made = direct_report(bob, charlie)
    for user in (bob, charlie):
        assert client_of(user).get("/reports").status_code == 404
        form: dict[str, Any] = {"outcome": "deleted"}
        address = f"/reports/{made.pk}"
        assert client_of(user).post(address, form).status_code == 404
    assert text_of(room, 1) == "text 1"
