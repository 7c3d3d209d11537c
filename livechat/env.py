"""Settings come from the environment and from `.env`, and a wrong one is loud.

The rule it guards: no value is used before it was checked, and every complaint is
one sentence that names the setting, what was expected and what came.
"""

import hashlib
import os
import secrets
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import overload

PROJECT_DIR = Path(__file__).resolve().parent.parent

# sun_path holds 104 bytes on macOS and 108 on Linux; supervisord binds to
# `<name>.<pid>` first, so the longest name that ever lies in run_dir is this one.
LONGEST_SOCKET_NAME = "supervisor.sock.4194304"
SOCKET_PATH_MAX_BYTES = 90
SECRET_MIN_LENGTH = 32
# The order of the curve P-256 (FIPS 186-4, D.1.2.3): a private key is below it.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadSetting(Exception):  # noqa: N818 - it names what is wrong, as a sentence
    """A setting that cannot be used; str() is a sentence for the person who set it."""


@overload
def env_str(name: str, default: str) -> str: ...
@overload
def env_str(name: str, default: None = None) -> str | None: ...
def env_str(name: str, default: str | None = None) -> str | None:
    """The value without the blanks around it; an empty value counts as not set."""
    return _value(name) or default


def env_int(name: str, default: int, *, low: int, high: int) -> int:
    """The whole number from `low` to `high`, both included.

    Raises:
        BadSetting: it is not a whole number, or outside of these bounds.
    """
    value = _value(name)
    if not value:
        return default
    if not value.isascii() or not value.removeprefix("-").isdigit():
        raise _bad(name, f"a whole number from {low} to {high}", value)
    number = int(value) if len(value) < 20 else high + 1
    if not low <= number <= high:
        raise _bad(name, f"a whole number from {low} to {high}", value)
    return number


def env_bool(name: str, default: bool) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off, in any case.

    Raises:
        BadSetting: any other word.
    """
    value = _value(name).lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise _bad(name, "1 or 0 (true, false, yes, no, on and off will do)", value)
    return value in _TRUE


def env_list(name: str, default: Sequence[str]) -> list[str]:
    """The parts between the commas, without blanks; an empty value is the default."""
    parts = [part.strip() for part in _value(name).split(",")]
    return [part for part in parts if part] or list(default)


def new_secret() -> str:
    """A new secret of 64 characters."""
    return secrets.token_urlsafe(48)


def new_private_key() -> str:
    """A new private key of the curve P-256: its 32 bytes in base64url."""
    number = secrets.randbelow(P256_ORDER - 1) + 1
    return urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def env_private_key(name: str, path: Path) -> str:
    """A private key of the curve P-256 in base64url, from where a secret comes from.

    Raises:
        BadSetting: it is none, or the file cannot be read or made.
    """
    value = env_secret(name, path, new_private_key)
    try:
        data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        data = b""
    if len(data) != 32 or not 0 < int.from_bytes(data, "big") < P256_ORDER:
        raise BadSetting(
            f"{name}: expected a P-256 private key, 32 bytes in base64url."
        )
    return value


def env_secret(name: str, path: Path, make: Callable[[], str] = new_secret) -> str:
    """The secret from the environment, else from the file, which is made if missing.

    Raises:
        BadSetting: shorter than 32 characters, or the file cannot be read or made.
    """
    value = _value(name) or secret_file(path, make)
    if len(value) < SECRET_MIN_LENGTH:
        # The value itself stays out of the sentence: it would end up in a log.
        expected = f"a secret of at least {SECRET_MIN_LENGTH} characters"
        came = f"{len(value)} characters"
        source = "the environment" if _value(name) else str(path)
        raise BadSetting(f"{name}: expected {expected}, got {came} from {source}.")
    return value


def secret_file(path: Path, make: Callable[[], str] = new_secret) -> str:
    """The text of a secret's file; made on first use, mode 0600.

    Two processes that make it at the same moment read the same secret: a whole file
    is linked into place, and the second link fails.

    Raises:
        BadSetting: the file can neither be read nor made.
    """
    try:
        if not path.exists():
            _make_secret(path, make())
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"{path}: expected a readable file with a secret, got: {error}."
        ) from error


def var_dir() -> Path:
    """The folder for everything written at run time; absolute, may not exist yet.

    A relative LIVECHAT_VAR starts at the project's folder, wherever one stands.
    """
    chosen = Path(env_str("LIVECHAT_VAR", "var")).expanduser()
    return (PROJECT_DIR / chosen).resolve()


def run_dir(var: Path) -> Path:
    """The folder where the Unix sockets of that `var` live; may not exist yet.

    `var/run`, or, when a socket's path there would not fit into the 104 bytes that
    the system allows, a folder in the system's temporary one, named by `var`'s hash.
    """
    name = f"livechat-{hashlib.sha256(os.fsencode(var)).hexdigest()[:16]}"
    choices = [var / "run", Path(tempfile.gettempdir()).resolve() / name]
    for folder in choices:
        if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) < SOCKET_PATH_MAX_BYTES:
            return folder
    return Path("/tmp") / name  # noqa: S108 - private_folder() checks whose it is


def private_folder(folder: Path) -> Path:
    """Make the folder, ours alone (0700), and return it; fine when it is there.

    Raises:
        BadSetting: it cannot be made or written, or belongs to somebody else, who
            could have put it into a shared temporary folder before us.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if status.st_uid != os.geteuid():
            raise BadSetting(f"{folder}: expected a folder of our own, got another's.")
        if status.st_mode & 0o077:
            folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise BadSetting(
            f"{folder}: expected a folder that can be written, got: {error.strerror}."
        ) from error


@cache
def dotenv() -> dict[str, str]:
    """What `.env` in the project's folder says; empty when there is none.

    Raises:
        BadSetting: a line that is neither KEY=VALUE nor a comment.
    """
    path = PROJECT_DIR / ".env"
    return parse_dotenv(path.read_text("utf-8")) if path.is_file() else {}


def parse_dotenv(text: str) -> dict[str, str]:
    """KEY=VALUE lines as a dict; `#` lines are comments, one pair of quotes goes.

    Raises:
        BadSetting: a line that is neither KEY=VALUE nor a comment.
    """
    values = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = stripped.removeprefix("export ").partition("=")
        if not equals or not key.strip().isidentifier():
            raise BadSetting(f".env, line {number}: expected KEY=VALUE or # a comment.")
        values[key.strip()] = _unquoted(value.strip())
    return values


def _value(name: str) -> str:
    """The real environment wins over `.env`, even with an empty value."""
    value = os.environ.get(name)
    return (dotenv().get(name, "") if value is None else value).strip()


def _bad(name: str, expected: str, came: str) -> BadSetting:
    return BadSetting(f"{name}: expected {expected}, got {came!r}.")


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def _make_secret(path: Path, secret: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, whole = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(whole, path)
    except FileExistsError:
        pass  # somebody else was first; theirs is the one
    finally:
        Path(whole).unlink()
