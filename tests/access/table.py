"""Writes docs/access.md from the matrix: `.venv/bin/python -m tests.access.table`."""

import os
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/access.md"

HEAD = """\
# Who may what

Every address and every intent of the socket, for each of eleven roles. It is made
from `tests/access/matrix.toml`; the tests beside that file fail when an address, a
method, an intent or a rule of `chat/access.py` is not in it, and do each cell for real.
After a change: `.venv/bin/python -m tests.access.table`.

| Role | Who |
|---|---|
| AN | nobody is signed in; whoever was deactivated is nobody too |
| ST | somebody of the site who was never in the room |
| EX | somebody who left the room or was removed |
| BA | somebody who is banned from the room |
| MU | a muted member |
| ME | a member |
| RA | an admin of the room |
| SA | an owner or admin of the site who is no member of the room |
| BO | a bot that is a member: a bearer token and no cookie, so pages take it for AN |
| MO | a moderator of the room |
| GU | a guest of the site, whom nobody has put into the room |

The rooms are as new ones are. Where `members_pin` is set, ME and BO pin as MO does.
"""


def document() -> str:
    """The whole page."""
    from tests.access import matrix

    data = matrix.data()
    outcomes = [f"| {sign} | {what} |" for sign, what in data["outcomes"].items()]
    parts = [
        HEAD,
        "\n".join(["| Cell | What happens |", "|---|---|", *outcomes]) + "\n",
        "Where a cell holds two, the first is for a private room and the second for a "
        "public one.\n",
        _section("Pages of a room", _of_rooms(data["rooms"]["pages"])),
        _section("The JSON API of a room", _of_rooms(data["rooms"]["api"])),
        _section("The socket", _of_intents(data)),
        *_beyond(data["rooms"]["beyond"]),
        _section("The site", _of_site(data["site"]["routes"])),
        _section("Signing in (django-allauth)", _of_entrance(data["site"]["entrance"])),
        _section("Groups", _of_groups(data["site"]["groups"])),
    ]
    return "\n".join(parts)


def _beyond(rows: list[list[str]]) -> list[str]:
    return [
        f"Beyond these addresses {role} may `{action}` of a {privacy} room: {where}.\n"
        for action, privacy, role, where in rows
    ]


def _section(title: str, lines: list[list[str]]) -> str:
    from tests.access.matrix import roles

    head = [["What", *roles()], ["---"] * (len(roles()) + 1)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in head + lines)
    return f"## {title}\n\n{table}\n"


def _of_rooms(rows: list[list[str]]) -> list[list[str]]:
    return [
        [_what(name, method, whose), *_both(private, public)]
        for name, method, whose, _, private, public in rows
    ]


def _of_intents(data: dict[str, dict[str, list[list[str]]]]) -> list[list[str]]:
    rooms = [
        [f"`{name}`{_whose(whose)}", *_both(private, public)]
        for name, whose, _, private, public in data["rooms"]["intents"]
    ]
    site = [[f"`{name}`", *cells.split()] for name, cells in data["site"]["intents"]]
    return rooms + site


def _of_site(rows: list[list[str]]) -> list[list[str]]:
    return [
        [_what(name, method, whose), *cells.split()]
        for name, method, whose, cells in rows
    ]


def _of_entrance(rows: list[list[str]]) -> list[list[str]]:
    return [[_what(name, method, ""), *cells.split()] for name, method, cells in rows]


def _of_groups(rows: list[list[str]]) -> list[list[str]]:
    return [[what, *cells.split()] for _, cells, what in rows]


def _what(name: str, method: str, whose: str) -> str:
    return f"{method} `{_path(name)}`{_whose(whose)}"


def _whose(whose: str) -> str:
    return {"own": ", one's own", "other": ", somebody else's"}.get(whose, "")


def _path(name: str) -> str:
    from tests.access.matrix import addresses

    (route,) = [one.route for one in addresses() if one.name == name and not one.group]
    for shown, written in (("<str:public_id>", "<id>"), ("<str:", "<"), ("<int:", "<")):
        route = route.replace(shown, written)
    return route.replace("^", "").removesuffix("$")


def _both(private: str, public: str) -> list[str]:
    pairs = zip(private.split(), public.split(), strict=True)
    return [one if one == other else f"{one} {other}" for one, other in pairs]


def main() -> None:
    """Write the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    import django

    django.setup()
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
