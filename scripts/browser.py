"""Makes sure that a Chromium is there for the journeys; downloads one if not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# With a font for emoji, which a bare machine lacks.
PACKAGES = ("chromium", "fonts-noto-color-emoji")
APT = ("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)


def main() -> int:
    """The exit code of the installation; 0 at once when a browser is there."""
    if any(shutil.which(name) for name in NAMES) or _playwrights_own():
        return 0
    if _apt_installs_it() or _playwright_installs_it():
        return 0
    sys.stderr.write("livechat: no Chromium was found, and none could be installed.\n")
    return 1


def _playwrights_own() -> bool:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def _apt_installs_it() -> bool:
    """Debian alone: Ubuntu's package of that name is an empty shell for a snap."""
    release = Path("/etc/os-release")
    if os.geteuid() or not shutil.which("apt-get") or not release.is_file():
        return False
    if "ID=debian" not in release.read_text().splitlines():
        return False
    _say("Installing Debian's chromium for the journeys …")
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    return all(
        subprocess.run(  # noqa: S603 - a fixed command
            command, env=quiet, stdin=subprocess.DEVNULL, check=False
        ).returncode
        == 0
        for command in (("apt-get", "update", "-q"), APT)
    )


def _playwright_installs_it() -> bool:
    _say("Downloading Playwright's Chromium for the journeys …")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if not os.geteuid():
        command.append("--with-deps")
    return not subprocess.run(command, check=False).returncode  # noqa: S603 - ours


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
