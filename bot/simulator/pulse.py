"""How late the carrier itself may be: it shares the machine with those whose calls it judges.

What had reached this process before the fifth last heartbeat has been looked at before now: between two heartbeats all
connections are asked for what is new, and from there to its handler a call needs three rounds at most. So a call that
is looked at now came after that heartbeat, whoever was slow: the loop, its work or the machine.
"""

import asyncio
from collections import deque
from time import monotonic

EVERY = 0.002
BEATS = 5
REST_AFTER = 0.5


class Pulse:
    """Beats while calls come, so that an idle carrier costs nothing."""

    def __init__(self) -> None:
        self._beats: deque[float] = deque(maxlen=BEATS)
        self._next: asyncio.TimerHandle | None = None
        self._asked_at = 0.0

    def lag(self) -> float:
        """The longest that a call which is looked at now can have waited, in seconds.

        The first after a rest is taken to have come in a quiet moment: five heartbeats ago at the earliest.
        """
        self._asked_at = monotonic()
        if self._next is None:
            self._beats.extend([self._asked_at - BEATS * EVERY] * BEATS)
            self._beat()
        return self._asked_at - self._beats[0]

    def stop(self) -> None:
        if self._next:
            self._next.cancel()
        self._next = None

    def _beat(self) -> None:
        now = monotonic()
        if now - self._asked_at > REST_AFTER:
            self._next = None
            return
        self._beats.append(now)
        self._next = asyncio.get_running_loop().call_later(EVERY, self._beat)
