"""Keeps other processes running: starts them, starts them again when they die, and ends them cleanly."""

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

log = logging.getLogger(__name__)

LIBC = ctypes.CDLL(None)  # loaded before any fork: a child may only call it
PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.2  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a dead process is started again
HEALTHY_AFTER = 30.0  # seconds: whoever lived so long is started again without a long pause


@dataclass(slots=True)
class Child:
    """A process that should be running. With `log_file` its output goes there, else where ours goes."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    log_file: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    begun_at: float = 0.0  # of the monotonic clock, like the next one
    start_at: float = 0.0
    pause: float = FIRST_PAUSE

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True)
class Supervisor:
    """Processes by name, in the order in which they were started."""

    children: dict[str, Child] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None, log_file: Path | None = None
    ) -> Child:
        """Start a process that is to be kept running; `env` is its whole environment, None: ours."""
        child = self.children[name] = Child(name, command, env, log_file)
        _start(child)
        return child

    def run(self, stop: threading.Event) -> None:
        """Keep them all running until `stop` is set."""
        while not stop.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Start again whoever has died, with a pause that grows while they keep dying."""
        now = time.monotonic()
        for child in self.children.values():
            if child.lives:
                continue
            if child.process is not None:
                _plan_restart(child, now)
            elif now >= child.start_at:
                _start(child)

    def end(self, seconds: float, one_by_one: bool = False) -> None:
        """SIGTERM, the last one started first; SIGKILL for those who still live after so many seconds.

        `one_by_one`: each may rely on those started before it until it has ended itself.
        """
        until = time.monotonic() + seconds
        living = [child.process for child in reversed(self.children.values()) if child.process and child.lives]
        for process in living:
            process.terminate()
            if one_by_one:
                _wait(process, until)
        for process in living:
            _wait(process, until)


def told_to_stop() -> threading.Event:
    """The event that SIGTERM, SIGINT and SIGHUP set. For the main thread."""
    stop = threading.Event()

    def heard(_number: int, _frame: FrameType | None) -> None:
        # In a thread: the main one may hold the event's own lock at this very moment, and would wait for itself.
        threading.Thread(target=stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, heard)
    return stop


def _start(child: Child) -> None:
    child.begun_at = time.monotonic()
    output = child.log_file.open("ab") if child.log_file else None
    try:
        # A session of its own: Ctrl-C in the terminal reaches only us, and we end the others in order.
        child.process = subprocess.Popen(
            child.command,
            env=child.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - it takes no lock
        )
    finally:
        if output:
            output.close()


def _end_with_parent() -> None:
    """In the child: get SIGTERM when the thread that started it dies, however it dies. Source: Linux manual, prctl(2)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _plan_restart(child: Child, now: float) -> None:
    assert child.process is not None
    if now - child.begun_at > HEALTHY_AFTER:
        child.pause = FIRST_PAUSE
    log.warning("%s ended (%s): starting it again in %.1f s", child.name, child.process.returncode, child.pause)
    child.process, child.start_at = None, now + child.pause
    child.pause = min(child.pause * 2, LONGEST_PAUSE)


def _wait(process: subprocess.Popen[bytes], until: float) -> None:
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
