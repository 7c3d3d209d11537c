#!/usr/bin/env python
"""Django's command line for livechat; it speaks to the instance of LIVECHAT_VAR."""

import os
import sys

from django.core.management import execute_from_command_line

from livechat.env import BadSetting


def main() -> None:
    """Run one command; a wrong setting ends it with one sentence and code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"livechat: {error}")


if __name__ == "__main__":
    main()
