"""What `make` runs before and around pytest."""

import re
import runpy
import subprocess
import sys

import pytest

from livechat.env import PROJECT_DIR

OLD_PYTHON = """
import runpy, sys
sys.version_info = (3, 9, 18)
sys.argv = ["bootstrap.py"]
runpy.run_path("scripts/bootstrap.py", run_name="__main__")
"""


def test_a_python_that_is_too_old_is_told_so_in_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OLD_PYTHON],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("livechat: livechat needs Python 3.11 or newer, got")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "run"),
    [
        ([], "tests --ignore=tests/journeys"),
        (["-k", "typing"], "tests --ignore=tests/journeys -k typing"),
        (["tests/processes", "-x"], "tests/processes -x"),
        (["tests/processes/test_env.py::t"], "tests/processes/test_env.py::t"),
    ],
)
def test_paths_among_the_arguments_run_alone(arguments: list[str], run: str) -> None:
    script = runpy.run_path(str(PROJECT_DIR / "scripts" / "test.py"))
    first, *journeys = (" ".join(part) for part in script["_parts"](arguments))
    parallel = " ".join(script["PARALLEL"])
    assert first == f"{parallel} {run}"
    assert all(part.startswith(f"{parallel} tests/journeys") for part in journeys)


def test_journeys_that_are_named_run_one_by_one() -> None:
    script = runpy.run_path(str(PROJECT_DIR / "scripts" / "test.py"))
    (part,) = script["_parts"](["tests/journeys/test_mute.py"])
    assert part == ("-n", "0", "tests/journeys/test_mute.py")


def test_the_help_names_every_target_of_the_makefile() -> None:
    makefile = (PROJECT_DIR / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    shown = subprocess.run(
        ["make"], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^ {2}make ([a-z-]+) +", shown, re.MULTILINE)) == targets
