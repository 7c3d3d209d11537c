"""`make` between the terminal and the launcher: its signals and its death."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from livechat.env import PROJECT_DIR
from tests.processes.conftest import STANDINS, Running, StartLivechat, until

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not here")


@pytest.fixture
def make_run(tmp_path: Path) -> tuple[str, ...]:
    """`make run`, whose recipe is the Makefile's but for the stand-ins."""
    makefile = (PROJECT_DIR / "Makefile").read_text()
    recipe = re.compile(r"^\t\$\(RUN_READY\) && exec .* livechat\.launch .*$", re.M)
    replaced, count = recipe.subn("\t@exec " + " ".join(STANDINS), makefile)
    assert count == 1
    (tmp_path / "Makefile").write_text(replaced)
    return ("make", "--file", str(tmp_path / "Makefile"), "run")


@pytest.fixture
def run_by_make(start: StartLivechat, make_run: tuple[str, ...]) -> Running:
    """A livechat that is ready, under make."""
    running = start(command=make_run)
    running.wait_ready()
    return running


def test_ctrl_c_in_the_terminal_ends_everything_without_a_word_on_stderr(
    run_by_make: Running,
) -> None:
    os.killpg(run_by_make.process.pid, signal.SIGINT)
    run_by_make.process.wait(20)
    assert run_by_make.left() == []
    assert run_by_make.errors() == ""


def test_a_term_to_make_ends_everything(run_by_make: Running) -> None:
    run_by_make.end(signal.SIGTERM)
    assert run_by_make.left() == []
    assert "Traceback" not in run_by_make.errors()


def test_a_killed_make_leaves_nobody_behind(run_by_make: Running) -> None:
    run_by_make.end(signal.SIGKILL)
    until(lambda: run_by_make.left() == [], "all processes end after make")


def test_the_port_may_be_a_variable_of_make(
    start: StartLivechat, make_run: tuple[str, ...]
) -> None:
    running = start(command=(*make_run, "PORT=nine"), PORT="0")
    _, errors = running.process.communicate(timeout=20)
    assert errors.startswith("livechat: PORT: expected a whole number")
