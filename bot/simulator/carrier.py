"""Everything the simulated carrier holds while it runs: made once, handed to all its parts."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.simulator.config import Config
from bot.simulator.faults import Faults
from bot.simulator.handsets import Handsets
from bot.simulator.journal import Journal
from bot.simulator.media import Pictures
from bot.simulator.messages import Messages
from bot.simulator.optout import Blocks
from bot.simulator.pulse import Pulse
from bot.simulator.webhooks import Webhooks

COOKIES_LIVE_FOR = timedelta(hours=4)


class Carrier:
    def __init__(self, config: Config, journal: Path | None = None) -> None:
        self.config = config
        self.journal = Journal(journal)
        self.faults = Faults(config.faults)
        self.messages = Messages()
        self.pictures = Pictures()
        self.handsets = Handsets()
        self.blocks = Blocks()
        self.pulse = Pulse()
        self.webhooks: Webhooks
        self.business_offset = timedelta()
        self.busy_until: dict[str, float] = defaultdict(float)
        self.calls_now = 0
        self._cookies: dict[tuple[str, str], tuple[datetime, dict[str, str]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Begin to call out; inside the running loop."""
        self.webhooks = Webhooks(self.config)

    async def close(self) -> None:
        self.pulse.stop()
        await self._drop_tasks()
        await self.webhooks.close()
        self.journal.close()

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something besides, and keep hold of it until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def business_now(self) -> datetime:
        """The shop's time, as it last told us: it runs ahead of the clock on the wall after a jump."""
        return datetime.now(UTC) + self.business_offset

    def cookies(self, from_: str, to: str) -> dict[str, str]:
        """The cookies of one pair of numbers, forgotten after four hours without use, as Twilio's docs say."""
        now = datetime.now(UTC)
        used_at, cookies = self._cookies.get((from_, to), (now, {}))
        if now - used_at > COOKIES_LIVE_FOR:
            cookies = {}
        self._cookies[from_, to] = now, cookies
        return cookies

    async def reset(self) -> None:
        """Forget all texts, blocks, events, faults and what was still to be told, also in the journal's file."""
        await self._drop_tasks()
        for part in (self.messages, self.pictures, self.handsets, self.blocks, self.journal, self.faults):
            part.reset()
        self.busy_until.clear()
        self._cookies.clear()

    async def _drop_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


CARRIER = web.AppKey("carrier", Carrier)
