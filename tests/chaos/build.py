"""The tree that runs: a copy of the project, with a sabotage patched into it or not.

The project's own files stay as they are, and work on them does not disturb a run.
"""

import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from livechat.env import PROJECT_DIR

COPIED = (
    "livechat",
    "accounts",
    "chat",
    "media",
    "search",
    "assistant",
    "studio",
    "templates",
    "static",
    "manage.py",
    "requirements.txt",
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


class CannotPatch(Exception):  # noqa: N818 - it says what does not fit
    """A sabotage names a text that is not in its file exactly once."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One exact replacement in one file."""

    path: str
    old: str
    new: str


def copy_tree(target: Path) -> Path:
    """Copy what the site consists of; return the copy."""
    target.mkdir(parents=True)
    for name in COPIED:
        source = PROJECT_DIR / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=LEFT_OUT)
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


def committed_tree(target: Path) -> Path:
    """What the last commit consists of, whatever is being worked on."""
    target.mkdir(parents=True)
    words = ["git", "-C", str(PROJECT_DIR), "archive", "HEAD"]
    archive = subprocess.run(words, capture_output=True, check=True, timeout=60)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")
    return target


def patch(tree: Path, change: Patch) -> None:
    """Replace the text in the copy.

    Raises:
        CannotPatch: it is not there, or more than once.
    """
    path = tree / change.path
    text = path.read_text() if path.is_file() else ""
    if (found := text.count(change.old)) != 1:
        raise CannotPatch(f"{change.path}: expected the text once, found it {found} x.")
    path.write_text(text.replace(change.old, change.new))


def revision(*, committed: bool) -> str:
    """The commit that the copy was made from, and whether something was changed."""
    words = ["git", "-C", str(PROJECT_DIR), "describe", "--always"]
    if not committed:
        words.append("--dirty")
    try:
        done = subprocess.run(words, capture_output=True, check=True, timeout=20)  # noqa: S603, RUF100
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.decode().strip()
