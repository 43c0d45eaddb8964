"""The clock: looks each second whether something is due, and wakes a worker for it, or does the work itself.

Any number of clocks may run: a lease keeps one awake, the others take over when it falls silent.
"""

import logging
import threading
import time

from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from bot import jobs
from bot.processes import alive, beat, hold
from bot.runtime import Runtime

log = logging.getLogger(__name__)

TICK_FOR = 1.0  # seconds
AWAKE_FOR = 4.0  # seconds that the lease lasts: so long nobody is awake when the awake clock dies
BEAT_EVERY = 5.0  # seconds
WAKE_UPS = 4  # at most so many wait in a queue: more would say nothing new
WORK_FOR = 1.0  # seconds of work per tick where no worker does it

WAKE_UP = {"result_ttl": 0, "failure_ttl": 86_400, "job_timeout": 30}  # seconds; a failed one is kept for a day


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Tick until told to stop. A tick that fails is logged, and the next one comes."""
    beat_at = 0.0
    while not stop.is_set():
        began = time.monotonic()
        try:
            if began >= beat_at:
                beat(runtime, "clock")
                beat_at = began + BEAT_EVERY
            tick(runtime)
        except Exception:
            log.exception("a tick of the clock failed")
        stop.wait(began + TICK_FOR - time.monotonic())


def tick(runtime: Runtime) -> None:
    """One look: if this clock is the awake one and something is due, a worker is woken, else the clock does it."""
    if hold(runtime, "clock", AWAKE_FOR) and jobs.due(runtime) and not wake(runtime):
        jobs.work(runtime, WORK_FOR)


def wake(runtime: Runtime) -> bool:
    """Wake a worker of the queue `replies`. False where none hears it: no Redis, no worker alive, or all are behind."""
    if runtime.redis is None:
        return False
    with runtime.read() as connection:
        if "worker" not in alive(connection, runtime.machine_now()):
            return False
    queue = Queue("replies", connection=runtime.redis, serializer=JSONSerializer)
    try:
        if len(queue) >= WAKE_UPS:
            return False
        queue.enqueue("bot.jobs.replies", **WAKE_UP)
    except RedisError:
        return False
    return True
