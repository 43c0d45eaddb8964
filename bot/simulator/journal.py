"""The carrier's diary: everything that happened, in order, one line each. Tests take it as the judge.

Events: inbound (a handset texted) · attempt (a webhook was tried) · accepted (a text for a handset was taken) ·
refused (a rule spoke against it) · call (a fault kept it out) · delivered (it is on the handset) · callback (a status
was told). Each create call is one line with `began_at`: accepted, refused or call.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

SAVE_AFTER = 0.02
WRITER = json.JSONEncoder(ensure_ascii=False)


def instant(at: datetime, precision: str = "milliseconds") -> str:
    """A UTC time as text, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


class Journal:
    """Kept in memory for the control API and, when a path is given, in that file too, from one start to the next.

    Its lines stay text: a hundred thousand of them are small, and are handed out as they are.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._lines: list[str] = []
        self._events: list[str] = []
        self._saved = 0
        self._saving: asyncio.TimerHandle | None = None
        self._file: TextIO | None = None
        if path:
            self._file = path.open("a+", encoding="utf-8")
            self._file.seek(0)
            lines = self._file.readlines()
            if lines and not lines[-1].endswith("\n"):
                # Killed in the middle of a line: that event never happened, and the next one begins a new line.
                self._file.write("\n")
            for line in lines:
                if line.endswith("}\n"):
                    self._keep(json.loads(line)["event"], line[:-1])
            self._saved = len(self._lines)

    def write(self, event: str, **fields: Any) -> None:
        """Add a line; a moment later, with those that came meanwhile, it is in the file."""
        facts = {"n": len(self._lines) + 1, "at": instant(datetime.now(UTC)), "event": event, **fields}
        self._keep(event, WRITER.encode(facts))
        if self._file and self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_AFTER, self.save)

    def save(self) -> None:
        """Bring the file up to date. Flushed and not synced: it outlives this process, not the machine."""
        if self._saving:
            self._saving.cancel()
            self._saving = None
        if self._file and self._saved < len(self._lines):
            self._file.write("\n".join(self._lines[self._saved :]) + "\n")
            self._file.flush()
            self._saved = len(self._lines)

    def lines(self, after: int = 0, events: Sequence[str] = ()) -> list[str]:
        """The lines from number `after` + 1 on, as JSON, of those events or of all."""
        lines = self._lines[max(after, 0) :]
        if not events:
            return lines
        return [line for line, event in zip(lines, self._events[max(after, 0) :], strict=True) if event in events]

    def read(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self._lines)

    def reset(self) -> None:
        self._lines.clear()
        self._events.clear()
        self.counts.clear()
        self._saved = 0
        if self._file:
            self._file.truncate(0)

    def close(self) -> None:
        self.save()
        if self._file:
            self._file.close()

    def _keep(self, event: str, line: str) -> None:
        self._lines.append(line)
        self._events.append(event)
        self.counts[event] += 1
