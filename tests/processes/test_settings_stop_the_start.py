"""A wrong setting ends the start with code 2 and one sentence, and nothing runs."""

import socket
from pathlib import Path

import pytest

from tests.processes.conftest import Running, StartLivechat


def refused(running: Running) -> str:
    """The one sentence on its standard error."""
    output, errors = running.process.communicate(timeout=20)
    assert running.process.returncode == 2, errors
    assert errors.count("\n") == 1, errors
    assert "READY" not in output
    assert running.left() == []
    return errors


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "web", "PORT: expected a whole number from 0 to 65535, got 'web'"),
        ("PORT", "70000", "PORT: expected a whole number from 0 to 65535, got '70000'"),
        ("BIND", "everywhere", "BIND: expected an address of this machine"),
        ("BIND", "192.0.2.1", "BIND: expected an address of this machine"),
        ("WEB_PROCESSES", "0", "WEB_PROCESSES: expected a whole number from 1 to 64"),
        ("ROOMWORKER_PROCESSES", "x", "ROOMWORKER_PROCESSES: expected a whole number"),
        (
            "GATEWAY_MAX_CONNECTIONS",
            "many",
            "GATEWAY_MAX_CONNECTIONS: expected a whole",
        ),
        ("REDIS_URL", "http://localhost", "REDIS_URL: expected a Redis that answers"),
        ("REDIS_URL", "redis://:pw@127.0.0.1:1", "REDIS_URL: expected a Redis that"),
        ("LIVECHAT_VAR", "/dev/null/var", "LIVECHAT_VAR: /dev/null/var: expected"),
        ("LIVECHAT_VAR", "/srv/a #b", "LIVECHAT_VAR: expected a path without"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    name: str, value: str, sentence: str, start: StartLivechat
) -> None:
    said = refused(start(**{name: value}))
    assert said.startswith(f"livechat: {sentence}")
    assert ":pw@" not in said


def test_a_port_that_another_program_uses_is_named(start: StartLivechat) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(start(PORT=str(port)))
    assert said.startswith(f"livechat: PORT: expected a free port, got {port}")


def test_a_folder_that_cannot_be_written_is_named(
    start: StartLivechat, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.write_text("a file is no folder, not even for root")
    said = refused(start(LIVECHAT_VAR=str(closed / "var")))
    assert said.startswith(f"livechat: LIVECHAT_VAR: {closed / 'var'}: expected")


def test_a_second_start_on_the_same_folder_is_refused(start: StartLivechat) -> None:
    first = start()
    url = first.wait_ready()
    _, errors = (second := start().process).communicate(timeout=20)
    assert second.returncode == 2
    assert "LIVECHAT_VAR: expected a folder on which no other livechat runs" in errors
    assert url in errors
    assert {row.state for row in first.table().values()} <= {"RUNNING", "STARTING"}


def test_a_process_that_cannot_start_is_named_with_its_last_lines(
    start: StartLivechat,
) -> None:
    running = start("as", "broken", "roomworker")
    _, errors = running.process.communicate(timeout=20)
    assert running.process.returncode == 1
    assert "web cannot start" in errors
    assert "its shoes are missing" in errors
    assert running.left() == []
