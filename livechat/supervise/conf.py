"""Writes supervisord.conf: restarts with back-off, rotated logs, an orderly end."""

import resource
import shlex
from pathlib import Path

from livechat.env import PROJECT_DIR
from livechat.supervise.processes import Program
from livechat.supervise.site import Site

STOP_WAIT_S = 12
REST = "livechat"  # the group of everything that waits for the database
_LOG_MAX_SIZE = "10MB"
_LOG_BACKUPS = 3


def write_conf(site: Site, programs: list[Program]) -> Path:
    """Write `var/run/supervisord.conf` (0600) and return its path."""
    sections = [_daemon(site), *(_program(site, program) for program in programs)]
    rest = [program.name for program in programs if not program.starts_first]
    # Within a group all stop at the same time; groups stop one after the other, the
    # highest priority first: Redis outlives those who still write to it.
    if rest:
        sections.append(f"[group:{REST}]\nprograms = {','.join(rest)}\npriority = 20\n")
    path = site.var / "run" / "supervisord.conf"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("\n".join(sections))
    return path


def _daemon(site: Site) -> str:
    soft_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return f"""\
[supervisord]
nodaemon = true
silent = true
identifier = livechat
umask = 077
minfds = {min(1024, soft_limit)}
minprocs = 20
logfile = {_literal(site.logs / "supervisord.log")}
logfile_maxbytes = {_LOG_MAX_SIZE}
logfile_backups = {_LOG_BACKUPS}
pidfile = {_literal(site.var / "run" / "supervisord.pid")}
childlogdir = {_literal(site.logs)}

[unix_http_server]
file = {_literal(site.supervisor_socket)}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def _program(site: Site, program: Program) -> str:
    return f"""\
[program:{program.name}]
command = {_literal(shlex.join(program.command))}
directory = {_literal(PROJECT_DIR)}
priority = {10 if program.starts_first else 20}
autostart = {"true" if program.starts_first else "false"}
autorestart = true
startsecs = {program.start_s}
startretries = {1_000_000}
stopsignal = TERM
stopwaitsecs = {STOP_WAIT_S}
killasgroup = true
redirect_stderr = true
stdout_logfile = {_literal(site.logs / f"{program.name}.log")}
stdout_logfile_maxbytes = {_LOG_MAX_SIZE}
stdout_logfile_backups = {_LOG_BACKUPS}
"""


def _literal(value: str | Path) -> str:
    """supervisord expands `%(name)s` in its values; ours are meant as they are."""
    return str(value).replace("%", "%%")
