"""The OpenAPI document against the views: every path, method and status."""

import re
import uuid
from typing import Any

from django.urls import get_resolver

from chat import api_parts, openapi
from chat.models import Room
from tests.chat.asking import Reply, ask
from tests.chat.conftest import Member, Person
from tests.live import Live

SELF = "/api/openapi.json"
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def fits(value: Any, schema: dict[str, Any], where: str) -> None:
    """Fail unless the value is as the schema says, with no field beyond it."""
    if "enum" in schema:
        assert value in schema["enum"], where
        return
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, TYPES[kind]) for kind in kinds), f"{where}: {value!r}"
    if isinstance(value, dict):
        names = schema["properties"].keys()
        assert value.keys() <= names, f"{where}: {value.keys() - names} not described"
        assert value.keys() >= set(schema["required"]), where
        for name, inner in value.items():
            fits(inner, schema["properties"][name], f"{where}.{name}")
    if isinstance(value, list):
        assert len(value) <= schema.get("maxItems", len(value)), where
        for item in value:
            fits(item, schema["items"], f"{where}[]")


def described(reply: Reply, path: str, method: str = "get") -> None:
    """Fail unless the document tells of this answer."""
    responses = openapi.document()["paths"][path][method]["responses"]
    assert str(reply.status) in responses, f"{method} {path}: {reply.status}"
    if reply.status == 204:
        assert (reply.text, "content" in responses["204"]) == ("", False)
        return
    content = responses[str(reply.status)]["content"]["application/json"]
    fits(reply.json, content["schema"], f"{method} {path} {reply.status}")


def test_every_api_address_is_described_and_no_other() -> None:
    patterns = get_resolver().url_patterns
    routes = {
        str(inner.pattern)
        for outer in patterns
        if getattr(outer, "urlconf_module", None)
        for inner in getattr(outer, "url_patterns", [])
    }
    ours = {f"/{one}" for one in routes if one.startswith("api/") or one == "health"}
    rooms = {re.sub(r"<str:public_id>", "{room}", one) for one in ours}
    users = {re.sub(r"<str:user>", "{user}", one) for one in rooms}
    keys = {re.sub(r"<int:pk>", "{id}", one) for one in users}
    paths = {re.sub(r"<int:seq>", "{seq}", one) for one in keys}
    paths = {re.sub(r"<str:(\w+)>", r"{\1}", one) for one in paths}
    assert paths - {SELF} == openapi.document()["paths"].keys()


def test_the_statuses_of_refusals_are_all_described() -> None:
    post = openapi.document()["paths"]["/api/rooms/{room}/messages"]["post"]
    assert {str(status) for status in api_parts.STATUS.values()} <= post[
        "responses"
    ].keys()


def test_the_document_is_served_to_anybody(live: Live) -> None:
    reply = ask(live, SELF)
    assert reply.status == 200
    assert reply.json == openapi.document()
    assert reply.json["openapi"].startswith("3.1")


def test_the_answers_are_as_the_document_says(
    live: Live, room: Room, private: Room, member: Member, person: Person
) -> None:
    (_, bobs), (_, charlies) = member(room, "Bob"), person("Charlie")
    one, log = f"/api/rooms/{room.public_id}", f"/api/rooms/{room.public_id}/messages"
    paths = ("/api/rooms", "/api/rooms/{room}", "/api/rooms/{room}/messages")
    key = str(uuid.uuid4())
    posts = [
        ask(live, log, bobs, method="POST", body={"body": "hi", "client_id": key}),
        ask(live, log, bobs, method="POST", body={"body": "re", "reply_to": 1}),
        ask(live, log, bobs, method="POST", body={"body": "no", "client_id": key}),
        ask(live, log, bobs, method="POST", body={"body": ""}),
        ask(live, log, charlies, method="POST", body={"body": "hi"}),
        ask(live, log, method="POST", body={"body": "hi"}),
        ask(live, log, bobs, method="POST", body={"body": "hi", "reply_to": 9}),
    ]
    posts += [
        ask(live, log, bobs, method="POST", body={"body": "hi"}) for _ in range(12)
    ]
    for reply in posts:
        described(reply, paths[2], "post")
    statuses = {reply.status for reply in posts}
    assert statuses == {201, 400, 401, 403, 404, 409, 429}
    for token in (bobs, ""):
        described(ask(live, "/api/rooms", token), paths[0])
        described(ask(live, one, token), paths[1])
        for query in ("", "?limit=0", "?after=1"):
            described(ask(live, log + query, token), paths[2])
    hidden = f"/api/rooms/{private.public_id}"
    described(ask(live, hidden, charlies), paths[1])
    described(ask(live, f"{hidden}/messages", charlies), paths[2])
    described(ask(live, "/health"), "/health")
