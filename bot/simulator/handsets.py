"""What is on each phone, in the order it came, and who is watching it live."""

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import Any

from bot.simulator.journal import instant
from bot.simulator.messages import Message


class Handsets:
    def __init__(self) -> None:
        self._texts: dict[str, list[tuple[Message, datetime]]] = defaultdict(list)
        self._place: dict[str, tuple[str, int]] = {}
        self._wrote_with: dict[str, dict[str, None]] = defaultdict(dict)
        self.watchers: set[asyncio.Queue[dict[str, Any]]] = set()

    def show(self, number: str, message: Message, at: datetime) -> None:
        """Put a text on a phone: one typed on it, or one that arrived. `at` is business time."""
        texts = self._texts[number]
        texts.append((message, at))
        self._place[message.sid] = number, len(texts)
        other = message.to if message.origin == "handset" else message.from_ or ""
        # Taken out and put back in: the latest stands last.
        self._wrote_with[number].pop(other, None)
        self._wrote_with[number][other] = None
        self.refresh(message)

    def refresh(self, message: Message) -> None:
        """Tell those who watch that a text came or that its status changed."""
        if not self.watchers or message.sid not in self._place:
            return
        number, n = self._place[message.sid]
        event = {"handset": number, "text": self._line(number, n)}
        for watcher in self.watchers:
            watcher.put_nowait(event)

    def texts(self, number: str, after: int = 0) -> list[dict[str, Any]]:
        """The texts of a phone from number `after` + 1 on; inbound = typed on it, outbound = arrived on it."""
        return [self._line(number, n) for n in range(max(after, 0) + 1, self.count(number) + 1)]

    def count(self, number: str) -> int:
        return len(self._texts.get(number, ()))

    def correspondents(self, number: str) -> list[str]:
        """Whom a phone wrote with, the latest first."""
        return [*reversed(self._wrote_with.get(number, {}))]

    def reset(self) -> None:
        self._texts.clear()
        self._place.clear()
        self._wrote_with.clear()

    def _line(self, number: str, n: int) -> dict[str, Any]:
        message, at = self._texts[number][n - 1]
        return {
            "n": n,
            "direction": "inbound" if message.origin == "handset" else "outbound",
            "from": message.from_,
            "to": message.to,
            "body": message.body,
            "media": list(message.media),
            "parts": message.size.parts,
            "encoding": message.size.encoding,
            "sid": message.sid,
            "origin": message.origin,
            "status": message.status,
            "at": instant(at),
        }
