"""Each sabotage still fits the code that it breaks, and is broken Python nowhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livechat.env import PROJECT_DIR
from tests.chaos.build import COPIED, CannotPatch, Patch, patch
from tests.chaos.sabotage import SABOTAGES
from tests.test_architecture import APPS


@pytest.mark.parametrize("name", sorted(SABOTAGES))
def test_every_text_that_a_sabotage_replaces_is_there_once(
    name: str, tmp_path: Path
) -> None:
    for change in SABOTAGES[name].patches:
        target = tmp_path / change.path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT_DIR / change.path, target)
        before = target.read_text()
        patch(tmp_path, change)
        assert target.read_text() != before
    assert not undefined_names(tmp_path)


def undefined_names(path: Path) -> str:
    """What ruff finds: a build that breaks by accident proves nothing."""
    words = ["check", "--isolated", "--quiet", "--no-cache", "--select", "F821"]
    words = [sys.executable, "-m", "ruff", *words, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_text_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for missing in ("y", "x = 1"):
        with pytest.raises(CannotPatch, match=r"a\.py"):
            patch(tmp_path, Patch("a.py", missing, "z"))


def test_the_copy_that_runs_holds_every_app() -> None:
    assert set(APPS) <= set(COPIED)
