"""Clock, workers and their supervisor, as real processes on both databases and a real Redis."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Callback as AfterJob
from rq import Queue
from sqlalchemy import func, select

from bot import clock, embedded, jobs, worker
from bot.awake import AWAKE_FOR
from bot.processes import beat
from bot.runtime import Runtime, open_engine, open_redis, open_runtime
from bot.supervisor import Supervisor
from models import Callback, Lease, Process
from tests.conftest import skip_or_fail
from tests.house import House, settings

UNLOADED = "this"  # a module of the standard library that nobody imports by accident


@pytest.fixture
def sqlite(sqlite_templates: dict[str, Path], tmp_path: Path) -> str:
    """An empty database, for what does not depend on which it is."""
    return f"sqlite:///{shutil.copy(sqlite_templates['empty'], tmp_path / 'house.db')}"


def wait_for(holds: Callable[[], Any], seconds: float = 40) -> Any:
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


@contextmanager
def parley(database: str, command: str, redis_url: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """One of our processes, ended afterwards."""
    env = {
        **os.environ, "DATABASE_URL": database, "SECRET_KEY": "s" * 40, "BASE_URL": "http://127.0.0.1:8000",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "token", "PARLEY_CARRIER": "simulated",
        "TWILIO_API_BASE": "http://127.0.0.1:9", **({"REDIS_URL": redis_url} if redis_url else {}),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "bot", command], env=env, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def seen(database: str, query: Any) -> list[Any]:
    engine = open_engine(database)
    with engine.connect() as connection:
        rows = list(connection.execute(query).all())
    engine.dispose()
    return rows


def unfolded(runtime: Runtime) -> int:
    with runtime.read() as connection:
        return connection.scalar(select(func.count()).where(Callback.folded.is_(False))) or 0


@pytest.fixture
def due(house: House) -> Runtime:
    """A house in which something is due: the statuses of a reply have come and are not yet folded."""
    house.text("Bo", "JOIN")
    last = select(Callback.id).where(Callback.status == "delivered")
    wait_for(lambda: seen(house.runtime.settings.database_url, last))
    return house.runtime


# The clock


def test_without_redis_the_clock_does_the_work(due: Runtime) -> None:
    clock.tick(due)
    assert unfolded(due) == 0


def test_while_a_worker_lives_the_clock_only_wakes_it(due: Runtime, redis_url: str, queue: Queue) -> None:
    runtime = replace(due, redis=open_redis(redis_url))
    beat(runtime, "worker replies")
    clock.tick(runtime)
    assert [job.func_name for job in queue.jobs] == ["bot.jobs.replies"]
    assert unfolded(runtime) > 0


def test_a_worker_that_fell_silent_is_not_waited_for(due: Runtime, redis_url: str, queue: Queue) -> None:
    runtime = replace(due, redis=open_redis(redis_url))
    beat(runtime, "worker replies")
    later = runtime.machine_now() + timedelta(seconds=30)
    clock.tick(replace(runtime, machine_now=lambda: later))
    assert queue.job_ids == []
    assert unfolded(runtime) == 0


def test_when_nobody_takes_the_wake_ups_the_clock_lends_a_hand(due: Runtime, redis_url: str, queue: Queue) -> None:
    runtime = replace(due, redis=open_redis(redis_url))
    beat(runtime, "worker replies")
    for _ in range(10):
        clock.tick(runtime)
    assert len(queue) == jobs.WAKE_UPS
    assert unfolded(runtime) == 0


def test_when_redis_is_down_the_clock_does_the_work(due: Runtime) -> None:
    runtime = replace(due, redis=open_redis("unix:///nowhere/redis.sock"))
    beat(runtime, "worker replies")
    clock.tick(runtime)
    assert unfolded(runtime) == 0


def test_a_tick_that_fails_is_logged_and_the_next_one_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "TICK_FOR", 0.01)
    without_tables = open_runtime(settings(f"sqlite:///{tmp_path}/x.db", "http://127.0.0.1:1", "http://127.0.0.1:1"))
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with caplog.at_level(logging.ERROR):
        clock.run(without_tables, stop)
    assert len([line for line in caplog.messages if "tick" in line]) > 1


def test_of_two_clocks_one_is_awake_and_the_other_takes_over(database: str) -> None:
    holder = select(Lease.holder).where(Lease.name == "clock")
    with parley(database, "clock") as one, parley(database, "clock") as other:
        clocks = {one.pid: one, other.pid: other}
        wait_for(lambda: len(seen(database, select(Process.pid).where(Process.kind == "clock"))) == 2)
        awake = {row.holder for row in (seen(database, holder)[0] for _ in range(20)) if not time.sleep(0.1)}
        assert len(awake) == 1
        pid = int(awake.pop().rpartition(":")[2])
        clocks[pid].kill()
        began = time.monotonic()
        wait_for(lambda: not seen(database, holder)[0].holder.endswith(f":{pid}"))
        assert time.monotonic() - began < AWAKE_FOR.total_seconds() + 3 * clock.TICK_FOR


def test_the_clock_ends_at_once(sqlite: str) -> None:
    with parley(sqlite, "clock") as process:
        wait_for(lambda: seen(sqlite, select(Process.pid)))
        began = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5  # a tick, on a busy machine


# The workers


def work_until(runtime: Runtime, holds: Callable[[], Any]) -> None:
    """Run the worker of the queue here, until something holds."""
    stop = threading.Event()

    def watch() -> None:
        try:
            wait_for(holds)
        finally:
            stop.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    worker.work(runtime, "replies", stop)
    watcher.join()


def test_a_job_that_is_not_ours_is_refused_and_never_imported(
    house: House, redis_url: str, queue: Queue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sys.modules.pop(UNLOADED, None)  # what another test may have left
    planted = [
        queue.enqueue("os.mkdir", str(tmp_path / "planted")),
        queue.enqueue(f"{UNLOADED}.anything"),
        queue.enqueue("bot.jobs.work", "an argument"),
        queue.enqueue("bot.jobs.replies", "an argument"),
    ]
    queue.connection.hset(planted[0].key, "data", b"no JSON")
    ours = queue.enqueue("bot.jobs.replies", result_ttl=0, on_success=AfterJob(f"{UNLOADED}.s"))
    runtime = replace(house.runtime, redis=open_redis(redis_url))
    work_until(runtime, lambda: not queue.job_ids and not queue.intermediate_queue.get_job_ids())
    assert not (tmp_path / "planted").exists()
    assert UNLOADED not in sys.modules
    assert not any(queue.connection.exists(job.key) for job in (*planted, ours))
    assert caplog.text.count("a foreign job") == len(planted)


def test_a_wake_up_does_what_is_due(due: Runtime, redis_url: str, queue: Queue) -> None:
    runtime = replace(due, redis=open_redis(redis_url))
    beat(runtime, "worker replies")
    assert jobs.wake(runtime, "replies")
    work_until(runtime, lambda: unfolded(runtime) == 0)
    assert unfolded(runtime) == 0


def test_a_killed_worker_is_started_again_and_all_end_with_the_supervisor(database: str, redis_url: str) -> None:
    workers = select(Process.pid).where(Process.kind == "worker bulk")
    with parley(database, "worker", redis_url) as supervisor:
        first = wait_for(lambda: seen(database, workers))[0].pid
        os.kill(first, signal.SIGKILL)
        both = wait_for(lambda: {row.pid for row in seen(database, workers)} - {first})
        supervisor.terminate()
        assert supervisor.wait(worker.STOP_FOR) == 0
        assert not lives(both.pop())


def test_workers_end_when_their_supervisor_is_killed(sqlite: str, redis_url: str) -> None:
    with parley(sqlite, "worker", redis_url) as supervisor:
        pid = wait_for(lambda: seen(sqlite, select(Process.pid).where(Process.kind == "worker replies")))[0].pid
        supervisor.kill()
        wait_for(lambda: not lives(pid))


def test_a_worker_waits_for_redis_and_says_that_it_lives_only_then(sqlite: str) -> None:
    binary = embedded.binary()
    if binary is None:
        skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
    assert binary
    living = select(Process.pid).where(Process.kind == "worker replies")
    with embedded.private_folder() as folder, parley(sqlite, "worker", embedded.address(folder)):
        time.sleep(3)
        assert seen(sqlite, living) == []
        late = subprocess.Popen(embedded.command(binary, folder), stdout=subprocess.DEVNULL)
        try:
            wait_for(lambda: seen(sqlite, living))
        finally:
            late.terminate()
            late.wait(10)


def lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


# The supervisor


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_what_a_supervisor_started_ends_when_it_is_killed() -> None:
    script = "import time; from bot.supervisor import Supervisor; s = Supervisor().start('x', ['sleep', '60']); "
    script += "print(s.process.pid, flush=True); time.sleep(60)"
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert supervisor.stdout
    pid = int(supervisor.stdout.readline())
    assert lives(pid)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_for(lambda: not lives(pid), 5)


def test_the_supervisor_starts_again_who_dies(tmp_path: Path) -> None:
    supervisor = Supervisor()
    child = supervisor.start("sleeper", ["sleep", "60"])
    assert child.process
    first = child.process
    first.kill()
    first.wait()
    wait_for(lambda: supervisor.look() or (child.process not in (None, first)))
    assert child.lives
    supervisor.end(5)
    assert not child.lives


def test_who_keeps_dying_is_started_less_and_less_often() -> None:
    supervisor = Supervisor()
    child = supervisor.start("fails", ["false"])
    pauses = []
    for _ in range(2):
        wait_for(lambda: supervisor.look() or child.process is None)
        pauses.append(child.pause)
        wait_for(lambda: supervisor.look() or child.process is not None)
    supervisor.end(5)
    assert pauses == [1.0, 2.0]


def test_who_does_not_hear_sigterm_is_killed_in_time() -> None:
    supervisor = Supervisor()
    deaf = supervisor.start("deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
    time.sleep(0.3)
    began = time.monotonic()
    supervisor.end(1)
    assert not deaf.lives
    assert time.monotonic() - began < 3


def test_children_end_one_by_one_the_last_one_started_first(tmp_path: Path) -> None:
    supervisor = Supervisor()
    told = tmp_path / "told"
    for name in ("ground", "house"):
        script = f"trap 'sleep 0.3; echo {name} >> {told}; exit' TERM; while :; do sleep 0.05; done"
        supervisor.start(name, ["sh", "-c", script])
    time.sleep(0.3)
    supervisor.end(5, one_by_one=True)
    assert told.read_text().split() == ["house", "ground"]


# The embedded Redis


def test_the_embedded_redis_is_private_keeps_nothing_and_leaves_nothing() -> None:
    with embedded.redis() as url:
        if url is None:
            skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
        assert url
        socket = Path(url.removeprefix("unix://"))
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        with Redis.from_url(url) as client:
            kept = {name: client.config_get(name)[name] for name in ("port", "save", "appendonly", "maxmemory-policy")}
        assert kept == {"port": "0", "save": "", "appendonly": "no", "maxmemory-policy": "noeviction"}
    assert not socket.parent.exists()
