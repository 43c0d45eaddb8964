"""Our own processes as tests run them, on the environment of a test: web, worker and clock, each of which can be killed."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

GONE_FOR = 15.0  # seconds that children are given to notice that their parent was killed
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """The processes below this one, nearest first."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [child for one in map(int, found) for child in (one, *descendants(one))]


def kill_tree(pid: int) -> None:
    """SIGKILL to a process and all below it. It is frozen first: it must not start another one meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    for one in (*descendants(pid), pid):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def birth(pid: int) -> str | None:
    """When a process began, which tells it from a later one of the same number; None when it is gone."""
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else facts[18]


class Process:
    """A process of ours that is started again when it dies, as the host of a Procfile would.

    `alone`: its children keep its port, so the next one waits until they are gone.
    """

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, *, alone: bool = False) -> None:
        self.command, self.environment, self.log, self.alone = command, {**os.environ, **environment}, log, alone
        self.orphaned: dict[int, str | None] = {}  # those whose parent was killed, and when they began
        self._turn = threading.Lock()  # who kills and who looks after it take turns
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, *, tree: bool = False) -> None:
        """SIGKILL, and up again. Without `tree` its children are left alone in the world."""
        with self._turn:
            if tree:
                kill_tree(self.process.pid)
            else:
                self.orphaned |= {child: birth(child) for child in descendants(self.process.pid)}
                self.process.kill()
            self.process.wait()
            until = time.monotonic() + GONE_FOR
            while self.alone and self.orphans() and time.monotonic() < until:
                time.sleep(0.05)
            self.process = self._start()

    def kill_child(self) -> None:
        """SIGKILL to one child; the parent starts another."""
        with self._turn:
            children = descendants(self.process.pid)
            if children:
                with suppress(ProcessLookupError):
                    os.kill(random.choice(children), signal.SIGKILL)

    def look(self) -> None:
        """Start it again if it has ended by itself."""
        if self._turn.acquire(blocking=False):
            try:
                if self.process.poll() is not None:
                    self.process = self._start()
            finally:
                self._turn.release()

    def orphans(self) -> list[int]:
        """Children that outlive a parent that was killed."""
        return [pid for pid, began in self.orphaned.items() if began is not None and birth(pid) == began]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            kill_tree(self.process.pid)
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()


def web(app: str, port: int, environment: dict[str, str], log: Path, workers: int = 1, threads: int = 4) -> Process:
    """gunicorn on the loopback; returns when it listens."""
    command = [
        sys.executable, "-m", "gunicorn", app, "-k", "gthread", "--workers", str(workers), "--threads", str(threads),
        "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning", "--keep-alive", "30",
    ]  # fmt: skip
    process = Process(command, environment, log, alone=True)
    for _ in range(200):
        if listens(port):
            return process
        time.sleep(0.1)
    raise RuntimeError(f"the web server did not start: {log.read_text()[-2000:]}")


def clock(environment: dict[str, str], log: Path) -> Process:
    """`parley clock`."""
    return Process([sys.executable, "-m", "bot", "clock"], environment, log)


def worker(environment: dict[str, str], log: Path) -> Process:
    """`parley worker`: the supervisor, with a child for each queue."""
    return Process([sys.executable, "-m", "bot", "worker"], environment, log)
