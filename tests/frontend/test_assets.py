"""What the browser loads: little of ours, and of others only what is written down."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "frontend/css").glob("*.css"))


def run(script: str) -> str:
    """What a script says of itself with --check; it must succeed."""
    command = [sys.executable, f"scripts/{script}", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_our_own_scripts_are_three_files() -> None:
    scripts = sorted((ROOT / "static/js").iterdir())
    assert [path.name for path in scripts] == ["diagram.js", "hooks.js", "passkeys.js"]


def test_the_script_of_passkeys_opens_no_socket_and_makes_no_html() -> None:
    text = (ROOT / "static/js/passkeys.js").read_text()
    assert re.findall(r"WebSocket|EventSource|innerHTML|eval\(", text) == []


def test_the_script_of_diagrams_asks_for_nothing() -> None:
    """It runs in a sandbox alone, where htmx and the hooks are not."""
    text = (ROOT / "static/js/diagram.js").read_text()
    assert re.findall(r"WebSocket|EventSource|fetch|XMLHttp|eval\(|cookie", text) == []


def test_every_vendored_file_is_the_one_that_is_written_down() -> None:
    assert run("vendor.py") == ""


def test_the_committed_css_is_what_its_sources_make() -> None:
    assert run("css.py") == ""


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "frontend/package-lock.json").read_text()
    assert '"resolved"' not in lock


def test_the_personal_stylesheet_gets_a_new_address_when_it_changes() -> None:
    css = (ROOT / "templates/chat/me.css").read_bytes()
    version = hashlib.sha256(css).hexdigest()[:8]
    assert f"?v={version}" in (ROOT / "templates/app.html").read_text()


def test_components_name_tokens_and_force_nothing() -> None:
    for path in SOURCES:
        css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert "!important" not in css, path.name
        assert not re.search(r"(^|[\s,>+~])#[a-z][\w-]*\s*[{,.:\[]", css), path.name
        if path.name not in {"tokens.css", "avatar.css", "code.css"}:
            assert not re.search(r"#[0-9a-f]{3,8}\b", css), path.name


def test_every_component_is_built_in() -> None:
    entry = (ROOT / "frontend/css/app.css").read_text()
    for path in SOURCES:
        if path.name != "app.css":
            assert f'@import "./{path.name}";' in entry


def test_what_moves_stands_still_for_those_who_asked_for_it() -> None:
    """By the two times that are 0 then, or by a rule of its own in motion.css."""
    still = (ROOT / "frontend/css/motion.css").read_text()
    for path in SOURCES:
        css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for kind, value in re.findall(r"\b(animation|transition):([^;]+);", css):
            if path.name == "motion.css" or "var(--fast)" in value:
                continue
            name = value.split()[0]
            block = re.escape(name.split("-")[0])
            told = "var(--slow)" in value or re.search(rf"\.{block}\w*__?", still)
            assert told, f"{path.name}: {kind}:{value}"
