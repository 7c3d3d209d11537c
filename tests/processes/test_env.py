"""The readers of the environment: what they take, and what they say to the rest."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from livechat import env
from livechat.env import BadSetting
from livechat.lib import webpush


@pytest.fixture(autouse=True)
def no_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `.env` is none of these tests' business."""
    monkeypatch.setattr(env, "dotenv", dict)


def test_what_is_not_set_is_the_default() -> None:
    assert env.env_str("LC_NONE") is None
    assert env.env_str("LC_NONE", "here") == "here"
    assert env.env_int("LC_NONE", 7, low=0, high=9) == 7
    assert env.env_bool("LC_NONE", True) is True
    assert env.env_list("LC_NONE", ["a"]) == ["a"]


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_EMPTY", "  ")
    assert env.env_str("LC_EMPTY", "here") == "here"
    assert env.env_int("LC_EMPTY", 7, low=0, high=9) == 7


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON"])
def test_yes_is_said_in_four_ways(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_BOOL", value)
    assert env.env_bool("LC_BOOL", False) is True


def test_a_word_that_is_no_yes_or_no_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_BOOL", "perhaps")
    with pytest.raises(BadSetting, match="LC_BOOL: expected 1 or 0 .* got 'perhaps'"):
        env.env_bool("LC_BOOL", False)


@pytest.mark.parametrize("value", ["ten", "1.5", "0", "11", "٣", "1" * 5000, "1_0"])
def test_a_number_out_of_bounds_or_none_at_all_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_INT", value)
    with pytest.raises(BadSetting, match="LC_INT: expected a whole number from 1 to"):
        env.env_int("LC_INT", 5, low=1, high=10)


def test_a_list_loses_its_blanks_and_its_empty_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_LIST", " a, b ,,c,")
    assert env.env_list("LC_LIST", []) == ["a", "b", "c"]


def test_dotenv_lines_are_read_without_quotes_and_comments() -> None:
    text = "# a comment\n\nexport PORT=9000\nBIND = '::1'\nURL=redis://h/0?a=b#c\n"
    assert env.parse_dotenv(text) == {
        "PORT": "9000",
        "BIND": "::1",
        "URL": "redis://h/0?a=b#c",
    }


def test_a_dotenv_line_that_is_none_is_named() -> None:
    with pytest.raises(BadSetting, match=r"\.env, line 2: expected KEY=VALUE"):
        env.parse_dotenv("A=1\nnonsense\n")


def test_the_real_environment_wins_over_dotenv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(env, "dotenv", lambda: {"LC_A": "file", "LC_B": "file"})
    monkeypatch.setenv("LC_A", "shell")
    assert (env.env_str("LC_A"), env.env_str("LC_B")) == ("shell", "file")


def test_a_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    made = env.env_secret("LC_SECRET", path)
    assert len(made) == 64
    assert env.env_secret("LC_SECRET", path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


def test_processes_that_make_a_secret_together_read_the_same(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = pool.map(env.secret_file, [tmp_path / "key"] * 8)
    assert len(set(made)) == 1


def test_a_short_secret_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_SECRET", "hunter2")
    with pytest.raises(BadSetting, match="at least 32 characters, got 7") as caught:
        env.env_secret("LC_SECRET", tmp_path / "key")
    assert "hunter2" not in str(caught.value)


def test_a_private_key_is_made_once_is_ours_alone_and_is_one(tmp_path: Path) -> None:
    path = tmp_path / "vapid_key"
    made = env.env_private_key("LC_KEY", path)
    assert env.env_private_key("LC_KEY", path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(webpush.decoded(webpush.public_key(made))) == 65


@pytest.mark.parametrize(
    "value",
    ["A" * 43, "_" * 43, "A" * 42 + "!", "A" * 64, "no key of this length, is it?..."],
)
def test_a_private_key_that_is_none_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LC_KEY", value)
    with pytest.raises(BadSetting, match="a P-256 private key") as caught:
        env.env_private_key("LC_KEY", tmp_path / "key")
    assert value not in str(caught.value)


def test_a_long_path_gets_short_sockets_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    sockets = env.run_dir(deep)
    assert sockets != deep / "run"
    assert len(str(sockets / env.LONGEST_SOCKET_NAME)) < 90
    assert sockets == env.run_dir(deep)
    assert sockets != env.run_dir(tmp_path / ("e" * 100))


def test_a_short_path_keeps_its_sockets() -> None:
    assert env.run_dir(Path("/srv/livechat/var")) == Path("/srv/livechat/var/run")


def test_a_folder_that_lies_open_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    env.private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_relative_folder_starts_at_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECHAT_VAR", "elsewhere")
    assert env.var_dir() == env.PROJECT_DIR / "elsewhere"
