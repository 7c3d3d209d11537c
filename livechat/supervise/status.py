"""`make status`: the processes of the livechat that runs on LIVECHAT_VAR."""

import sys
from datetime import timedelta

from livechat.env import BadSetting, var_dir
from livechat.supervise.console import complain, say
from livechat.supervise.instance import running_instance
from livechat.supervise.rpc import NotAnswering, ProcessInfo, process_table
from livechat.supervise.site import supervisor_socket

EXIT_BAD_SETTING = 2
EXIT_NOTHING_RUNS = 3


def main() -> int:
    """The exit code: 0 when something runs, 3 when nothing does."""
    try:
        return _status()
    except BadSetting as error:
        complain(str(error))
        return EXIT_BAD_SETTING


def _status() -> int:
    var = var_dir()
    instance = running_instance(var)
    if instance is None:
        say(f"Nothing runs on {var}; `make run` starts it.")
        return EXIT_NOTHING_RUNS
    say(f"livechat runs on {var}, {instance.url or 'not ready'}, pid {instance.pid}")
    try:
        rows = process_table(supervisor_socket(var))
    except NotAnswering:
        say("It is just starting or stopping.")
        return 0
    for line in _table(rows):
        say(line)
    return 0


def _table(rows: list[ProcessInfo]) -> list[str]:
    width = max([len("name"), *(len(row.name) for row in rows)])
    head = f"{'name':{width}}  {'state':9}  {'pid':>7}  uptime"
    return [head, *(_line(row, width) for row in rows)]


def _line(row: ProcessInfo, width: int) -> str:
    pid = str(row.pid or "-")
    uptime = str(timedelta(seconds=row.uptime_s)) if row.pid else "-"
    return f"{row.name:{width}}  {row.state:9}  {pid:>7}  {uptime}"


if __name__ == "__main__":
    sys.exit(main())
