"""The address that commands print is the one that `READY` names."""

import os
import socket
import subprocess
import sys

import pytest

from tests.live import ROOT

BOTH = """
from django.conf import settings
from livechat.supervise.site import site_from_environment
print(settings.SITE_URL, site_from_environment().url)
"""


HOSTS = """
from django.conf import settings
print(*settings.ALLOWED_HOSTS)
"""

BINDS = ["127.0.0.1", "0.0.0.0", "::", "::1", "192.0.2.7"]  # noqa: S104 - a setting


@pytest.mark.parametrize("bind", BINDS)
def test_links_begin_with_the_address_of_ready(
    bind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    var = tmp_path_factory.mktemp("v")
    chosen = {"BIND": bind, "PORT": "8123", "LIVECHAT_VAR": str(var), "SITE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", BOTH],
        cwd=ROOT,
        env=os.environ | chosen | {"DJANGO_SETTINGS_MODULE": "livechat.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    link, ready = done.stdout.split()
    assert link == ready


def test_open_to_the_network_it_answers_at_the_address_it_speaks_from(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as asked:
            asked.connect(("192.0.2.1", 9))
            own = asked.getsockname()[0]
    except OSError:
        pytest.skip("this machine has no route to anywhere")
    var = tmp_path_factory.mktemp("v")
    chosen = {"BIND": "0.0.0.0", "LIVECHAT_VAR": str(var), "SITE_URL": ""}  # noqa: S104 - a setting
    done = subprocess.run(
        [sys.executable, "-c", HOSTS],
        cwd=ROOT,
        env=os.environ | chosen | {"DJANGO_SETTINGS_MODULE": "livechat.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert own in done.stdout.split()
