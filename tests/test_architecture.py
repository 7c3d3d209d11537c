"""The shape of the code: who imports whom, who opens transactions, what a page may be.

A rule that nobody checks is gone within a month; these are the ones of
docs/architecture.md and CONTRIBUTING.md.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from livechat.env import PROJECT_DIR

APPS = (
    "livechat",
    "accounts",
    "media",
    "chat",
    "search",
    "assistant",
    "studio",
)
TEMPLATES = PROJECT_DIR / "templates"

# What each part may import of ours. The longest name that fits a module is its part;
# `livechat` alone is the wiring (settings, urls, asgi, routing), which sees everything.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "livechat.env": frozenset(),
    "livechat.database": frozenset({"livechat.env"}),
    "livechat.postgresql": frozenset({"livechat.database"}),
    "livechat.sqlite": frozenset(),
    "livechat.lib": frozenset({"livechat.lib"}),
    "livechat.gateway": frozenset({"livechat.lib", "livechat.gateway"}),
    "livechat.supervise": frozenset(
        {"livechat.env", "livechat.supervise", "livechat.gateway.bounds"}
    ),
    "livechat.launch": frozenset({"livechat.env", "livechat.supervise"}),
    "livechat": frozenset(APPS),
    "accounts": frozenset({"livechat.lib", "accounts"}),
    "livechat.push": frozenset({"livechat.lib", "accounts", "livechat.push"}),
    "media": frozenset({"livechat.lib", "accounts", "media"}),
    "chat": frozenset(
        {
            "livechat.lib",
            "livechat.gateway.origin",
            "accounts",
            "livechat.push",
            "media",
            "chat",
        }
    ),
    "search": frozenset({"livechat.lib", "accounts", "media", "chat", "search"}),
    "assistant": frozenset({"livechat.lib", "accounts", "media", "chat", "assistant"}),
    "studio": frozenset(
        {"livechat.lib", "accounts", "media", "chat", "assistant", "studio"}
    ),
}

# Imports beyond that table, and why.
EXCEPTIONS = {
    ("chat/demo.py", "livechat.supervise.instance"): "it prints where the site runs",
}

# Inside chat a file imports only files of the lines above its own.
CHAT_LAYERS = (
    (
        "streams",
        "growth_intents",
        "link_intents",
        "link_tables",
        "links",
        "diagrams",
        "fields",
        "worker_tables",
        "mention_tables",
        "moderation_tables",
        "notice_tables",
        "reminder_tables",
        "versions",
        "reactions",
        "own_tables",
        "thread_tables",
    ),
    ("tables",),
    (
        "events",
        "formats",
        "shortcuts",
        "querysets",
        "intents",
        "presence",
        "forms",
        "forms_reminders",
        "openapi_parts",
    ),
    ("membership_tables",),
    (
        "models",
        "forms_read",
        "forms_settings",
        "roster",
        "openapi_invites",
        "openapi_people",
        "openapi_push",
        "openapi_reports",
        "openapi_kept",
    ),
    (
        "unread",
        "thread_unread",
        "begun",
        "standings",
        "titles",
        "silences",
        "message_fields",
        "quotes",
        "openapi_rooms",
        "happenings",
    ),
    ("notice_list", "log_pages", "openapi_notices", "kept"),
    ("fragments",),
    (
        "access",
        "inbox",
        "fanout",
        "health",
        "exports",
        "onlookers",
        "viewing",
        "openapi",
        "followers",
        "rows",
        "room_state",
        "activity",
        "sidebar",
    ),
    (
        "answers",
        "acks",
        "greetings",
        "submissions",
        "intake",
        "leases",
        "entrances",
        "pace",
        "announcing",
        "attendance",
        "sweeping",
        "desk",
        "writing",
        "errands",
        "threads",
    ),
    (
        "streaming",
        "silence",
        "reacting",
        "answering",
        "carding",
        "link_fetcher",
        "telling",
    ),
    ("following",),
    ("news",),
    ("notices",),
    (
        "people",
        "room",
        "lobby",
        "changes",
        "resting",
        "replays",
        "reading",
        "badges",
        "bells",
        "mentions",
    ),
    (
        "read_marks",
        "room_names",
        "members",
        "desks",
        "conflation",
        "heirs",
        "endings",
        "choices",
        "erasing",
        "reminders",
        "digests",
    ),
    ("panes",),
    (
        "actions",
        "room_settings",
        "room_invites",
        "directs",
        "reports",
        "pins",
        "saving",
        "drafts",
        "posting",
        "web",
    ),
    ("publishing", "states", "dead_letters", "commands", "chores"),
    (
        "worker",
        "subscriptions",
        "demo",
        "signals",
        "api_parts",
        "refusals",
        "orders",
        "suggestions",
    ),
    ("message_pages",),
    ("room_pages",),
    (
        "consumers",
        "api",
        "api_rooms",
        "api_members",
        "api_directs",
        "api_invites",
        "api_push",
        "api_reactions",
        "api_reports",
        "api_notices",
        "api_reminders",
        "api_pins",
        "api_saved",
        "api_threads",
        "api_drafts",
        "views",
        "views_diagrams",
        "views_members",
        "views_messages",
        "views_people",
        "api_people",
        "views_data",
        "views_digests",
        "views_directs",
        "views_settings",
        "views_reports",
        "views_pins",
        "views_saved",
        "views_threads",
        "views_drafts",
        "views_invites",
        "views_suggest",
        "views_read",
        "views_reach",
        "views_notices",
        "views_reminders",
        "views_lobby",
        "admin",
    ),
    ("urls", "api_urls", "apps"),
)
# A module of the first column is imported inside a function of the second's.
CHAT_LATE_IMPORTS = {("models", "querysets")}

# Files that open transactions, and why it is not actions.py alone.
OPENS_TRANSACTIONS = {
    "accounts/actions.py": "set-up, sign-up, the end of an account",
    "accounts/sessions.py": "the end of sessions, which the admin and signals need",
    "accounts/blocks.py": "whom one blocks, counted",
    "accounts/erasure.py": "the end of an account by its owner, or for good",
    "accounts/rates.py": "a change of a profile, or a guess of a password, counted",
    "accounts/adapter.py": "allauth's hook for a confirmed address",
    "accounts/models.py": "UserManager.create_user, which Django's commands call",
    "livechat/push/actions.py": "a person's browsers, counted",
    "livechat/push/outbox.py": "outcomes that are noted together",
    "chat/actions.py": "rooms that are made and deleted",
    "chat/directs.py": "a direct message that is begun",
    "chat/saving.py": "what one keeps for later, counted",
    "chat/reports.py": "a message that is reported",
    "chat/reminders.py": "a reminder that is set, counted; and those that are told",
    "chat/sweeping.py": "a batch of a deleted room's log",
    "chat/heirs.py": "a room that has no admin left",
    "chat/erasing.py": "a batch of what rooms say of an erased person",
    "chat/changes.py": "a room, who is in it, and its log",
    "chat/reading.py": "how far many people have read",
    "chat/posting.py": "the room worker's batch",
    "chat/leases.py": "the fence of a shard",
    "search/index.py": "the index is filled a batch at a time",
}

# Files of chat that make fragments for everybody, or for anybody's sockets.
FANS_OUT = (
    "fanout",
    "fragments",
    "people",
    "lobby",
    "web",
    "sidebar",
    "badges",
    "bells",
    "choices",
)
LOBBY_TELLERS = ("actions", "members", "directs", "room_settings", "reports")

FILE_MAX_LINES = 300
LONGER_FILES = {
    "livechat/settings.py": "a list of values, read from top to bottom",
    "livechat/gateway/bounded_socket.py": "one class that overrides autobahn's",
}

SCRIPTS_MAX_LINES = 100
# It runs in no page of ours but in the sandbox of a diagram, where htmx cannot be: what
# draws wants to be called by a script.
SANDBOXED, SANDBOXED_MAX_LINES = "diagram.js", 18
SCRIPTS_LINE_MAX_LENGTH = 130


@cache
def source_files() -> tuple[Path, ...]:
    """Every Python file of the apps but migrations, which Django writes."""
    return tuple(
        path
        for app in APPS
        for path in sorted((PROJECT_DIR / app).rglob("*.py"))
        if "migrations" not in path.parts
    )


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_DIR).as_posix()


def module_of(path: Path) -> str:
    parts = list(path.relative_to(PROJECT_DIR).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """The modules of ours that a file imports, at any depth, as far as they exist."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if is_module(inner) else node.module)
    return frozenset(name for name in found if name.partition(".")[0] in APPS)


def is_module(name: str) -> bool:
    path = PROJECT_DIR.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def fits(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def part_of(module: str) -> str:
    return max((part for part in MAY_IMPORT if fits(module, part)), key=len)


def test_every_part_imports_only_what_it_may() -> None:
    wrong = [
        f"{relative(path)} imports {name}"
        for path in source_files()
        for name in imports_of(path)
        if not any(fits(name, one) for one in MAY_IMPORT[part_of(module_of(path))])
        and (relative(path), name) not in EXCEPTIONS
    ]
    assert wrong == []


def test_a_file_of_chat_imports_only_from_the_layers_below_it() -> None:
    level = {name: at for at, names in enumerate(CHAT_LAYERS) for name in names}
    files = {path.stem: path for path in (PROJECT_DIR / "chat").glob("*.py")}
    files.pop("__init__")
    assert sorted(files) == sorted(level), "a file of chat has no layer, or has left"
    wrong = [
        f"chat/{name}.py imports {imported}"
        for name, path in files.items()
        for imported in imports_of(path)
        if fits(imported, "chat")
        and (imported.split(".")[1], name) not in CHAT_LATE_IMPORTS
        and level[imported.split(".")[1]] >= level[name]
    ]
    assert wrong == []


def test_transactions_are_opened_where_it_is_listed_and_nowhere_else() -> None:
    opening = {
        relative(path)
        for path in source_files()
        if re.search(r"\batomic\(|@transaction\.atomic", path.read_text())
    }
    assert opening == set(OPENS_TRANSACTIONS)


def test_the_lobby_hears_of_a_change_only_after_its_commit() -> None:
    files = [PROJECT_DIR / f"chat/{name}.py" for name in LOBBY_TELLERS]
    tree = ast.parse("".join(one.read_text() for one in files))
    late = {
        call
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        for call in lobby_calls(node)
    }
    assert late == set(lobby_calls(tree))
    assert late


def lobby_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        # `audience` asks who will be told, which a deleted room cannot answer later.
        is_lobby = (
            isinstance(node.func.value, ast.Name) and node.func.value.id == "lobby"
        )
        if is_lobby and node.func.attr != "audience":
            yield node


def test_a_file_is_short_or_says_why_it_is_not() -> None:
    long = {
        relative(path)
        for path in source_files()
        if len(path.read_text().splitlines()) > FILE_MAX_LINES
    }
    assert long <= set(LONGER_FILES)
    assert set(LONGER_FILES) <= {relative(path) for path in source_files()}


@pytest.mark.parametrize("path", source_files(), ids=relative)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) or not tree.body


def test_nothing_is_left_for_later() -> None:
    # In two halves, or this line would find itself.
    words = ("TO" + "DO", "FIX" + "ME", "HA" + "CK")
    marks = re.compile(rf"\b({'|'.join(words)})\b")
    folders = (*APPS, "bench", "scripts", "templates", "tests", "docs", "frontend/css")
    paths = [
        *PROJECT_DIR.glob("*.md"),
        PROJECT_DIR / "static/js/hooks.js",
        *(path for one in folders for path in (PROJECT_DIR / one).rglob("*.*")),
    ]
    kinds = {".py", ".md", ".html", ".css", ".js"}
    wrong = [
        relative(path)
        for path in paths
        if path.suffix in kinds and marks.search(path.read_text())
    ]
    assert wrong == []


def test_only_html_of_the_one_renderer_is_put_into_a_page_as_it_is() -> None:
    safe = [
        expression
        for text in template_texts().values()
        for expression in re.findall(r"{{\s*([^}]*?\|\s*safe)\b", text)
    ]
    assert set(safe) == {"message.html|safe"}
    unescaped = re.compile(r"autoescape|safeseq|\|\s*safe\b(?<!message\.html\|safe)")
    assert [
        name for name, text in template_texts().items() if unescaped.search(text)
    ] == []
    marked = re.compile(r"\b(mark_safe|SafeString)\b")
    assert [
        relative(one) for one in source_files() if marked.search(one.read_text())
    ] == ["chat/templatetags/chat_log.py"]  # what the fragment's template made


@pytest.mark.parametrize(
    "inline",
    [
        # Data is none: the browser runs nothing of that type.
        r'<script(?![^>]*\s(src=|type="application/json"))',
        r"<style\b",
        r"\sstyle\s*=",
        r"\son[a-z]+\s*=",
        r"\shx-on",
        r"javascript:",
    ],
)
def test_no_page_holds_a_script_or_a_style_of_its_own(inline: str) -> None:
    found = [name for name, text in template_texts().items() if re.search(inline, text)]
    assert found == []


def test_a_fragment_that_goes_to_everybody_knows_no_viewer() -> None:
    viewer = re.compile(r"{[{%][^}]*\b(request|user|perms|csrf_token)\b")
    names = fanned_out()
    assert "chat/_message.jinja" in names
    assert [name for name in names if viewer.search(template_texts()[name])] == []


def test_a_fragment_that_goes_to_everybody_is_in_nobody_s_language() -> None:
    """Its words are marked, and put where bytes leave (livechat/lib/words.py)."""
    in_one = re.compile(r"{%-?\s*(translate|blocktranslate|trans)\b|_\(|\|date\b")
    assert [
        name for name in fanned_out() if in_one.search(template_texts()[name])
    ] == []


def fanned_out() -> set[str]:
    """Templates that the fan-out renders, with those that they include."""
    found: set[str] = set()
    todo = {
        name
        for file in FANS_OUT
        for name in re.findall(
            r'(?:get_template|macro)\("([^"]+)"[,)]',
            (PROJECT_DIR / f"chat/{file}.py").read_text(),
        )
    }
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= set(re.findall(r'{% include "([^"]+)"', template_texts()[name])) - found
    return found


@cache
def template_texts() -> dict[str, str]:
    return {
        path.relative_to(TEMPLATES).as_posix(): path.read_text()
        for path in TEMPLATES.rglob("*")
        if path.is_file()
    }


def test_all_our_scripts_together_are_within_their_budget() -> None:
    scripts = list((PROJECT_DIR / "static/js").iterdir())
    sandboxed = [path for path in scripts if path.name == SANDBOXED]
    assert len(code_of(sandboxed)) <= SANDBOXED_MAX_LINES
    assert len(code_of(set(scripts) - set(sandboxed))) <= SCRIPTS_MAX_LINES
    # Nobody puts more into a line than one can read.
    assert max(len(line) for line in code_of(scripts)) <= SCRIPTS_LINE_MAX_LENGTH


def code_of(scripts: Iterable[Path]) -> list[str]:
    """Their lines that are neither empty nor a comment."""
    lines = [one.strip() for path in scripts for one in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("//")]


def test_the_script_neither_opens_sockets_nor_makes_html() -> None:
    hooks = (PROJECT_DIR / "static/js/hooks.js").read_text()
    forbidden = r"WebSocket|EventSource|fetch\(|XMLHttpRequest|innerHTML|eval\("
    assert re.findall(forbidden, hooks) == []
