"""The paths of reports in the OpenAPI document (chat/openapi.py)."""

from chat.moderation_tables import Report
from chat.openapi_parts import (
    AUTHOR,
    FLAG,
    MAYBE_MOMENT,
    MESSAGE,
    MOMENT,
    NUMBER,
    TEXT,
    Schema,
    an_object,
    answer,
    body,
    errors,
    in_path,
    nothing,
)
from livechat.lib import limits

_REASON: Schema = {"enum": list(Report.Reason.values)}
_OUTCOME: Schema = {"enum": list(Report.Outcome.values)}
_NOTE: Schema = {"type": "string", "maxLength": limits.REPORT_NOTE_MAX_LENGTH}
_REPORT: Schema = {
    "id": NUMBER,
    "room": TEXT,
    "reason": _REASON,
    "note": _NOTE,
    "created_at": MOMENT,
}
_OWN = an_object(
    {
        **_REPORT,
        "seq": NUMBER,
        "outcome": {"enum": [*Report.Outcome.values, None]},
        "resolved_at": MAYBE_MOMENT,
    }
)
_OPEN = an_object({**_REPORT, "message": MESSAGE})
_OF_SITE = an_object(
    {
        **_REPORT,
        "room": {"type": ["string", "null"]},
        "message": an_object(
            {
                "author": AUTHOR,
                "body": TEXT,
                "html": TEXT,
                "created_at": MOMENT,
                "deleted": FLAG,
            }
        ),
    }
)
_REFUSALS = ("400", "401", "403", "404", "409", "429")


def paths() -> Schema:
    """The paths, as JSON-able objects."""
    room, pk, seq = in_path("room"), in_path("id", NUMBER), in_path("seq", NUMBER)
    return {
        "/api/rooms/{room}/messages/{seq}/reports": {
            "parameters": [room, seq],
            "post": {
                "summary": "Ask for a look at somebody else's message",
                "requestBody": body(
                    an_object({"reason": _REASON, "note": _NOTE}, ["reason"])
                ),
                "responses": {"201": answer("Reported", _OWN), **errors(*_REFUSALS)},
            },
        },
        "/api/rooms/{room}/reports": {
            "parameters": [room],
            "get": _queue("the room", _OPEN),
        },
        "/api/rooms/{room}/reports/{id}": {"parameters": [room, pk], "post": _settle()},
        "/api/reports": {"get": _queue("the site", _OF_SITE)},
        "/api/reports/{id}": {"parameters": [pk], "post": _settle()},
        "/api/reports/own": {
            "get": {
                "summary": "What you have reported, the latest first",
                "responses": {"200": answer("Reports", _listed(_OWN)), **errors("401")},
            }
        },
    }


def _listed(schema: Schema) -> Schema:
    return an_object({"reports": {"type": "array", "items": schema}})


def _queue(whose: str, schema: Schema) -> Schema:
    return {
        "summary": f"The open reports of {whose}, the oldest first",
        "responses": {
            "200": answer("Reports", _listed(schema)),
            **errors("401", "403", "404"),
        },
    }


def _settle() -> Schema:
    return {
        "summary": "Settle a report; one that is settled stays as it is",
        "requestBody": body(an_object({"outcome": _OUTCOME})),
        "responses": {"204": nothing("Settled"), **errors(*_REFUSALS)},
    }
