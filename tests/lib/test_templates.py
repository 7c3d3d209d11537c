"""Templates that are in memory: rendering opens no file."""

import subprocess
import sys

ASK = """
import resource
import django
django.setup()
from django.template.loader import get_template
from chat import fanout
from livechat.lib.templates import load_templates
load_templates()
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    open("manage.py")
except OSError:
    print(fanout.cursor_fragment(7).decode())
    print(get_template("chat/_message.jinja", using="fragments").template.name)
"""


def test_a_process_that_may_open_no_file_renders_all_the_same() -> None:
    command = [sys.executable, "-c", ASK]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert 'value="7"' in ran.stdout
    assert "chat/_message.jinja" in ran.stdout
