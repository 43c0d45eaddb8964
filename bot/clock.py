"""The clock: looks each second whether something is due, and wakes a worker for it, or does the work itself.

Any number of clocks may run: a lease keeps one awake, the others take over when it falls silent.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bot import alerts, jobs, staff
from bot.awake import stay_awake
from bot.jobs import wake
from bot.processes import beat
from bot.runtime import Runtime
from bot.throttle import ClockThrottle
from bot.tokens import forget_answers

log = logging.getLogger(__name__)

TICK_FOR = 1.0  # seconds
BEAT_EVERY = 5.0  # seconds
WORK_FOR = 1.0  # seconds of work per tick where no worker does it
LONGEST_TICK = 20.0  # seconds: a clock that hangs for longer is no longer awake

WORK: Mapping[str, Callable[[Runtime, float], None]] = {
    "replies": jobs.work, "default": jobs.take_audience, "bulk": jobs.send_batches,
}  # fmt: skip


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Tick until told to stop. A tick that fails is logged, and the next one comes."""
    runtime, beat_at = replace(runtime, throttle=ClockThrottle(runtime.redis)), 0.0
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
    """One look: if this clock is the awake one, workers are woken for what is due, or the clock does some of it itself."""
    if not stay_awake(runtime):
        return
    with _staying_awake(runtime):
        _look(runtime)
        for queue, do in WORK.items():
            try:
                if jobs.due(runtime, queue) and not wake(runtime, queue):
                    do(runtime, WORK_FOR)
            except Exception:
                log.exception("the clock could not see to the queue %s", queue)
        forget_answers(runtime)
        staff.forget(runtime)


def _look(runtime: Runtime) -> None:
    """Is there anything that somebody must know? Whatever goes wrong here, texts leave."""
    try:
        alerts.watch(runtime)
    except Exception:
        log.exception("the clock could not see to the alerts")


@contextmanager
def _staying_awake(runtime: Runtime) -> Iterator[None]:
    """Keep the lease while the tick works: two clocks that send would send too fast."""
    over, until = threading.Event(), time.monotonic() + LONGEST_TICK

    def keep() -> None:
        while not over.wait(TICK_FOR) and time.monotonic() < until:
            try:
                stay_awake(runtime)
            except Exception:
                log.exception("the clock could not say that it is awake")

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
