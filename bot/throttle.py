"""How fast a sender may send: parts per second, over all processes together.

The law: in every interval of a second or longer, the parts whose call begins in it are at most the rate times its length,
and the parts of one message. So nothing is saved up: each message has its own slot, at the end of the one before.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any, Protocol, TypeVar

from redis import Redis
from redis.exceptions import RedisError

# A call may begin this late (seconds) in its slot, and takes up to 0.02 s to reach the carrier from a busy machine. Slots are
# that much wider than the rate asks for, so that even calls that crowd together keep the law: over a second at least, 0.05 s
# of lateness are made good by 0.05 of width.
LATE_FOR = 0.03
WIDTH = 1.053
# A new Redis does not know which slots the old one gave: none was further away than START_AFTER (seconds), nor wider than
# that of the longest text.
START_AFTER, LONGEST = 1.0, 10
FORGOTTEN_AFTER = 60_000  # milliseconds after its last slot
BORN = "parley:throttle:born"

SLOW_FOR = 0.5  # seconds after which a Redis that was too slow is asked again

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may begin: from `at` until `late`, of the monotonic clock."""

    at: float
    late: float


@dataclass(frozen=True, slots=True)
class Slots:
    """As many slots as are near enough, in order, and in how many seconds the next one will be."""

    taken: tuple[Slot, ...]
    again_in: float


class NoThrottle(Exception):
    """Nobody can tell how much is being sent, so nothing is."""


class Throttle(Protocol):
    """Gives slots of a sender."""

    def look(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """What `take` would give now; nothing is taken."""

    def take(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """A slot for each message, of its parts, that begins within so many seconds; as many as there are."""

    def hold(self, sender: str, seconds: float) -> None:
        """Give no slot of this sender for so long: the carrier asked for it."""


def start_after(rate: float) -> float:
    """Seconds without slots when nobody knows which ones were given before."""
    return max(START_AFTER, LONGEST * WIDTH / rate)


@dataclass(slots=True)
class LocalThrottle:
    """For one process that sends alone. `born_at`: others may have sent until that instant of the monotonic clock."""

    born_at: float | None = None
    _free: dict[str, float] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def look(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle."""
        with self._turn:
            return self._find(sender, parts, rate, within)[0]

    def take(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle."""
        with self._turn:
            slots, self._free[sender] = self._find(sender, parts, rate, within)
            return slots

    def _find(self, sender: str, parts: Sequence[int], rate: float, within: float) -> tuple[Slots, float]:
        now = time.monotonic()
        begins_at = self.born_at + start_after(rate) if self.born_at is not None else 0.0
        free, taken = max(self._free.get(sender, 0.0), now, begins_at), []
        for part in parts:
            if free > now + within:
                break
            taken.append(Slot(free, free + LATE_FOR))
            free += part * WIDTH / rate
        return Slots(tuple(taken), max(0.0, free - now - within)), free

    def hold(self, sender: str, seconds: float) -> None:
        """See Throttle."""
        with self._turn:
            self._free[sender] = max(self._free.get(sender, 0.0), time.monotonic() + seconds)


# Times in microseconds of Redis's own clock, the only one that all processes share.
_CLOCK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local born = tonumber(redis.call('GET', KEYS[2]))
if not born then
    born = now
    redis.call('SET', KEYS[2], string.format('%.0f', born))
end
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now, born + tonumber(ARGV[1]))
"""
_KEEP = """
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil(math.max(0, free - now) / 1000) + tonumber(ARGV[2]))
"""
# Slots of one call follow each other: how many there are and where the first one begins says it all, and an answer of a few
# numbers is read in no time.
TAKE = (
    _CLOCK
    + """
local first, count = free, 0
for part in string.gmatch(ARGV[6], '%d+') do
    if free > now + ARGV[3] then break end
    free, count = free + part * ARGV[4], count + 1
end
if ARGV[5] == 'take' and count > 0 then
"""
    + _KEEP
    + """
end
return {count, first - now, free - now}
"""
)
HOLD = _CLOCK + "free = math.max(free, now + tonumber(ARGV[3]))" + _KEEP


class RedisThrottle:
    """For all processes that know the same Redis. Raises NoThrottle when it is away."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._take, self._hold = redis.register_script(TAKE), redis.register_script(HOLD)
        self._held: dict[str, float] = {}  # what the carrier asked for outlives a Redis

    def look(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle."""
        return self._find(sender, parts, rate, within, "look")

    def take(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle. The way to Redis and back counts as lateness."""
        return self._find(sender, parts, rate, within, "take")

    def _find(self, sender: str, parts: Sequence[int], rate: float, within: float, verb: str) -> Slots:
        asked = time.monotonic()
        if (left := self._held.get(sender, 0.0) - asked) > 0:
            return Slots((), max(0.0, left - within))
        width = WIDTH / rate
        wanted = " ".join(map(str, parts))
        given = [int(start_after(rate) * 1e6), FORGOTTEN_AFTER, int(within * 1e6), width * 1e6, verb, wanted]
        count, first, free = self._ask(self._take, sender, given)
        now = time.monotonic()
        late = LATE_FOR - (now - asked)
        if late <= 0:
            log.warning("Redis took %.2f s to answer: too slow to keep the pace by, nothing is sent meanwhile", now - asked)
            return Slots((), SLOW_FOR)
        begin = now + first / 1e6
        begins = islice(accumulate((part * width for part in parts), initial=begin), count)
        return Slots(tuple(Slot(at, at + late) for at in begins), max(0.0, free / 1e6 - within))

    def hold(self, sender: str, seconds: float) -> None:
        """See Throttle."""
        self._held[sender] = time.monotonic() + seconds
        self._ask(self._hold, sender, [int(START_AFTER * 1e6), FORGOTTEN_AFTER, int(seconds * 1e6)])

    def begin_anew(self) -> None:
        """Somebody else may have sent while Redis was away: no slots for a moment."""
        try:
            self._redis.delete(BORN)
        except RedisError as error:
            raise NoThrottle from error

    def _ask(self, script: Any, sender: str, given: list[Any]) -> Any:
        try:
            return script(keys=[f"parley:throttle:{sender}", BORN], args=given)
        except RedisError as error:
            raise NoThrottle from error


class ClockThrottle:
    """For the clock, which sends when no worker can: Redis as long as it is there, else slots of its own."""

    def __init__(self, redis: "Redis | None") -> None:
        self._shared = RedisThrottle(redis) if redis is not None else None
        self._own: LocalThrottle | None = None
        self._held: dict[str, float] = {}

    def look(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle."""
        return self._with(lambda throttle: throttle.look(sender, parts, rate, within))

    def take(self, sender: str, parts: Sequence[int], rate: float, within: float) -> Slots:
        """See Throttle."""
        return self._with(lambda throttle: throttle.take(sender, parts, rate, within))

    def hold(self, sender: str, seconds: float) -> None:
        """See Throttle. It holds on either side."""
        self._held[sender] = time.monotonic() + seconds
        if self._shared is not None:
            with suppress(NoThrottle):
                self._shared.hold(sender, seconds)
        if self._own is not None:
            self._own.hold(sender, seconds)

    def _with(self, do: Callable[[Throttle], T]) -> T:
        """Going over from one to the other costs a moment without slots."""
        if self._shared is not None:
            with suppress(NoThrottle):
                if self._own is not None:
                    self._shared.begin_anew()
                    self._own = None
                return do(self._shared)
        own = self._own
        if own is None:
            own = LocalThrottle(time.monotonic())
            for sender, until in list(self._held.items()):
                own.hold(sender, until - time.monotonic())
            self._own = own
        return do(own)
