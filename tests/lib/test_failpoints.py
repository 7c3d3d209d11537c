"""A failpoint does nothing by itself, and once what the environment says."""

import os
import signal
import subprocess
import sys

import pytest

from livechat.lib.failpoints import VARIABLE, armed

PROGRAM = """
from livechat.lib.failpoints import failpoint
for _ in range(3):
    try:
        failpoint("a.line")
    except Exception as error:
        print(type(error).__name__, error)
print("end")
"""


def run(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, VARIABLE: text},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_without_the_variable_nothing_happens() -> None:
    assert run("").stdout == "end\n"
    assert run("another.line:kill:1").stdout == "end\n"
    assert run("a.line:kill:0").stdout == "end\n"


def test_a_process_dies_at_the_line() -> None:
    done = run("a.line:kill:1")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


def test_a_line_breaks_once() -> None:
    assert run("a.line:raise:1").stdout == "FailpointReached a.line\nend\n"


def test_a_process_stands_still_until_somebody_wakes_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, VARIABLE: "a.line:pause:1"},
        stdout=subprocess.PIPE,
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[0] == b"end\n"


def test_an_unknown_action_is_told() -> None:
    with pytest.raises(ValueError, match="expected"):
        armed("a.line:explode:1")
