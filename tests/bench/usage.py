"""What processes use, by the kernel's own account."""

from pathlib import Path

from tests.bench.load import TICK
from tests.processes import descendants


def cpu(*roots: int) -> float:
    """CPU seconds so far of these processes, of all below them, and of those below them that have ended."""
    return sum(_cpu(pid) for root in roots for pid in (root, *descendants(root)))


def peak(*roots: int) -> float:
    """The most resident memory, in MB, that any of these processes and those below them ever had."""
    return max(_peak(pid) for root in roots for pid in (root, *descendants(root))) / 1024


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    try:
        return sum(map(int, _stat(pid)[11:15])) / TICK
    except OSError:  # it has just ended: its parent accounts for it
        return 0


def _peak(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return 0
    return next((float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
