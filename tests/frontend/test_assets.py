"""What the browser loads: little of ours, and of others only what is written down."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "frontend/css").glob("*.css"))
HOOKS_MAX_LINES = 100
PASSKEYS_MAX_LINES = 30


def run(script: str) -> str:
    """What a script says of itself with --check; it must succeed."""
    command = [sys.executable, f"scripts/{script}", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_our_own_javascript_is_one_small_file() -> None:
    names = {path.name for path in (ROOT / "static/js").iterdir()}
    assert names == {"hooks.js", "passkeys.js"}
    lines = (ROOT / "static/js/hooks.js").read_text().splitlines()
    code = [
        line for line in lines if line.strip() and not line.strip().startswith("//")
    ]
    assert len(code) <= HOOKS_MAX_LINES


def test_the_script_of_passkeys_is_small_and_opens_no_socket() -> None:
    text = (ROOT / "static/js/passkeys.js").read_text()
    code = [line for line in text.splitlines() if line.strip()]
    assert len(code) <= PASSKEYS_MAX_LINES
    assert re.findall(r"WebSocket|EventSource|innerHTML|eval\(", text) == []


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
