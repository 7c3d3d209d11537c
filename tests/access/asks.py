"""How each address of the matrix is asked: its parts, and a body that would do."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.signing import Signer
from django.urls import reverse
from django.utils import timezone

from tests.access.matrix import Row
from tests.access.world import World
from tests.conftest import PASSWORD
from tests.push.browser import told_by_browser

ABOUT_THE_TARGET = {"room_role", "room_mute", "room_removal", "room_ban", "api_member"}
ABOUT_A_MESSAGE = {
    "api_message",
    "api_message_links",
    "message_cards_end",
    "message_diagram",
    "message_diagram_frame",
    "api_message_reports",
    "api_reaction",
    "api_reactions",
    "message_report",
    "message_link",
    "message_reply",
    "message_menu",
    "message_versions",
    "message_reactions",
    "message_edit",
    "message_delete",
    "message_pin",
    "api_pin",
    "message_saved",
    "api_message_saved",
    "message_thread",
    "api_thread",
    "api_thread_read",
}

QUERIES = {
    "room_history": "?before=5",
    "room_suggest": "?kind=/&q=&at=1",
    "next_unread": "?way=down",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    method: str
    path: str
    form: dict[str, Any] | None = None
    json: dict[str, Any] | None = None


def ask_of(row: Row, world: World, role: str, room: str = "") -> Ask:
    """The request of this role for the row; `room` is the public id."""
    path = reverse(row.name, kwargs=_parts(row, world, role, room))
    path += QUERIES.get(row.name, "")
    body = _bodies(world, row).get((row.name, row.method))
    if row.name.startswith("api_"):
        return Ask(row.method, path, json=body)
    return Ask(row.method, path, form=body)


def none_of(row: Row) -> Ask | None:
    """The same for what is not there, where that has an address of its own."""
    if row.name == "join":
        return Ask(row.method, reverse("join", kwargs={"code": "none"}))
    if row.name == "api_join":
        return Ask(row.method, reverse("api_join"), json={"code": "none"})
    if row.name == "api_person":
        return Ask(row.method, reverse(row.name, kwargs={"user": "none"}))
    if row.name == "api_push_subscription":
        return Ask(row.method, reverse(row.name, kwargs={"subscription": "none"}))
    if row.name == "api_reminder":
        return Ask(row.method, reverse(row.name, kwargs={"reminder": "none"}))
    return None


def _parts(row: Row, world: World, role: str, room: str) -> dict[str, Any]:
    parts: dict[str, Any] = {"public_id": room} if row.privacy else {}
    if row.name in {"room_ban_end", "api_ban"}:
        parts["user"] = world.banned.public_id
    elif row.name in ABOUT_THE_TARGET:
        parts["user"] = world.target.public_id
    elif row.name in {"room_invite_end", "api_invite"}:
        parts["pk"] = world.links[row.privacy]
    elif row.name in {"room_report", "api_room_report"}:
        parts["pk"] = world.reports.get(row.privacy, 0)
    elif row.name in ABOUT_A_MESSAGE:
        numbers = world.own if row.whose == "own" else world.other
        parts["seq"] = numbers.get(role, 1)
    if "diagram" in row.name:
        parts["number"] = 1
    emoji = {"emoji": "🎉"} if row.name == "api_reaction" else {}
    return parts | emoji | _site_parts(row, world, role)


def _site_parts(row: Row, world: World, role: str) -> dict[str, Any]:
    if row.name in {"me_css", "person", "person_block", "api_person"}:
        me = world.users.get(role, world.keeper)
        whose = me if row.whose == "own" else world.target
        return {"user" if row.name == "api_person" else "public_id": whose.public_id}
    if row.name in {"push_remove", "api_push_subscription"}:
        own = world.devices.get(role, world.devices["keeper"])
        device = own if row.whose == "own" else world.devices["keeper"]
        return {"public_id" if row.name == "push_remove" else "subscription": device}
    if row.name == "notice":
        own = world.notices.get(role, world.notices["keeper"])
        return {"public_id": own if row.whose == "own" else world.notices["keeper"]}
    if row.name in {"reminder_cancel", "api_reminder"}:
        own = world.reminders.get(role, world.reminders["keeper"])
        one = own if row.whose == "own" else world.reminders["keeper"]
        return {"reminder" if row.name == "api_reminder" else "public_id": one}
    owner = role if row.whose == "own" and role in world.sessions else "target"
    keys: dict[str, dict[str, Any]] = {
        "section_fold": {"section": "rooms"},
        "end_device": {"public_id": world.sessions[owner]},
        "end_token": {"pk": world.tokens[owner]},
        "invite": {"code": world.invite_code},
        "join": {"code": world.link_code},
        "revoke_invite": {"pk": world.invite.pk},
        "digest_end": {"code": Signer(salt="digest").sign(world.target.public_id)},
        "site_report": {"pk": world.reports["private"]},
        "api_site_report": {"pk": world.reports["private"]},
        "mfa_remove_webauthn": {"pk": 1},
        "account_confirm_email": {"key": "none"},
        "account_reset_password_from_key": {"uidb36": "0", "key": "none"},
    }
    return keys.get(row.name, {})


def _bodies(world: World, row: Row) -> dict[tuple[str, str], dict[str, Any]]:
    is_private = {"is_private": "on"} if row.privacy == "private" else {}
    target, outsider = world.target.public_id, world.outsider
    return {
        ("room_new", "POST"): {"name": "New"},
        ("direct_new", "POST"): {"user": target},
        ("room_edit", "POST"): {"name": "Renamed", "slow_mode_s": "0", **is_private},
        ("room_invites", "POST"): {"days": "1", "uses": "1"},
        ("api_invites", "POST"): {"days": 1, "uses": 1},
        ("api_join", "POST"): {"code": world.link_code},
        ("message_report", "POST"): {"reason": "spam"},
        ("room_report", "POST"): {"outcome": "dismissed"},
        ("site_report", "POST"): {"outcome": "deleted"},
        ("room_archive", "POST"): {"archived": "yes"},
        ("room_messages", "POST"): {"client_id": str(uuid4()), "body": "by a form"},
        ("room_read", "POST"): {"upto": "1"},
        ("room_own", "POST"): {"level": "nothing"},
        ("message_edit", "POST"): {"client_id": str(uuid4()), "body": "by a form"},
        ("message_delete", "POST"): {},
        ("message_cards_end", "POST"): {},
        ("message_thread", "POST"): {"client_id": str(uuid4()), "body": "so it is"},
        ("room_draft", "POST"): {"client_id": str(uuid4()), "body": "begun"},
        ("api_draft", "PUT"): {"body": "begun"},
        ("message_pin", "POST"): {"on": "yes"},
        ("message_saved", "POST"): {"on": "yes"},
        ("message_reply", "POST"): {"client_id": str(uuid4()), "body": "so it is"},
        ("message_reactions", "POST"): {"emoji": "🎉"},
        ("room_members", "POST"): {"name": outsider.display_name},
        ("room_role", "POST"): {"role": "admin"},
        ("room_mute", "POST"): {"muted": "yes"},
        ("profile", "POST"): {
            "display_name": "Another Name",
            "theme": "dark",
            "language": "de",
        },
        ("person_block", "POST"): {"blocked": "yes"},
        ("theme", "POST"): {"theme": "dark"},
        ("status", "POST"): {"text": "Busy", "lasting": "today"},
        ("availability", "POST"): {"state": "dnd"},
        ("api_me", "PATCH"): {"about": "Likes tea"},
        ("own_data", "POST"): {"password": PASSWORD},
        ("close_account", "POST"): {"password": PASSWORD},
        ("erase_account", "POST"): {"password": PASSWORD, "messages": "keep"},
        ("invites", "POST"): {"days": "1", "uses": "1"},
        ("push_settings", "POST"): {"shows_text": "False", "zone": "Europe/Berlin"},
        ("push_subscribe", "POST"): {"subscription": json.dumps(told_by_browser())},
        ("push_pause", "POST"): {"pause": "1h"},
        ("api_push_subscriptions", "POST"): told_by_browser(),
        ("api_notices_read", "POST"): {},
        ("reminders", "POST"): {"words": "tomorrow 9:00 call"},
        ("api_reminders", "POST"): {"text": "call", "at": _tomorrow()},
        ("api_push_preferences", "PATCH"): {"zone": "Europe/Berlin"},
        ("set_up", "POST"): {"name": "x", "email": "x@example.org", "password": "x"},
        ("api_rooms", "POST"): {"name": "New"},
        ("api_directs", "POST"): {"users": [target]},
        ("api_room", "PATCH"): {"name": "Renamed"},
        ("api_members", "POST"): {"user": outsider.public_id},
        ("api_member", "PATCH"): {"muted": True},
        ("api_bans", "POST"): {"user": target},
        ("api_messages", "POST"): {"body": "by the API"},
        ("api_message", "PATCH"): {"body": "edited by the API"},
        ("api_reactions", "POST"): {"emoji": "🎉"},
        ("api_message_reports", "POST"): {"reason": "spam", "note": "again"},
        ("api_room_report", "POST"): {"outcome": "dismissed"},
        ("api_site_report", "POST"): {"outcome": "deleted"},
        ("api_push_pause", "POST"): {"pause": "1h"},
    }


def _tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def outcome(status: int, location: str, *, writes: bool, changed: bool) -> str:
    """What an answer is called in the matrix; a status that has no name is its own."""
    if status == 401 or location.startswith("/accounts/login/?"):
        return "L"
    if status in {403, 404}:
        return "N" if status == 403 else "·"
    if status not in {200, 201, 204, 302}:
        return f"status {status}"
    led_away = location in {"/", "/accounts/login/"}
    return "=" if (writes or led_away) and not changed else "Y"
