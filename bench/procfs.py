"""CPU seconds, memory and family of processes, read from /proc (Linux only)."""

import os
from collections import defaultdict
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of `pid` so far, all threads, in seconds (step 10 ms).

    Raises: FileNotFoundError or ProcessLookupError when the process has ended.
    """
    fields = _stat_fields(Path(f"/proc/{pid}/stat").read_text())
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def cpu_by_role(processes: dict[str, list[int]]) -> dict[str, float]:
    """CPU seconds so far of each role's processes together."""
    return {role: sum(map(cpu_s, pids)) for role, pids in processes.items()}


def busy_s() -> float:
    """CPU seconds that all cores together have worked since the machine started."""
    fields = Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / _TICKS_PER_S


def rss_kib(pid: int) -> int:
    """VmRSS of `pid` in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def command_line(pid: int) -> str:
    """The arguments of `pid` with spaces between, empty when it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def family(root: int) -> list[int]:
    """`root` and all processes below it, parents first."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            children[parent].append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found


def _parent(entry: Path) -> int | None:
    try:
        return int(_stat_fields((entry / "stat").read_text())[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _stat_fields(stat: str) -> list[str]:
    """The fields from the third on: the second is a name that may hold spaces."""
    return stat[stat.rindex(")") + 2 :].split()
