"""The documents say what the code does: each name in them exists, and none is missing.

`docs/architecture.md` names code in two ways, and both are checked: a path
(`chat/room.py`) is a file or a folder, a dotted name (`chat.room.RoomActor.decide`) is
something that this module defines.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from chat.intents import _TYPES
from livechat.env import PROJECT_DIR
from livechat.gateway.bounds import PREFIX, Bounds
from livechat.lib import limits

APPS = (
    "livechat",
    "accounts",
    "media",
    "chat",
    "search",
    "assistant",
    "studio",
)
ROOTS = (*APPS, "bench", "tests", "scripts", "templates", "static", "frontend", "docs")
DOCUMENTS = sorted([*PROJECT_DIR.glob("*.md"), *(PROJECT_DIR / "docs").glob("*.md")])

README_MAX_LINES = 70

SETTING = re.compile(r'\benv_(?:str|int|bool|list|secret|private_key)\(\s*"([A-Z_]+)"')


@cache
def doc(name: str) -> str:
    return (PROJECT_DIR / name).read_text()


def in_backticks(text: str) -> set[str]:
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`\n]+)`", without_blocks))


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables by the name in backticks in their first cell."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("|") and re.fullmatch(r"`[^`]+`", cells[0]):
            found[cells[0].strip("`")] = cells[1:]
    return found


# Architecture -------------------------------------------------------------------


def test_every_path_in_the_architecture_is_there() -> None:
    paths = {
        name
        for name in in_backticks(doc("docs/architecture.md"))
        if name.partition("/")[0] in ROOTS and "/" in name and " " not in name
    }
    assert len(paths) > 40
    assert [name for name in sorted(paths) if not (PROJECT_DIR / name).exists()] == []


def test_every_name_in_the_architecture_is_defined() -> None:
    names = {
        name
        for name in in_backticks(doc("docs/architecture.md"))
        if name.partition(".")[0] in (*APPS, "bench", "tests")
        and re.fullmatch(r"[A-Za-z_]+(\.[A-Za-z_0-9]+)+", name)
    }
    assert len(names) > 40
    assert [name for name in sorted(names) if not is_defined(name)] == []


def is_defined(dotted: str) -> bool:
    """Whether a module of ours, or something that one defines, has this name."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        base = PROJECT_DIR.joinpath(*parts[:cut])
        if base.with_suffix(".py").is_file():
            tree = ast.parse(base.with_suffix(".py").read_text())
            return defines(tree, parts[cut:])
        if (base / "__init__.py").is_file():
            return cut == len(parts)
    return False


def defines(scope: ast.AST, names: list[str]) -> bool:
    if not names:
        return True
    return any(
        defines(node, names[1:])
        for node in getattr(scope, "body", [])
        if names[0] in names_of(node)
    )


def names_of(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = {ast.Assign: "targets", ast.AnnAssign: "target"}.get(type(node))
    given = getattr(node, targets) if targets else []
    each = given if isinstance(given, list) else [given]
    return {one.id for one in each if isinstance(one, ast.Name)}


@pytest.mark.parametrize("folder", ["chat", "livechat/gateway", "livechat/lib"])
def test_every_file_of_the_core_is_in_the_architecture(folder: str) -> None:
    named = doc("docs/architecture.md")
    files = [
        path.relative_to(PROJECT_DIR).as_posix()
        for path in (PROJECT_DIR / folder).glob("*.py")
        if path.name not in {"__init__.py", "__main__.py", "apps.py"}
    ]
    assert [path for path in sorted(files) if f"`{path}`" not in named] == []


def test_every_dependency_has_its_sentence() -> None:
    lines = (doc("requirements.txt") + doc("requirements-dev.txt")).splitlines()
    pinned = {
        found[1]
        for line in lines
        if (found := re.match(r"([\w-]+)(?:\[\w+\])?==", line))
    }
    told = rows(doc("docs/architecture.md"))
    assert len(pinned) > 30
    assert [name for name in sorted(pinned) if not told.get(name)] == []


# Settings and limits ------------------------------------------------------------


@cache
def settings_that_are_read() -> frozenset[str]:
    files = (path for app in APPS for path in (PROJECT_DIR / app).rglob("*.py"))
    return frozenset(name for one in files for name in SETTING.findall(one.read_text()))


def test_every_setting_is_in_the_configuration() -> None:
    bounds = {PREFIX + field.upper() for field in Bounds.__dataclass_fields__}
    listed = set(rows(doc("docs/configuration.md")))
    assert listed == settings_that_are_read() | bounds


def test_every_setting_of_a_running_site_is_in_the_example() -> None:
    example = set(re.findall(r"^# ([A-Z_]+)=", doc(".env.example"), re.MULTILINE))
    assert example == settings_that_are_read() - {"TEST_DATABASE"}


def test_every_limit_is_listed_with_its_value() -> None:
    wanted = {
        name: f"{value:,}" if isinstance(value, int) else f"{value:g}"
        for name, value in vars(limits).items()
        if name.isupper()
    }
    told = rows(doc("docs/limits.md"))
    assert {name: cells[0] for name, cells in told.items()} == wanted
    assert [name for name, cells in told.items() if not all(cells[1:])] == []


# Protocol -----------------------------------------------------------------------


def test_every_frame_that_may_go_up_is_in_the_protocol() -> None:
    told = rows(doc("docs/protocol.md"))
    for kind, spec in _TYPES.items():
        fields = {*spec.required, *spec.optional}
        assert kind in told
        assert [one for one in fields if f"`{one}`" not in told[kind][0]] == []


def test_every_frame_that_goes_down_is_in_the_protocol() -> None:
    kinds = set(frames_down())
    assert {"hello", "message", "ack", "reset"} <= kinds
    assert kinds - set(rows(doc("docs/protocol.md"))) == set()


def frames_down() -> Iterator[str]:
    """The `type` of each frame that the chat writes to a socket."""
    for name in ("greetings", "consumers", "subscriptions", "web", "lobby", "fanout"):
        tree = ast.parse((PROJECT_DIR / f"chat/{name}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if text_of(key) == "type" and (kind := text_of(value)):
                        yield from {kind} - NO_FRAMES
            elif isinstance(node, ast.Tuple) and node.elts:
                # ("user_typing", told.started): the type, and whom it is about.
                kind = text_of(node.elts[0])
                yield from {kind} & {"user_typing", "user_stopped_typing"}


# Events between our own parts, in the same shape.
NO_FRAMES = {"control", "websocket.accept", "websocket.close"}


def text_of(node: ast.AST | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def test_commands_in_the_protocol_can_be_typed_as_they_stand() -> None:
    text = doc("docs/protocol.md")
    assert "`LIVECHAT_VAR=/srv/livechat .venv/bin/python manage.py bot create" in text
    commands = [one for one in in_backticks(text) if "manage.py" in one]
    assert [one for one in commands if ".venv/bin/python manage.py" not in one] == []


def test_every_error_code_is_in_the_protocol_and_no_other() -> None:
    text = doc("docs/protocol.md")
    section = text.partition("## Error codes")[2].partition("\n## ")[0]
    assert set(rows(section)) == set(error_codes())


def error_codes() -> Iterator[str]:
    """Every code that a program can be answered with, out of the code's own calls."""
    files = [
        *(PROJECT_DIR / "chat").glob("*.py"),
        PROJECT_DIR / "livechat/lib/codec.py",
    ]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from code_of_call(node)
            elif isinstance(node, ast.FunctionDef) and node.name == "_not_allowed":
                yield from codes_returned(node)
            elif isinstance(node, ast.AnnAssign) and names_of(node) == {"_CODES"}:
                assert isinstance(node.value, ast.Dict)
                yield from filter(None, map(text_of, node.value.values))


CODE_ARGUMENT = {
    "FrameError": 0,
    "Refused": 0,
    "_error": 0,
    "_refuse": 0,
    "refusal": 0,
    "refused": 2,
}


def code_of_call(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = str(getattr(function, "id", "") or getattr(function, "attr", ""))
    at = CODE_ARGUMENT.get(name)
    if at is not None and len(call.args) > at:
        yield from filter(None, [text_of(call.args[at])])
    for keyword in call.keywords:
        if keyword.arg == "code":
            yield from filter(None, [text_of(keyword.value)])


def codes_returned(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield text_of(node.value.elts[0])


def test_every_address_of_the_api_is_in_the_protocol() -> None:
    found = re.findall(r'path\(\s*"([^"]+)"', doc("chat/api_urls.py"))
    rooms = ["/" + re.sub(r"<\w+:public_id>", "<room>", one) for one in found]
    keys = [one.replace("<int:pk>", "<id>") for one in rooms]
    paths = [re.sub(r"<\w+:(\w+)>", r"<\1>", one) for one in keys]
    assert "/api/rooms/<room>/messages" in paths
    text = doc("docs/protocol.md")
    assert [
        one for one in paths if not re.search(rf" {re.escape(one)}[`?]", text)
    ] == []


CLOSE_CODE = re.compile(
    r"^(?:SESSION_ENDED|FLOOD|TOO_SLOW|RESTART|FRAGMENT_LATE|PROTOCOL_ERROR|BAD_TEXT"
    r"|INTERNAL_ERROR) = (\d{4})\b",
    re.MULTILINE,
)


def test_every_close_code_is_in_the_protocol() -> None:
    files = (
        "chat/endings.py",
        "livechat/lib/connections.py",
        "livechat/gateway/bounded_socket.py",
    )
    codes = {code for name in files for code in CLOSE_CODE.findall(doc(name))}
    assert len(codes) == 8
    assert codes - set(rows(doc("docs/protocol.md"))) == set()


# Commands and the README ----------------------------------------------------------


def all_documents() -> str:
    return "\n".join(path.read_text() for path in DOCUMENTS)


def test_every_command_is_in_a_document() -> None:
    commands = [
        f"manage.py {path.stem}"
        for app in APPS
        for path in (PROJECT_DIR / app).glob("management/commands/[a-z]*.py")
    ]
    targets = re.findall(r"^([a-z-]+):.*## ", doc("Makefile"), re.MULTILINE)
    names = [*commands, *(f"make {target}" for target in targets)]
    assert {"manage.py roomworker", "make run"} <= set(names)
    text = all_documents()
    assert [name for name in names if not re.search(rf"{name}\b", text)] == []


def test_no_document_names_a_target_that_is_not_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", doc("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", all_documents()))
    assert named - targets == set()


def test_the_readme_fits_one_screen() -> None:
    assert len(doc("README.md").splitlines()) <= README_MAX_LINES


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s`]+)[^)]*\)|src=\"([^\"]+)\"", path.read_text())
    inner = {one for pair in links for one in pair if one and "://" not in one}
    missing = [one for one in sorted(inner) if not (path.parent / one).exists()]
    assert missing == []


def test_every_test_that_the_hazards_name_is_there() -> None:
    text = doc("docs/hazards.md")
    defined = {
        name
        for path in (PROJECT_DIR / "tests").rglob("*.py")
        for name in re.findall(r"^\s*(?:async )?def (\w+)", path.read_text(), re.M)
    }
    named = {
        one.partition("::")[2] or one
        for one in in_backticks(text)
        if "::" in one or one.startswith("test_")
    }
    assert len(named) > 20
    assert named - defined == set()
