"""The carrier's diary: everything that happened, in order, one line each. Tests take it as the judge.

Events: inbound (a handset texted) · attempt (a webhook was tried) · accepted (a text for a handset was taken) ·
refused (it was not) · delivered (it is on the handset) · callback (a status was told).
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO


def instant(at: datetime) -> str:
    """A UTC time as text, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Kept in memory for the control API and, when a path is given, in that file too, from one start to the next."""

    def __init__(self, path: Path | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._file: TextIO | None = None
        if path:
            self._file = path.open("a+", encoding="utf-8")
            self._file.seek(0)
            lines = self._file.readlines()
            if lines and not lines[-1].endswith("\n"):
                # Killed in the middle of a line: that event never happened, and the next one begins a new line.
                self._file.write("\n")
            self.events = [json.loads(line) for line in lines if line.endswith("}\n")]

    def write(self, event: str, **fields: Any) -> None:
        line = {"n": len(self.events) + 1, "at": instant(datetime.now(UTC)), "event": event, **fields}
        self.events.append(line)
        if self._file:
            # Flushed and not synced: it must survive the death of this process, not of the machine.
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def after(self, n: int) -> list[dict[str, Any]]:
        return self.events[max(n, 0) :]

    def reset(self) -> None:
        self.events.clear()
        if self._file:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file:
            self._file.close()
