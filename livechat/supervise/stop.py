"""`make stop`: ends the livechat of LIVECHAT_VAR and waits until it is gone."""

import os
import signal
import sys
from contextlib import suppress

from livechat.env import BadSetting, var_dir
from livechat.supervise.console import complain, say
from livechat.supervise.instance import Instance, running_instance, wait_until_gone
from livechat.supervise.tree import STOP_TIMEOUT_S

EXIT_STILL_RUNS = 1
EXIT_BAD_SETTING = 2


def main() -> int:
    """The exit code: 0 when nothing runs any more, 1 when it would not end."""
    try:
        return _stop()
    except BadSetting as error:
        complain(str(error))
        return EXIT_BAD_SETTING


def _stop() -> int:
    var = var_dir()
    instance = running_instance(var)
    if instance is None:
        say(f"Nothing runs on {var}.")
        return 0
    _ask(instance)
    if not wait_until_gone(var, STOP_TIMEOUT_S + 4):
        complain(f"The livechat on {var} (process {instance.pid}) does not end.")
        return EXIT_STILL_RUNS
    say(f"Stopped the livechat on {var}.")
    return 0


def _ask(instance: Instance) -> None:
    # The launcher may be dead already: its supervisord is then stopping by itself.
    if instance.pid:
        with suppress(ProcessLookupError):
            os.kill(instance.pid, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
