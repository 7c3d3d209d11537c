"""The rows of matrix.toml, and what is really there: addresses, methods, intents."""

import inspect
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

FILE = Path(__file__).with_name("matrix.toml")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
PRIVACIES = ("private", "public")


@dataclass(frozen=True, slots=True)
class Row:
    """What each role gets for one method of an address, or for one intent."""

    name: str
    method: str  # empty for intents
    whose: str  # "own" or "other", where a message or person is meant
    action: str  # of chat.access, where there is one
    privacy: str  # of the room; empty where none is concerned
    cells: dict[str, str]  # outcome by role

    def __str__(self) -> str:
        words = (self.name, self.method, self.whose, self.privacy)
        return "-".join(word for word in words if word)


@cache
def data() -> dict[str, Any]:
    """The file as it is."""
    return tomllib.loads(FILE.read_text())


def roles() -> list[str]:
    """The roles, in the order of the columns."""
    found: list[str] = data()["roles"]
    return found


def room_rows() -> list[Row]:
    """Addresses of a room, each for a private and a public one."""
    rooms = data()["rooms"]
    return [
        _row(name, method, whose, action, privacy, cells)
        for name, method, whose, action, *both in rooms["pages"] + rooms["api"]
        for privacy, cells in zip(PRIVACIES, both, strict=True)
    ]


def site_rows() -> list[Row]:
    """Addresses that name no room."""
    return [
        _row(name, method, whose, "", "", cells)
        for name, method, whose, cells in data()["site"]["routes"]
    ]


def entrance_rows() -> list[Row]:
    """allauth's addresses, one row a method."""
    return [
        _row(name, method, "", "", "", cells)
        for name, methods, cells in data()["site"]["entrance"]
        for method in methods.split()
    ]


def intent_rows() -> list[Row]:
    """Intents of the socket that name a room, each for a private and a public one."""
    return [
        _row(name, "", whose, action, privacy, cells)
        for name, whose, action, *both in data()["rooms"]["intents"]
        for privacy, cells in zip(PRIVACIES, both, strict=True)
    ]


def site_intent_rows() -> list[Row]:
    """Intents that name no room."""
    return [
        _row(name, "", "", "", "", cells) for name, cells in data()["site"]["intents"]
    ]


def group_row(name: str) -> Row:
    """The row of a whole group of addresses."""
    ((_, cells, _),) = [one for one in data()["site"]["groups"] if one[0] == name]
    return _row(name, "", "", "", "", cells)


def beyond(row: Row) -> set[str]:
    """Roles that chat.access allows the row's action, though not at this address."""
    listed = data()["rooms"]["beyond"]
    here = (row.action, row.privacy)
    return {role for action, privacy, role, _ in listed if (action, privacy) == here}


def row_of(name: str, method: str, privacy: str, whose: str = "") -> Row:
    """The one row of a room's address (or intent, without a method)."""
    wanted = (name, method, privacy, whose)
    (found,) = [
        row
        for row in room_rows() + intent_rows()
        if (row.name, row.method, row.privacy, row.whose) == wanted
    ]
    return found


def _row(
    name: str, method: str, whose: str, action: str, privacy: str, cells: str
) -> Row:
    by_role = dict(zip(roles(), cells.split(), strict=True))
    unknown = set(by_role.values()) - set(data()["outcomes"])
    if unknown:
        raise ValueError(f"{name}: no such outcome: {unknown}")
    return Row(name, method, whose, action, privacy, by_role)


@dataclass(frozen=True, slots=True)
class Address:
    """One URL pattern that is there."""

    route: str
    name: str
    group: str  # the namespace, such as "admin"
    methods: frozenset[str]  # without HEAD and OPTIONS, which show no more than GET


def addresses() -> list[Address]:
    """Every URL pattern of the site."""
    return list(_walk(get_resolver().url_patterns, "/", ""))


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str, group: str
) -> Iterator[Address]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, route, one.namespace or group)
        else:
            yield Address(route, one.name or "", group, methods_of(one.callback))


def methods_of(view: Callable[..., Any]) -> frozenset[str]:
    """The methods that a view lets through; none when it does not name them."""
    seen: Any = view
    while seen is not None:
        bound = inspect.getclosurevars(seen).nonlocals
        if "request_method_list" in bound:
            return frozenset(bound["request_method_list"]) & METHODS
        view_class = getattr(seen, "view_class", None) or bound.get("cls")
        if view_class is not None:
            return frozenset(one for one in METHODS if hasattr(view_class, one.lower()))
        seen = getattr(seen, "__wrapped__", None)
    return frozenset()
