"""What something costs, whatever machine it runs on and whoever else works there."""

import gc
import time
from collections.abc import Callable

FLOOR_TOOK = 0.0037  # seconds, on the machine on which the bounds were written


def cpu(work: Callable[[], object], tries: int = 3) -> float:
    """Seconds of CPU of this thread, as on the machine on which the bounds were written: the least of some tries.

    Each try is measured against a fixed piece of work in the same moment; garbage of others is not collected meanwhile.
    """
    gc.collect()
    gc.disable()
    try:
        return FLOOR_TOOK * min(_spent(work) / min(_spent(_floor) for _ in range(3)) for _ in range(tries))
    finally:
        gc.enable()


def _spent(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _floor() -> int:
    return sum(n * n for n in range(100_000))
