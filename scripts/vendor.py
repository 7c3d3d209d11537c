"""Copies the files of other projects that we ship, unmodified, and writes them down.

`npm ci --ignore-scripts` in `frontend/`, then this. `--check` needs neither npm nor a
network: every file must be the one that `vendor.json` names, and nothing else is there.
"""

import base64
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
MANIFEST = ROOT / "static/vendor/vendor.json"
FOLDERS = ("static/vendor", "static/fonts", "frontend/vendor", "livechat/data")

SUBSETS = (
    "cyrillic-ext",
    "cyrillic",
    "greek-ext",
    "greek",
    "latin-ext",
    "latin",
    "vietnamese",
)
DAISYUI_FUNCTIONS = ("addPrefix", "nestCssLayers", "plugin", "variables")
DAISYUI_PARTS = ("button", "chat", "kbd", "skeleton")

FONTS = "static/fonts"
DAISYUI = "frontend/vendor/daisyui"

# From a package's file to ours. Of daisyUI only what `frontend/daisyui.js` builds in.
FILES: dict[str, dict[str, str]] = {
    "htmx.org": {
        "dist/htmx.min.js": "static/vendor/htmx.min.js",
        "dist/ext/hx-ws.min.js": "static/vendor/hx-ws.min.js",
        "LICENSE": "static/vendor/htmx.LICENSE.txt",
    },
    "@fontsource-variable/inter": {
        "LICENSE": f"{FONTS}/inter.LICENSE.txt",
        **{
            f"files/inter-{subset}-wght-normal.woff2": f"{FONTS}/inter-{subset}.woff2"
            for subset in SUBSETS
        },
    },
    # The bundle holds the two others; they are listed for their licences.
    "@github/text-expander-element": {
        "dist/bundle.js": "static/vendor/text-expander.js",
        "LICENSE": "static/vendor/text-expander.LICENSE.txt",
    },
    "@github/combobox-nav": {"LICENSE": "static/vendor/combobox-nav.LICENSE.txt"},
    "dom-input-range": {"LICENSE": "static/vendor/dom-input-range.LICENSE.txt"},
    "emojibase-data": {
        "en/compact.json": "livechat/data/emoji/compact.json",
        "LICENSE": "livechat/data/emoji/LICENSE",
    },
    # One file that needs no other; its bundle for imports is a folder of 29.
    "mermaid": {
        "dist/mermaid.min.js": "static/vendor/mermaid.min.js",
        "LICENSE": "static/vendor/mermaid.LICENSE.txt",
    },
    "daisyui": {
        name: f"{DAISYUI}/{name}"
        for name in (
            "LICENSE",
            *(f"functions/{name}.js" for name in DAISYUI_FUNCTIONS),
            *(f"components/{part}/index.js" for part in DAISYUI_PARTS),
            *(f"components/{part}/object.js" for part in DAISYUI_PARTS),
        )
    },
}


def main() -> int:
    """The exit code: 1 when `--check` found a difference."""
    if sys.argv[1:] == ["--check"]:
        wrong = differences()
        sys.stdout.writelines(f"vendored files: {line}\n" for line in wrong)
        return 1 if wrong else 0
    copy()
    return 0


def copy() -> None:
    """Copy every file out of `node_modules` and write the manifest anew."""
    for package, files in FILES.items():
        for source, target in files.items():
            path = ROOT / target
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(FRONTEND / "node_modules" / package / source, path)
    MANIFEST.write_text(json.dumps(_manifest(), indent=2) + "\n")


def differences() -> list[str]:
    """What is not as the manifest and the lock file say, each as a sentence."""
    manifest: dict[str, dict[str, Any]] = json.loads(MANIFEST.read_text())
    lock = _lock()
    wrong = [
        f"{package}: vendor.json and package-lock.json name different packages."
        for package in FILES
        if {key: manifest.get(package, {}).get(key) for key in ("version", "integrity")}
        != {key: lock[package][key] for key in ("version", "integrity")}
    ]
    if re.search(r"https?://[^\"]*\.tgz", (FRONTEND / "package-lock.json").read_text()):
        wrong.append("package-lock.json: take the registry's addresses out.")
    known = {
        path: digest
        for entry in manifest.values()
        for path, digest in entry["files"].items()
    }
    return wrong + _changed(known) + _strangers(set(known))


def _changed(known: dict[str, str]) -> list[str]:
    listed = {target for files in FILES.values() for target in files.values()}
    wrong = [f"{path}: not in vendor.json." for path in sorted(listed - set(known))]
    for path, digest in known.items():
        if not (ROOT / path).is_file():
            wrong.append(f"{path}: missing.")
        elif _sha384(ROOT / path) != digest:
            wrong.append(f"{path}: changed.")
    return wrong


def _strangers(known: set[str]) -> list[str]:
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path != MANIFEST
    }
    return [f"{path}: not in vendor.json." for path in sorted(there - known)]


def _manifest() -> dict[str, Any]:
    lock = _lock()
    return {
        package: {
            "version": lock[package]["version"],
            "license": lock[package]["license"],
            "integrity": lock[package]["integrity"],
            "files": {
                target: _sha384(ROOT / target) for target in sorted(files.values())
            },
        }
        for package, files in FILES.items()
    }


def _lock() -> dict[str, dict[str, Any]]:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    return {
        path.removeprefix("node_modules/"): entry
        for path, entry in lock["packages"].items()
    }


def _sha384(path: Path) -> str:
    """In the form of a subresource integrity."""
    digest = hashlib.sha384(path.read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


if __name__ == "__main__":
    sys.exit(main())
