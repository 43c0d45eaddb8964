"""Our own processes as tests run them: a web server that can be killed, a clock, both on the environment of a test."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> list[int]:
    """The processes below this one, nearest first."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [child for one in map(int, found) for child in (one, *descendants(one))]


class Process:
    """A process of ours that is started again when it dies, as a supervisor would."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, {**os.environ, **environment}, log
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, *, tree: bool = False) -> None:
        """SIGKILL, and up again."""
        pids = [self.process.pid, *(descendants(self.process.pid) if tree else [])]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = self._start()

    def kill_child(self) -> None:
        """SIGKILL to one child; the parent starts another."""
        for pid in descendants(self.process.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

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
    process = Process(command, environment, log)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return process
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web server did not start: {log.read_text()[-2000:]}")


def clock(environment: dict[str, str], log: Path) -> Process:
    """`parley clock`."""
    return Process([sys.executable, "-m", "bot", "clock"], environment, log)
