"""Builds the C parts of the benchmark where there is a compiler; without one, none."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from bench.servers import ROOT

_SOURCES = ROOT / "bench" / "native"
_FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-pthread")
_LIBRARY_FLAGS = ("-shared", "-fPIC")


def library(name: str) -> Path | None:
    """The shared library of `bench/native/<name>.c`; None without a C compiler."""
    return _built(name, *_LIBRARY_FLAGS)


def program(name: str) -> Path | None:
    """The program of `bench/native/<name>.c`; None without a C compiler."""
    return _built(name)


def compiler() -> str | None:
    """The path of a C compiler."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def _built(name: str, *flags: str) -> Path | None:
    """Built once for each text of the source. Raises: CalledProcessError."""
    source = _SOURCES / f"{name}.c"
    mark = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    target = ROOT / "var" / "bench" / f"{name}-{mark}"
    if target.exists():
        return target
    if (cc := compiler()) is None:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    # Under a name of its own first: another run may build the same at this moment.
    half = target.with_suffix(f".{os.getpid()}")
    subprocess.run([cc, *_FLAGS, *flags, "-o", half, source], check=True)
    half.rename(target)
    return target
