"""The workers: one process per queue, kept running by a small supervisor.

Redis is a wake-up line and nothing more. Whoever can write to it could name any function of any library as a job:
a worker runs those on its list and imports none.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from redis import ConnectionPool, Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import DequeueTimeout, DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, WorkerStatus

from bot import jobs, waste
from bot.processes import beat, worker
from bot.runtime import Runtime
from bot.supervisor import Supervisor
from bot.throttle import NoThrottle, RedisThrottle

log = logging.getLogger(__name__)

JOBS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {"bot.jobs.replies": jobs.replies, "bot.jobs.default": jobs.default, "bot.jobs.bulk": jobs.bulk}
)
MAX_JOBS = 5000  # after so many a process makes room for a fresh one: nothing can leak for long
BEAT_EVERY = 5.0  # seconds
STOP_FOR = 12.0  # seconds: the longest job and a little more
LISTEN_FOR = 1  # seconds of each look into the queue


class ListedJob(Job):
    """A job as our workers take it: a name on the list. Callbacks and web calls that it may ask for are not heard."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[[], None]:
        """The function of that name, from the list; KeyError where it is not on it."""
        return JOBS[self.func_name or ""]

    @property
    def is_listed(self) -> bool:
        """Whether this is a job of ours."""
        try:
            return self.func_name in JOBS and not self.args and not self.kwargs and self.instance is None
        except (DeserializationError, ValueError, TypeError):
            return False

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """None are sent."""


class _Listening(BaseWorker):
    """Listens to one queue until told to stop, or until Redis goes away."""

    job_class = ListedJob
    stop: threading.Event

    @classmethod
    def on(cls, queue: str, runtime: Runtime, stop: threading.Event) -> "_Listening":
        """A worker of that queue, with a line to Redis of its own."""
        assert runtime.redis is not None
        # On this line silence is not yet a fault: RQ raises the time limit of its calls.
        known = runtime.redis.connection_pool
        line = Redis(connection_pool=ConnectionPool(known.connection_class, **known.connection_kwargs))
        # By RQ's reckoning a worker listens for 15 s less than it is said to live.
        listener = cls([queue], connection=line, serializer=JSONSerializer, worker_ttl=LISTEN_FOR + 15)
        listener.stop = stop
        return listener

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """The next job; None when it is time to end."""
        try:
            self.set_state(WorkerStatus.IDLE)
            while not self.stop.is_set():
                self.heartbeat()
                with suppress(DequeueTimeout):
                    return self.queue_class.dequeue_any(
                        self.queues, timeout, self.connection, job_class=self.job_class, serializer=self.serializer
                    )
        except RedisError as error:
            log.warning("Redis went away: %s", error)
        return None

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job of ours; a foreign one is logged and deleted."""
        if isinstance(job, ListedJob) and job.is_listed:
            super().execute_job(job, queue)
            return
        log.error("a foreign job in the queue %s was refused: somebody else writes to this Redis", queue.name)
        queue.intermediate_queue.remove(job.id)
        job.delete()

    def subscribe(self) -> None:
        """No commands are taken over Redis."""

    def _install_signal_handlers(self) -> None:
        """The `stop` event is the only way to stop: an exception out of a signal could lose a job half taken."""


class Sending(_Listening, SimpleWorker):
    """Runs its jobs itself: they are many and short."""


class Forking(_Listening, Worker):
    """Runs each job in a child, which gives back what memory it took: jobs that are few and long."""


# queue -> how its jobs run. One queue per process: with two, a killed worker can lose a job for ever.
QUEUES: Mapping[str, type[_Listening]] = MappingProxyType({"replies": Sending, "default": Forking, "bulk": Sending})


def supervise(runtime: Runtime, stop: threading.Event) -> None:
    """One process per queue (of `bulk` as many as PARLEY_BULK_WORKERS), until told to stop; then each may end its job."""
    if runtime.redis is None:
        log.warning("REDIS_URL is not set: nothing wakes workers, the clock does their part")
        stop.wait()
        return
    supervisor = Supervisor()
    for queue in QUEUES:
        for number in range(runtime.settings.bulk_workers if queue == "bulk" else 1):
            name = f"worker {queue} {number + 1}"
            supervisor.start(name, [sys.executable, "-m", "bot", "worker", "--queue", queue])
    try:
        supervisor.run(stop)
    finally:
        supervisor.end(STOP_FOR)


def work(runtime: Runtime, queue: str, stop: threading.Event) -> None:
    """The process of one queue.

    1. Wait, quietly, until Redis is there.
    2. Say every few seconds that this worker lives, as long as it can be woken.
    3. Work until told to stop, until Redis goes away, or for MAX_JOBS jobs; the supervisor starts the next process.
    """
    for name in ("rq.worker", "rq.job"):  # they tell each job's story
        logging.getLogger(name).setLevel(logging.WARNING)
    assert runtime.redis is not None
    waste.search_rarely()
    throttle = RedisThrottle(runtime.redis)
    runtime = replace(runtime, throttle=throttle)
    jobs.lend(runtime, stop)
    over = threading.Event()
    threading.Thread(target=_live, args=(runtime, queue, stop, over), daemon=True).start()
    os.register_at_fork(after_in_child=runtime.begin_in_child)
    try:
        while not runtime.redis_answers():
            if stop.wait(1):
                return
            with suppress(NoThrottle):
                throttle.begin_anew()
        with suppress(RedisError):
            QUEUES[queue].on(queue, runtime, stop).work(max_jobs=MAX_JOBS, logging_level=None)
    finally:
        over.set()


def _live(runtime: Runtime, queue: str, stop: threading.Event, over: threading.Event) -> None:
    """Beat until it is over; and stop with the supervisor, however that ended."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            if runtime.redis_answers():
                beat(runtime, worker(queue))
        except Exception:
            log.exception("the worker could not say that it lives")
        if over.wait(BEAT_EVERY):
            return
    stop.set()
