"""The one way out: claim what may leave, take slots, call the carrier, write down what it said; many calls at a time."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import uvloop

from bot.carriers import Busy, SendResult
from bot.catalogue import Catalogue, catalogue
from bot.consent.facts import ANSWERS
from bot.outbox.claim import CALL_FOR, GROUP, LEASE_FOR, LOOSE, Claimed, claim, look
from bot.outbox.result import record
from bot.runtime import Runtime
from bot.throttle import NoThrottle, Slot

log = logging.getLogger(__name__)
T = TypeVar("T")

IN_FLIGHT = 50  # calls at a time of one process
FEWEST = 16  # lines that are free before they are filled: their slots cost one way to Redis together
# How far ahead (seconds) slots are looked for: answers see further, so that they overtake all else.
AHEAD, ANSWERS_AHEAD = 0.25, 0.8
LONGEST_WAIT = 0.9  # seconds that a claimed message may wait for its slot
RECORD_EVERY, PREPARE_EVERY = 0.2, 0.05  # seconds
PATIENCE_FOR = 5.0  # seconds: a result that cannot be written for so long is asked from the carrier's list later


class Source(Protocol):
    """Where messages that may leave are found."""

    def look(self, runtime: Runtime, room: int, busy: Sequence[str]) -> Sequence[Any]:
        """Up to `room` of them, of senders that are not busy."""

    def prepare(self, runtime: Runtime) -> bool:
        """Make some more ready, ahead of need. False: there is no need now, or nothing left."""


class Loose:
    """All messages that are not sent with a batch: replies, dialogs, and what was held or left behind."""

    def look(self, runtime: Runtime, room: int, busy: Sequence[str]) -> Sequence[Any]:
        """See Source."""
        return look(runtime, LOOSE, room, busy)

    def prepare(self, _: Runtime) -> bool:
        """They are there."""
        return False


def deliver(runtime: Runtime, seconds: float = 5, source: Source | None = None, stop: threading.Event | None = None) -> int:
    """Send what is ready, for so long at most, or until told to stop. Returns how many calls were made.

    1. Look for messages of senders that the throttle has slots for.
    2. Claim: contacts locked, the gate asked once more, `sending` and a lease, COMMIT; then take the slots.
    3. Call, each at its slot, holding no transaction, within the carrier's own total limit.
    4. Write the results, many at once; an unknown one is left to `settle`.
    """
    with runtime.read() as connection:
        shop = catalogue(connection)
    delivery = Delivery(runtime, shop, source or Loose(), time.monotonic() + seconds, stop or threading.Event())
    if not delivery.look():
        return 0
    return uvloop.run(delivery.run())


@dataclass(slots=True)
class Delivery:
    """One stretch of sending."""

    runtime: Runtime
    shop: Catalogue  # as it was when this began
    source: Source
    until: float  # of the monotonic clock, like all instants here
    stop: threading.Event
    calls: set[asyncio.Task[None]] = field(default_factory=set)  # under way, or waiting for their slot
    end: asyncio.Event = field(default_factory=asyncio.Event)  # of a call
    results: list[tuple[Claimed, SendResult]] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=dict)  # sender -> when it has a slot again
    rows: Sequence[Any] = ()  # looked for and not yet claimed
    made: int = 0
    empty: bool = False  # nothing was found when we last looked …
    more: bool = True  # … but some more may become ready
    called: bool = False  # all calls have ended

    def over(self) -> bool:
        """Whether no new call may begin."""
        return self.stop.is_set() or time.monotonic() > self.until

    def look(self) -> bool:
        """Whether there is anything to send."""
        if not self.rows:
            self.rows = self.source.look(self.runtime, GROUP, ())
        return bool(self.rows) or self.source.prepare(self.runtime)

    async def run(self) -> int:
        """Claim and call until it is over or nothing is left; then wait for the calls under way and their results."""
        await self.runtime.carrier.open()
        try:
            helpers = [asyncio.create_task(self._record_all()), asyncio.create_task(self._prepare_all())]
            try:
                await self._feed()
            finally:  # whatever happened, calls that have begun are seen to their end
                if self.calls:
                    await asyncio.wait(self.calls)
                self.called = True
                await asyncio.wait(helpers)  # both: results are written even if nothing can be prepared any more
                await asyncio.gather(*helpers)
        finally:
            await self.runtime.carrier.close()
        return self.made

    async def _feed(self) -> None:
        """Claim a group, call as lines become free, and so on."""
        while not self.over():
            more = self.more
            try:
                group = await asyncio.to_thread(self._next)
            except NoThrottle:
                log.warning("nobody can tell how much is being sent: nothing is, until Redis is back")
                return
            if not group and not await self._wait(more):
                return
            while group:
                room = await self._room(len(group))
                some, group = group[:room], group[room:]
                for claimed, slot in await asyncio.to_thread(self._with_slots, some):
                    call = asyncio.create_task(self._call(claimed, slot))
                    self.calls.add(call)
                    call.add_done_callback(self._ended)

    async def _wait(self, more: bool) -> bool:
        """Nothing can be claimed right now. False: nor will there be. `more`: some was being made ready when we looked."""
        if self.empty and not self.busy and not (more or self.more) and not self.calls:
            return False
        soonest = min(self.busy.values(), default=None)
        await asyncio.sleep(min(0.1, max(0.005, soonest - time.monotonic())) if soonest is not None else 0.02)
        return True

    async def _room(self, wanted: int) -> int:
        """Wait until some lines are free; how many."""
        while (room := IN_FLIGHT - len(self.calls)) < min(FEWEST, wanted):
            self.end.clear()
            await self.end.wait()
        return room

    def _ended(self, call: asyncio.Task[None]) -> None:
        self.calls.discard(call)
        self.end.set()

    def _next(self) -> list[Claimed]:
        """The next group, claimed. In a thread of its own."""
        now = time.monotonic()
        self.busy = {sender: at for sender, at in self.busy.items() if at > now}
        rows, self.rows = self.rows or self.source.look(self.runtime, GROUP, list(self.busy)), ()
        self.empty = not rows
        chosen = self._affordable(rows)
        return claim(self.runtime, self.shop, chosen) if chosen else []

    def _affordable(self, rows: Sequence[Any]) -> list[Any]:
        """Those messages of which the sender has a slot soon; a sender without enough of them is busy."""
        chosen = []
        for mine in _by_sender(rows):
            sender, ahead = mine[0].ours, ANSWERS_AHEAD if mine[0].kind in ANSWERS else AHEAD
            found = self.runtime.throttle.look(sender, [row.parts for row in mine], self._rate(sender), ahead)
            chosen += mine[: len(found.taken)]
            if len(found.taken) < len(mine):
                self.busy[sender] = time.monotonic() + found.again_in
        return chosen

    def _with_slots(self, claimed: Sequence[Claimed]) -> list[tuple[Claimed, Slot | None]]:
        """Each with its slot; none for those that have waited too long for a line. In a thread of its own."""
        late = [one for one in claimed if self._too_late(one)]
        in_time = _by_sender(one for one in claimed if one not in late)
        pairs = [pair for mine in in_time for pair in zip(mine, self._slots(mine), strict=True)]
        return pairs + [(one, None) for one in late]

    def _too_late(self, claimed: Claimed) -> bool:
        """Whether the lease could end before a call does."""
        return self.runtime.machine_now() > claimed.marked_at + LEASE_FOR - CALL_FOR

    def _slots(self, mine: Sequence[Claimed]) -> list[Slot | None]:
        """A slot for each message of one sender; none where others were faster: it goes back."""
        sender = mine[0].ours
        try:
            taken = self.runtime.throttle.take(sender, [one.parts for one in mine], self._rate(sender), LONGEST_WAIT).taken
        except NoThrottle:
            taken = ()
        return [*taken, *[None] * (len(mine) - len(taken))]

    def _rate(self, sender: str) -> float:
        known = self.shop.senders.get(sender)
        return float(known.parts_per_second) if known else 1.0

    async def _call(self, claimed: Claimed, slot: Slot | None) -> None:
        """Call at the slot; who misses it takes another one, as long as the lease allows a call."""
        result: SendResult = Busy(0)
        while slot is not None:
            if (wait := slot.at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if self._too_late(claimed):
                break
            if time.monotonic() <= slot.late:
                self.made += 1
                result = await self.runtime.carrier.send(claimed.outgoing)
                break
            slot = (await asyncio.to_thread(self._slots, [claimed]))[0]
        if isinstance(result, Busy) and result.retry_after:
            await asyncio.to_thread(self._hold, claimed.ours, result.retry_after)
        self.results.append((claimed, result))

    def _hold(self, sender: str, seconds: float) -> None:
        try:
            self.runtime.throttle.hold(sender, seconds)
        except NoThrottle:
            log.warning("the carrier asked for a pause, but Redis is away: it will be asked for again")

    async def _record_all(self) -> None:
        """Write results as they come; those that the database does not take are tried again for a while."""
        failing_since: float | None = None
        while not (self.called and not self.results):
            await asyncio.sleep(RECORD_EVERY)
            results, self.results = self.results, []
            try:
                if results:
                    await asyncio.to_thread(record, self.runtime, results)
                failing_since = None
            except Exception as error:  # noqa: BLE001 - whatever it is, a result is worth another try
                log.warning("%s results could not be written: %s", len(results), type(error).__name__)
                failing_since = failing_since or time.monotonic()
                if time.monotonic() < failing_since + PATIENCE_FOR:
                    self.results = results + self.results

    async def _prepare_all(self) -> None:
        """Keep some messages ready ahead of need."""
        try:
            while not self.called and not self.over():
                self.more = await asyncio.to_thread(self.source.prepare, self.runtime)
                if not self.more:
                    await asyncio.sleep(PREPARE_EVERY)
        finally:
            self.more = False


def _by_sender(rows: Iterable[T]) -> list[list[T]]:
    """Messages, in their order, sender by sender."""
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row.ours, []).append(row)  # type: ignore[attr-defined]
    return list(found.values())
